import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isCurrency } from './currencies.js';
import { isDateTime, isDay, isObject, type JsonSchema, type Rule } from './fields.js';
import { pointerKeys, pointerStep, type ValidationIssue, type Validity } from './validation-issue.js';
import { isAmountExact } from './touchpoints/order-amount.js';

/** At most this many flaws are told of one document. */
const ISSUES_MAX = 20;

/** Words of ours in a schema that check nothing. */
export const ANNOTATIONS = ['x-personal', 'x-group', 'x-origin'] as const;

const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
ajv.addVocabulary([...ANNOTATIONS]);
ajv.addFormat('date-time', { type: 'string', validate: isDateTime });
ajv.addFormat('date', { type: 'string', validate: isDay });
ajv.addFormat('iso-4217', { type: 'string', validate: isCurrency });
ajv.addKeyword({
  keyword: 'x-amount-is-exact',
  schemaType: 'boolean',
  validate: (_: boolean, data: unknown) => isAmountExact(data),
});

/** A validator compiled from a JSON Schema. */
export type Compiled = (document: unknown) => Validity;

const VALID: Validity = { ok: true };

/**
 * Compiles a JSON Schema. `rules` belong to the first members of its `allOf` and lend them their words.
 * @throws Error when the schema is none.
 */
export function compile(schema: JsonSchema, rules: readonly Rule[] = []): Compiled {
  const { $id: _id, $schema: _schema, ...body } = schema;
  const validate: ValidateFunction = ajv.compile(body);
  return (document) => {
    if (validate(document) === true) return VALID;
    return { ok: false, errors: issuesOf(validate.errors ?? [], schema, rules, document) };
  };
}

const OF_RULE = /^#\/allOf\/(\d+)\//;

function issuesOf(
  errors: readonly ErrorObject[],
  schema: JsonSchema,
  rules: readonly Rule[],
  document: unknown,
): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const brokenRules = new Set<Rule>();
  for (const error of errors) {
    const rule = rules[Number(OF_RULE.exec(error.schemaPath)?.[1] ?? -1)];
    if (rule !== undefined) brokenRules.add(rule);
    else if (issues.length < ISSUES_MAX) issues.push(issueOf(error, schema, document));
  }
  // A rule about several fields is only worth telling when the fields themselves are right.
  if (issues.length === 0)
    for (const { detail: reason, hint: hint } of brokenRules) issues.push({ pointer: '', detail: reason, hint: hint });
  return issues;
}

function issueOf(error: ErrorObject, schema: JsonSchema, document: unknown): ValidationIssue {
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.keyword === 'required') {
    const path = error.instancePath + pointerStep(String(params['missingProperty']));
    return { pointer: path, detail: 'is missing', hint: `add it: ${describe(schemaAt(schema, path))}` };
  }
  const path = error.instancePath;
  const wanted = describe(schemaAt(schema, path));
  if (error.keyword === 'type') {
    const actual = valueAt(document, path);
    if (actual === null && !isRequired(schema, path))
      return { pointer: path, detail: `is null, not ${wanted}`, hint: 'leave the field out when it is unknown' };
    return typeIssue(path, String(params['type']), actual, wanted);
  }
  if (error.keyword === 'additionalProperties')
    return { pointer: path, detail: 'has a field that its schema does not allow', hint: 'leave that field out' };
  return { pointer: path, detail: reasonOf(error), hint: `give ${wanted}` };
}

function reasonOf(error: ErrorObject): string {
  const limit = String((error.params as Readonly<Record<string, unknown>>)['limit']);
  switch (error.keyword) {
    case 'enum':
    case 'const':
      return 'is none of the words allowed';
    case 'minimum':
      return `is below ${limit}`;
    case 'maximum':
      return `is above ${limit}`;
    case 'minLength':
      return limit === '1' ? 'is empty' : `is shorter than ${limit} characters`;
    case 'maxLength':
      return `is longer than ${limit} characters`;
    case 'minItems':
      return `has fewer than ${limit} items`;
    case 'maxItems':
      return `has more than ${limit} items`;
    case 'format':
    case 'pattern':
      return 'is not written as it should be';
    default:
      return error.message ?? 'is not allowed by its schema';
  }
}

function typeIssue(path: string, expected: string, actual: unknown, wanted: string): ValidationIssue {
  const reason = `is ${kindOf(actual)}, not ${wanted}`;
  if (typeof actual === 'string' && (expected === 'integer' || expected === 'number'))
    return { pointer: path, detail: reason, hint: `write the number without quotes: ${wanted}` };
  if (typeof actual === 'number' && expected === 'integer')
    return { pointer: path, detail: reason, hint: 'give a whole number; money is in minor units (cents)' };
  if (typeof actual === 'number' && expected === 'string')
    return { pointer: path, detail: reason, hint: `write it in quotes: ${wanted}` };
  return { pointer: path, detail: reason, hint: `give ${wanted}` };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
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
      return 'no JSON value';
  }
}

function valueAt(document: unknown, path: string): unknown {
  return pointerKeys(path).reduce<unknown>(
    (value, key) =>
      Array.isArray(value) ? (value as unknown[])[Number(key)] : isObject(value) ? value[key] : undefined,
    document,
  );
}

function schemaAt(schema: JsonSchema, path: string): JsonSchema {
  return pointerKeys(path).reduce<JsonSchema>((part, key) => {
    const properties = part['properties'];
    if (isObject(properties) && Object.hasOwn(properties, key)) return properties[key] as JsonSchema;
    const items = part['items'];
    return isObject(items) ? items : {};
  }, schema);
}

function isRequired(schema: JsonSchema, path: string): boolean {
  const keys = pointerKeys(path);
  const last = keys.pop();
  const required = schemaAt(schema, keys.map(pointerStep).join(''))['required'];
  return last === undefined || (Array.isArray(required) && required.includes(last));
}

/** What a schema asks for, in words. */
function describe(schema: JsonSchema): string {
  if (Array.isArray(schema['type'])) return `${describe({ ...schema, type: schema['type'][0] as unknown })}, or null`;
  const { type, enum: words, format, minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema;
  if (Array.isArray(words)) return `one of ${words.join(', ')}`;
  if (format === 'date-time') return 'a date-time of RFC 3339 with its offset, such as 2026-03-01T12:00:00Z';
  if (format === 'date') return 'a day, such as 2026-03-01';
  if (format === 'iso-4217') return 'a currency of ISO 4217, such as EUR';
  if (typeof pattern === 'string') return `text that matches ${pattern}`;
  if (type === 'string')
    return `text${range(minLength ?? 0, maxLength)}${maxLength === undefined ? '' : ' characters'}`;
  if (type === 'integer') return `a whole number${numbers(minimum, maximum)}`;
  if (type === 'number') return `a number${numbers(minimum, maximum)}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'array') return `a list${range(minItems ?? 0, maxItems)}${maxItems === undefined ? '' : ' items'}`;
  if (type === 'object') return 'an object';
  return 'what its schema asks for';
}

function numbers(from: unknown, to: unknown): string {
  if (from === undefined) return to === undefined ? '' : ` up to ${String(to)}`;
  return to === undefined ? ` from ${String(from)} on` : ` from ${String(from)} to ${String(to)}`;
}

function range(from: unknown, to: unknown): string {
  if (to === undefined) return Number(from) === 0 ? '' : ` of at least ${String(from)}`;
  return Number(from) === 0 ? ` of at most ${String(to)}` : ` of ${String(from)} to ${String(to)}`;
}
