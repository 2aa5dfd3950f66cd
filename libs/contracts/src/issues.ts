import type { ErrorObject } from 'ajv';
import { nearest } from './documents/nearest.js';
import { IDENTIFIES, isObject, type JsonSchema, type Rule } from './fields.js';
import { fragment, pointerKeys, pointerStep, ROOT, type ValidationIssue } from './validation-issue.js';

/** At most so many issues are reported of one document. */
export const ISSUES_MAX = 20;
/** Longer values are cut where they are repeated. */
const VALUE_MAX = 80;
/** So many names of fields or words are listed in one hint. */
const NAMES_MAX = 30;

/** How issues are written. */
export interface Reporting {
  /**
   * True for a document that an operator or a client writes: issues repeat its values and name its unknown fields. False
   * for touchpoints and facts: a value, and a name that no contract knows, may be personal.
   */
  readonly showValues: boolean;
  /** True where every value arrives as text: then quotes are not what is wrong. */
  readonly texts: boolean;
}

const OF_TOUCHPOINTS: Reporting = { showValues: false, texts: false };

const OF_RULE = /^#\/allOf\/(\d+)\//;

/** Turns the errors of ajv into issues. */
export function issuesOf(
  errors: readonly ErrorObject[],
  schema: JsonSchema,
  rules: readonly Rule[],
  reporting: Reporting = OF_TOUCHPOINTS,
): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const brokenRules = new Set<Rule>();
  for (const error of reporting.showValues ? withoutOtherBranches(errors) : errors) {
    const rule = rules[Number(OF_RULE.exec(error.schemaPath)?.[1] ?? -1)];
    if (rule !== undefined) brokenRules.add(rule);
    else if (issues.length < ISSUES_MAX) {
      const issue = issueOf(error, schema, reporting);
      // One value may break two keywords, as an empty text breaks a pattern too: the first says it all.
      if (!issues.some(({ pointer }) => pointer === issue.pointer)) issues.push(issue);
    }
  }
  // A rule about several fields is only worth reporting when the fields themselves are right.
  if (issues.length === 0)
    for (const { pointer = ROOT, detail, hint } of brokenRules) issues.push({ pointer, detail, hint });
  return issues;
}

/**
 * Of a value that may be of several kinds, only what the kind of its own type says is worth reporting. Branches are told
 * apart by their JSON types.
 */
function withoutOtherBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  let left = [...errors];
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf')) {
    const branches = union.schema as readonly JsonSchema[];
    const admitting = branches.flatMap((branch, index) => (admits(branch, union.data) ? [index] : []));
    // Of two kinds of text no one is meant more than the other: then all that may be given is named.
    const own = admitting.length === 1 ? (admitting[0] as number) : -1;
    left = left.filter((error) => {
      if (error === union) return own === -1;
      const within =
        error.schemaPath.startsWith(`${union.schemaPath}/`) && error.instancePath.startsWith(union.instancePath);
      return !within || (own !== -1 && error.schemaPath.startsWith(`${union.schemaPath}/${own}/`));
    });
  }
  return left;
}

function admits({ type }: JsonSchema, value: unknown): boolean {
  const types = Array.isArray(type) ? (type as readonly unknown[]) : [type];
  const own = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return types.includes(own) || (own === 'number' && types.includes('integer'));
}

function issueOf(error: ErrorObject, schema: JsonSchema, reporting: Reporting): ValidationIssue {
  const params = error.params as Readonly<Record<string, unknown>>;
  const own = (error.parentSchema ?? {}) as JsonSchema;
  const at = error.instancePath;
  if (error.keyword === 'required') {
    const name = String(params['missingProperty']);
    const words = own['discriminator'] === undefined ? [] : wordsOfBranches(own, name);
    const part = words.length > 0 ? { enum: words } : propertyOf(own, name);
    return {
      pointer: fragment(at + pointerStep(name)),
      detail: 'is required',
      hint: hintOf(part) ?? `add it: ${describe(part)}`,
    };
  }
  if (error.keyword === 'additionalProperties')
    return unknownField(at, String(params['additionalProperty']), own, reporting);
  if (error.keyword === 'discriminator') return unknownBranch(error, own, reporting);
  const wanted = describe(own);
  const given = reporting.showValues && own['x-secret'] !== true ? printable(error.data) : kindOf(error);
  const whole = at === '' && error.keyword === 'type';
  const detail = `must be ${wanted}${given === null ? '' : ` (got ${given})`}`;
  return {
    pointer: fragment(at),
    detail: whole ? `must be ${wanted}, not ${kindOfValue(error.data)}` : detail,
    hint: hintOf(own) ?? (reporting.texts ? `give ${wanted}` : usualHint(error, schema, wanted)),
  };
}

function unknownField(at: string, name: string, own: JsonSchema, { showValues }: Reporting): ValidationIssue {
  if (!showValues)
    return {
      pointer: fragment(at),
      detail: 'has a field that its schema does not allow',
      hint: 'leave that field out',
    };
  const properties = isObject(own['properties']) ? own['properties'] : {};
  const names = Object.keys(properties);
  const pointer = fragment(at + pointerStep(name));
  const renamed = names.find((each) => (properties[each] as JsonSchema)['x-former-name'] === name);
  if (renamed !== undefined) return { pointer, detail: `is now called ${renamed}`, hint: `use ${renamed} instead` };
  const close = nearest(name, names);
  const known = names.length === 0 ? 'no field is known here' : `known are ${listed(names)}`;
  return {
    pointer,
    detail: 'is not a known field',
    hint: close === null ? `leave it out; ${known}` : `did you mean ${close}? Otherwise leave it out; ${known}`,
  };
}

function unknownBranch(error: ErrorObject, own: JsonSchema, { showValues }: Reporting): ValidationIssue {
  const { tag, tagValue } = error.params as { readonly tag: string; readonly tagValue: unknown };
  const wanted = `one of ${listed(wordsOfBranches(own, tag))}`;
  return {
    pointer: fragment(error.instancePath + pointerStep(tag)),
    detail: `must be ${wanted}${showValues ? ` (got ${printable(tagValue)})` : ''}`,
    hint: `give ${wanted}`,
  };
}

function wordsOfBranches(schema: JsonSchema, tag: string): readonly string[] {
  return ((schema['oneOf'] ?? []) as readonly JsonSchema[]).flatMap((branch) => wordsOf(propertyOf(branch, tag)));
}

function wordsOf({ enum: words, const: only }: JsonSchema): readonly string[] {
  return Array.isArray(words) ? words.map(String) : only === undefined ? [] : [String(only)];
}

function propertyOf(schema: JsonSchema, name: string): JsonSchema {
  const properties = schema['properties'];
  return isObject(properties) && Object.hasOwn(properties, name) ? (properties[name] as JsonSchema) : {};
}

function hintOf(schema: JsonSchema): string | null {
  return typeof schema['x-hint'] === 'string' ? schema['x-hint'] : null;
}

function usualHint(error: ErrorObject, schema: JsonSchema, wanted: string): string {
  const { data, instancePath } = error;
  if (error.keyword === IDENTIFIES)
    return 'format the column as text in the spreadsheet, fill it in again from the source, and export it';
  if (error.keyword !== 'type') return `give ${wanted}`;
  const expected = (error.params as { readonly type?: unknown }).type;
  const numeric = expected === 'integer' || expected === 'number';
  if (data === null && !isRequired(schema, instancePath)) return 'leave the field out when it is unknown';
  if (typeof data === 'string' && numeric) return `write the number without quotes: ${wanted}`;
  if (typeof data === 'number' && expected === 'integer' && instancePath.endsWith('Minor'))
    return 'give a whole number; money is in minor units (cents)';
  if (typeof data === 'number' && expected === 'string') return `write it in quotes: ${wanted}`;
  return `give ${wanted}`;
}

/** What was given, without its value. */
function kindOf({ keyword, params, data }: ErrorObject): string | null {
  const limit = count(Number((params as Readonly<Record<string, unknown>>)['limit']));
  switch (keyword) {
    case 'type':
      return kindOfValue(data);
    case 'enum':
    case 'const':
      return 'another value';
    case 'minimum':
    case 'exclusiveMinimum':
      return `a number below ${limit}`;
    case 'maximum':
    case 'exclusiveMaximum':
      return `a number above ${limit}`;
    case 'minLength':
      return limit === '1' ? 'empty text' : `text of fewer than ${limit} characters`;
    case 'maxLength':
      return `text of more than ${limit} characters`;
    case 'minItems':
      return limit === '1' ? 'an empty list' : `a list of fewer than ${limit} items`;
    case 'maxItems':
      return `a list of more than ${limit} items`;
    case 'format':
    case 'pattern':
      return 'text of another form';
    case IDENTIFIES:
      return 'what a spreadsheet or a wrong encoding left of an id, such as 4.9E+12, #N/A or a replaced letter';
    default:
      return null;
  }
}

function kindOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return Number.isInteger(value) ? 'a number' : 'a fraction';
    case 'boolean':
      return 'true or false';
    case 'object':
      return 'an object';
    default:
      return 'what JSON cannot hold';
  }
}

/** A value made fit to be repeated: short, and free of control characters. */
export function printable(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${items(value.length)}`;
  if (typeof value === 'object' && value !== null) return kindOfValue(value);
  if (typeof value !== 'string') return String(value);
  const cut = value.length > VALUE_MAX ? `${value.slice(0, VALUE_MAX)}…` : value;
  return JSON.stringify(cut.replace(/[\u0000-\u001f\u007f]|\p{Surrogate}/gu, '\uFFFD'));
}

function isRequired(schema: JsonSchema, path: string): boolean {
  const keys = pointerKeys(path);
  const last = keys.pop();
  const parent = keys.reduce<JsonSchema>((part, key) => {
    const property = propertyOf(part, key);
    if (Object.keys(property).length > 0) return property;
    return isObject(part['items']) ? part['items'] : {};
  }, schema);
  const { required } = parent;
  return last === undefined || (Array.isArray(required) && required.includes(last));
}

/** What a schema asks for, in words. */
export function describe(schema: JsonSchema): string {
  if (typeof schema['x-must'] === 'string') return schema['x-must'];
  const {
    type,
    anyOf,
    enum: words,
    format,
    minimum,
    maximum,
    minLength,
    maxLength,
    minItems,
    maxItems,
    pattern,
  } = schema;
  if (Array.isArray(type)) {
    const [first, ...others] = (type as readonly string[]).filter((each) => each !== 'null');
    const kind = describe({ ...schema, type: first, ...(Array.isArray(words) ? { enum: words.filter(isSaid) } : {}) });
    return others.length + 1 < type.length ? `${kind}, or null` : kind;
  }
  if (Array.isArray(anyOf)) return (anyOf as readonly JsonSchema[]).map(describe).join(', or ');
  if (Array.isArray(words)) return words.length === 1 ? String(words[0]) : `one of ${listed(words.map(String))}`;
  if (format === 'date-time') return 'a date-time of RFC 3339 with its offset, such as 2026-03-01T12:00:00Z';
  if (format === 'date') return 'a day, such as 2026-03-01';
  if (format === 'iso-4217') return 'a currency of ISO 4217, such as EUR';
  if (typeof pattern === 'string') return `text that matches ${pattern}`;
  switch (type) {
    case 'string':
      return `${schema[IDENTIFIES] === true ? 'an id' : 'text'}${range(minLength, maxLength, 'character')}`;
    case 'integer':
      return `a whole number${numbers(schema, minimum, maximum)}`;
    case 'number':
      return `a number${numbers(schema, minimum, maximum)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list${range(minItems, maxItems, 'item')}`;
    case 'object':
      return 'an object';
    case 'null':
      return 'null';
    default:
      return 'what its schema asks for';
  }
}

const isSaid = (value: unknown): boolean => value !== null;

function listed(names: readonly string[]): string {
  return names.length <= NAMES_MAX ? names.join(', ') : `${names.slice(0, NAMES_MAX).join(', ')}, …`;
}

function numbers(schema: JsonSchema, from: unknown, to: unknown): string {
  const { exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  const low = typeof above === 'number' ? ` above ${count(above)}` : undefined;
  const high = typeof below === 'number' ? ` below ${count(below)}` : undefined;
  if (low !== undefined || high !== undefined) {
    const upTo = high ?? (typeof to === 'number' ? ` of at most ${count(to)}` : '');
    return low === undefined ? upTo : upTo === '' ? low : `${low} and${upTo}`;
  }
  if (typeof from !== 'number') return typeof to === 'number' ? ` of at most ${count(to)}` : '';
  return typeof to === 'number' ? ` from ${count(from)} to ${count(to)}` : ` of at least ${count(from)}`;
}

function range(from: unknown, to: unknown, unit: string): string {
  const low = typeof from === 'number' ? from : 0;
  if (typeof to !== 'number')
    return low === 0 ? '' : low === 1 ? ` of at least one ${unit}` : ` of at least ${count(low)} ${unit}s`;
  const units = to === 1 ? unit : `${unit}s`;
  if (low === to) return ` of ${count(to)} ${units}`;
  return low === 0 ? ` of at most ${count(to)} ${units}` : ` of ${count(low)} to ${count(to)} ${units}`;
}

function items(length: number): string {
  return length === 1 ? 'one item' : `${count(length)} items`;
}

/** A number as people write it: 1,000,000. */
function count(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, ',') : text;
}
