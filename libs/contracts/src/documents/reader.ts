import type { ClassConstructor } from 'class-transformer';
import { compile, type Compiled } from '../compiler.js';
import { isObject, type JsonSchema } from '../fields.js';
import { ISSUES_MAX } from '../issues.js';
import { rulesOf, schemaOfClass } from '../schemas.js';
import { issueUnder, pointerTo, ROOT, type ValidationIssue } from '../validation-issue.js';
import type { Unreadable } from './kinds.js';
import { readTexts, type TextReading } from './text-values.js';

/** What one field says about another, as a pure function of a document whose fields are all right by themselves. */
export type DocumentRule<T> = (document: T) => readonly ValidationIssue[];

export interface DocumentOptions<T> {
  /** Checked in this order, once every field is right by itself. */
  readonly rules?: readonly DocumentRule<T>[];
  /** `reject`, the default, names each field that the class does not declare. `keep` is for what others may extend. */
  readonly unknownFields?: 'reject' | 'keep';
  /**
   * Set where values arrive as text: query parameters, command lines, settings. Then numbers, booleans and lists are read
   * from their text, and a field that is not given and has no default is null in what `read` returns.
   */
  readonly texts?: TextReading;
}

/** What came of reading a document. */
export type Reading<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** Describes and checks one kind of document. */
export interface DocumentReader<T> {
  /** The JSON Schema, for OpenAPI and the like: meanings and hints stand in `description`, defaults in `default`. */
  readonly schema: JsonSchema;
  /**
   * The document with its defaults, or all that is wrong with it, at most twenty issues. `at` is where it stands in a
   * greater one.
   */
  read(document: unknown, at?: string): Reading<T>;
}

/**
 * The one way to describe and check a document: a class whose fields are decorated, compiled to a validator when the
 * first document comes. Structure stands in the class; what one field says about another is a rule.
 *
 * @example
 * class Tiers {
 *   @Describe('Share of the profit that tier A makes') @NumberAbove(0, { below: 1 }) shareOfA!: number;
 *   @NumberAbove(0, { below: 1 }) @Default(0.95) shareOfB!: number;
 * }
 * const tierBEndsAboveTierA: DocumentRule<Tiers> = ({ shareOfA, shareOfB }) =>
 *   shareOfB > shareOfA ? [] : [{ pointer: '#/shareOfB', detail: `must be above shareOfA (${shareOfA})`, hint: 'give a larger share' }];
 * const TIERS = documentReader(Tiers, { rules: [tierBEndsAboveTierA] });
 *
 * TIERS.read({ shareOfA: 0.8 });  // { ok: true, value: { shareOfA: 0.8, shareOfB: 0.95 } }
 * TIERS.read({ shareOfa: 2 });    // #/shareOfA is required; #/shareOfa is not a known field, did you mean shareOfA?
 */
export function documentReader<T extends object>(
  target: ClassConstructor<T>,
  options: DocumentOptions<T> = {},
): DocumentReader<T> {
  const { rules = [], unknownFields = 'reject', texts } = options;
  const own = schemaOfClass(target);
  const schema = unknownFields === 'reject' ? closed(own) : own;
  const hasDefaults = saysDefault(schema);
  let validate: Compiled | undefined;

  const read = (document: unknown): Reading<T> => {
    validate ??= compile(schema, rulesOf(target), { showValues: true, texts: texts !== undefined });
    const texted = texts !== undefined && isObject(document) ? readTexts(schema, document, texts) : null;
    const given = texted === null ? document : texted.values;
    const value = hasDefaults ? withDefaults(schema, given) : given;
    const validity = validate(value);
    const parsed = isObject(value) ? parseTexts(schema, value) : { value, issues: [] };
    const unread = [...(texted?.issues ?? []), ...parsed.issues];
    if (unread.length > 0) return { ok: false, errors: together(unread, validity) };
    if (!validity.ok) return validity;
    const whole = (texts === undefined ? parsed.value : withNulls(schema, parsed.value)) as T;
    const broken = rules.flatMap((rule) => rule(whole)).slice(0, ISSUES_MAX);
    return broken.length === 0 ? { ok: true, value: whole } : { ok: false, errors: broken };
  };

  return {
    schema: described(schema) as JsonSchema,
    read(document, at = ROOT) {
      const reading = read(document);
      if (reading.ok || at === ROOT) return reading;
      return { ok: false, errors: reading.errors.map((issue) => issueUnder(at, issue)) };
    },
  };
}

/** Issues of texts that could not be read, and what the schema found in the others: a text without a value is not missing too. */
function together(
  issues: readonly ValidationIssue[],
  validity: { readonly ok: true } | { readonly ok: false; readonly errors: readonly ValidationIssue[] },
): readonly ValidationIssue[] {
  const reported = new Set(issues.map(({ pointer }) => pointer));
  const others = validity.ok ? [] : validity.errors.filter(({ pointer }) => !reported.has(pointer));
  return [...issues, ...others].slice(0, ISSUES_MAX);
}

/** The schema, with no field allowed but those that its classes declare. */
function closed(schema: JsonSchema): JsonSchema {
  return mapSchemas(schema, (part) =>
    isObject(part['properties']) && part['additionalProperties'] === undefined && part['discriminator'] === undefined
      ? { ...part, additionalProperties: false }
      : part,
  );
}

/** The schema as others read it: standard keywords, with meaning and hint as the description. */
function described(schema: JsonSchema): JsonSchema {
  return mapSchemas(schema, ({ 'x-meaning': meaning, 'x-hint': hint, 'x-must': must, ...part }) => {
    const { 'x-parse': _parse, 'x-secret': _secret, 'x-former-name': _former, ...standard } = part;
    const sentences = [meaning ?? must, hint].filter((each) => typeof each === 'string').map(sentence);
    return sentences.length === 0 ? standard : { ...standard, description: sentences.join(' ') };
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** Maps each schema within a schema, from the inside out. */
function mapSchemas(schema: JsonSchema, change: (part: JsonSchema) => JsonSchema): JsonSchema {
  const mapped: Record<string, unknown> = { ...schema };
  const inner = (part: unknown): unknown => (isObject(part) ? mapSchemas(part, change) : part);
  for (const word of ['items', 'additionalProperties']) if (isObject(schema[word])) mapped[word] = inner(schema[word]);
  for (const word of ['anyOf', 'oneOf'])
    if (Array.isArray(schema[word])) mapped[word] = (schema[word] as readonly unknown[]).map(inner);
  if (isObject(schema['properties']))
    mapped['properties'] = Object.fromEntries(
      Object.entries(schema['properties']).map(([name, part]) => [name, inner(part)]),
    );
  return change(mapped);
}

function saysDefault(schema: JsonSchema): boolean {
  let found = false;
  mapSchemas(schema, (part) => {
    found ||= Object.hasOwn(part, 'default');
    return part;
  });
  return found;
}

/** A copy with the defaults of the fields that are absent, in the objects and lists within too. */
function withDefaults(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isObject(items) ? value.map((item) => withDefaults(items, item)) : value;
  }
  if (!isObject(value)) return value;
  const properties = propertiesFor(schema, value);
  if (properties === null) return value;
  const entries = new Map(Object.entries(value));
  for (const [name, property] of Object.entries(properties)) {
    if (entries.get(name) !== undefined) entries.set(name, withDefaults(property, entries.get(name)));
    else if (Object.hasOwn(property, 'default')) entries.set(name, property['default']);
  }
  return Object.fromEntries(entries);
}

/** The properties of an object, by its class where it may be of several. */
function propertiesFor(
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, JsonSchema>> | null {
  if (isObject(schema['properties'])) return schema['properties'] as Readonly<Record<string, JsonSchema>>;
  const branches = (schema['oneOf'] ?? schema['anyOf']) as readonly JsonSchema[] | undefined;
  const by = (schema['discriminator'] as { readonly propertyName: string } | undefined)?.propertyName;
  const branch = branches?.find(
    ({ type, properties }) =>
      type === 'object' &&
      (by === undefined ||
        ((properties as Readonly<Record<string, JsonSchema>>)[by]?.['enum'] as readonly unknown[]).includes(value[by])),
  );
  return branch === undefined ? null : propertiesFor(branch, value);
}

type Parse = (text: string) => { readonly value: unknown } | { readonly unreadable: Unreadable };

/** What the texts of `TextAs` stand for. */
function parseTexts(
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
): { readonly value: unknown; readonly issues: readonly ValidationIssue[] } {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const issues: ValidationIssue[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    const parse = property['x-parse'];
    const text = value[name];
    if (typeof parse !== 'function' || typeof text !== 'string') continue;
    const result = (parse as Parse)(text);
    if ('value' in result) parsed[name] = result.value;
    else issues.push({ pointer: pointerTo(name), ...result.unreadable });
  }
  return { value: Object.keys(parsed).length === 0 ? value : { ...value, ...parsed }, issues };
}

function withNulls(schema: JsonSchema, value: unknown): unknown {
  const names = Object.keys((schema['properties'] ?? {}) as object);
  return { ...Object.fromEntries(names.map((name) => [name, null])), ...(value as object) };
}
