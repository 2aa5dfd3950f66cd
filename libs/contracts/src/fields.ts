import type { ClassConstructor } from 'class-transformer';
import type { ValidationArguments } from 'class-validator';
import { isCurrency } from './currencies.js';
import { Type, ValidateBy, ValidateIf, ValidateNested } from './decorators.js';
import { parseInstant } from './instant.js';
import type { PersonalClass } from './personal-classes.js';
import { isSpoilt } from './spreadsheets.js';

/**
 * What a field of a document may be. Each kind says the same thing twice, side by side: as a constraint of
 * class-validator and as JSON Schema. `validation.spec.ts` proves by property that both give the same verdict.
 */

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The name of the constraint by which `schemas.ts` finds a field's own JSON Schema (its first constraint value). */
export const FIELD = 'perennialField';
/** The name of the constraint that speaks of several fields at once. */
export const RULE = 'perennialRule';
/** The name of the constraint that marks a field as personal; it holds for every value. */
export const PERSONAL = 'perennialPersonal';

/** The name of the constraint that only describes a field; it holds for every value. */
export const ANNOTATION = 'perennialAnnotation';
/** The word of a schema that a text is an id: one that a spreadsheet spoilt is not. */
export const IDENTIFIES = 'x-identifies';

/** The largest amount that one field may hold, in minor units: sums of a customer's lifetime stay exact integers. */
export const MAX_AMOUNT_MINOR = 10_000_000_000_000;

/** The JSON Schema of each kind of field, by its decorator: so that a kind can be made of others, as a list of texts is. */
const SCHEMAS = new WeakMap<PropertyDecorator, JsonSchema>();

/** The JSON Schema of a kind of field; classes within it still stand as `x-part`. */
export function schemaOfKind(kind: PropertyDecorator): JsonSchema {
  const schema = SCHEMAS.get(kind);
  if (schema === undefined) throw new TypeError('Only a decorator that says what a field may be is a kind.');
  return schema;
}

/** A kind of field: what it may be, as JSON Schema, as a predicate, and in words. */
export function field(schema: JsonSchema, holds: (value: unknown) => boolean, message: string): PropertyDecorator {
  return kindOf(schema, [
    ValidateBy({
      name: FIELD,
      constraints: [schema],
      validator: { validate: (value: unknown) => holds(value), defaultMessage: () => `$property must be ${message}` },
    }),
  ]);
}

function kindOf(schema: JsonSchema, decorators: readonly PropertyDecorator[]): PropertyDecorator {
  const kind: PropertyDecorator = (target, key) => {
    for (const decorator of decorators) decorator(target, key);
  };
  SCHEMAS.set(kind, schema);
  return kind;
}

/** What a decorator adds to the JSON Schema of a field without saying what the field may be. */
export function annotation(schema: JsonSchema): PropertyDecorator {
  return ValidateBy({ name: ANNOTATION, constraints: [schema], validator: { validate: () => true } });
}

/** The field may be left out. It may not be null: what is unknown is not written. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

/**
 * The field may identify a person or hold what they said: it is sealed under the person's key before it reaches the log. Of a class, it can be kept for a
 * shorter time than the person.
 */
export function Personal(personalClass?: PersonalClass): PropertyDecorator {
  return marked({ 'x-personal': true, ...ofClass(personalClass) });
}

/**
 * As `Personal`, for a field that was stored in the clear before: the content hash still covers it among the clear fields, where it stood. So an
 * event of that time that is sent again is recognised.
 */
export function PersonalSince(personalClass?: PersonalClass): PropertyDecorator {
  return marked({ 'x-personal': true, 'x-hashed-in-place': true, ...ofClass(personalClass) });
}

const ofClass = (personalClass: PersonalClass | undefined): JsonSchema =>
  personalClass === undefined ? {} : { 'x-personal-class': personalClass };

function marked(schema: JsonSchema): PropertyDecorator {
  return ValidateBy({ name: PERSONAL, constraints: [schema], validator: { validate: () => true } });
}

/** Unicode characters, as JSON Schema counts them. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _character of text) length += 1;
  return length;
}

function isText(value: unknown, min: number, max: number): boolean {
  if (typeof value !== 'string' || value.length < min) return false;
  return value.length <= max || (value.length <= 2 * max && lengthOf(value) <= max);
}

/** Text of 1 to `max` characters: a name, a code, a category. */
export function Text(max = 200): PropertyDecorator {
  const schema = { type: 'string', minLength: 1, maxLength: max };
  return field(schema, (value) => isText(value, 1, max), `text of 1 to ${max} characters`);
}

/** An id of the channel's or the business's own: it names one order, contract, quote, … One that a spreadsheet spoilt names none. */
export function Id(max = 200): PropertyDecorator {
  const schema = { type: 'string', minLength: 1, maxLength: max, [IDENTIFIES]: true };
  return field(
    schema,
    (value) => isText(value, 1, max) && !isSpoilt(value as string),
    `an id of 1 to ${max} characters`,
  );
}

/** What a person wrote or said; it may be empty. In a touchpoint, mark it `@Personal()`. */
export function FreeText(max = 10_000): PropertyDecorator {
  const schema = { type: 'string', maxLength: max };
  return field(schema, (value) => isText(value, 0, max), `text of at most ${max} characters`);
}

/** Text of any length, for what the engine itself wrote; it may be empty. */
export function AnyText(): PropertyDecorator {
  return field({ type: 'string' }, (value) => typeof value === 'string', 'text');
}

/** Text of 1 to `max` characters, or null where nothing is known. */
export function TextOrNull(max: number): PropertyDecorator {
  const schema = { type: ['string', 'null'], minLength: 1, maxLength: max };
  return field(schema, (value) => value === null || isText(value, 1, max), `text of 1 to ${max} characters, or null`);
}

/** Text that a pattern describes. The pattern must be linear: no nested repetition. */
export function Matching(pattern: string, max: number, message: string): PropertyDecorator {
  const regexp = new RegExp(pattern, 'u');
  return field(
    { type: 'string', minLength: 1, maxLength: max, pattern },
    (value) => isText(value, 1, max) && regexp.test(value as string),
    message,
  );
}

/** A whole number within bounds, both included. */
export function Whole(minimum: number, maximum: number): PropertyDecorator {
  return field(
    { type: 'integer', minimum, maximum },
    (value) => Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum,
    `a whole number from ${minimum} to ${maximum}`,
  );
}

/** A number within bounds, both included. Never money: money is whole minor units. */
export function Decimal(minimum: number, maximum: number): PropertyDecorator {
  return field(
    { type: 'number', minimum, maximum },
    (value) => typeof value === 'number' && value >= minimum && value <= maximum,
    `a number from ${minimum} to ${maximum}`,
  );
}

/** An amount of money in minor units of the currency beside it (cents), zero or more. */
export function AmountMinor(): PropertyDecorator {
  return Whole(0, MAX_AMOUNT_MINOR);
}

/** An amount of money in minor units that may be negative: a credit, a rebate, a correction. */
export function SignedAmountMinor(): PropertyDecorator {
  return Whole(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR);
}

/** A currency of ISO 4217: `EUR`. */
export function Currency(): PropertyDecorator {
  const schema = { type: 'string', format: 'iso-4217', minLength: 3, maxLength: 3 };
  return field(schema, isCurrency, 'a currency of ISO 4217, such as EUR');
}

/** An instant, as an RFC 3339 date-time with its offset: `2026-03-01T12:00:00Z`. */
export function Moment(): PropertyDecorator {
  return field({ type: 'string', format: 'date-time' }, isDateTime, 'a date-time of RFC 3339 with its offset');
}

/** An instant as `Moment`, or null where it has none. */
export function MomentOrNull(): PropertyDecorator {
  return field(
    { type: ['string', 'null'], format: 'date-time' },
    (value) => value === null || isDateTime(value),
    'a date-time of RFC 3339 with its offset, or null',
  );
}

/** An instant as UTC milliseconds: how the engine writes its own. */
export function At(): PropertyDecorator {
  return Whole(-MAX_INSTANT, MAX_INSTANT);
}

/** A position of the log, or a number of events. */
export function Position(): PropertyDecorator {
  return Whole(0, Number.MAX_SAFE_INTEGER);
}

/** The last instant that a date can hold. */
const MAX_INSTANT = 8_640_000_000_000_000;

const isPosition = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** Numbers of events, by name. */
export function Counts(): PropertyDecorator {
  return field(
    {
      type: 'object',
      additionalProperties: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    },
    (value) => isObject(value) && Object.values(value).every(isPosition),
    'an object of whole numbers',
  );
}

/** Amounts of money in minor units, by their currency. */
export function AmountsByCurrency(): PropertyDecorator {
  const amount = { type: 'integer', minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
  return field(
    { type: 'object', propertyNames: { pattern: '^[A-Z]{3}$' }, additionalProperties: amount },
    (value) =>
      isObject(value) &&
      Object.entries(value).every(([name, each]) => /^[A-Z]{3}$/.test(name) && Number.isSafeInteger(each)),
    'an object of whole numbers by currency (ISO 4217)',
  );
}

/** A list of ids, each with the position that it stands for. */
export function Named(): PropertyDecorator {
  const pair = {
    type: 'array',
    minItems: 2,
    maxItems: 2,
    items: [{ type: 'string' }, { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }],
    additionalItems: false,
  };
  const isPair = (value: unknown): boolean =>
    Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && isPosition(value[1]);
  return field(
    { type: 'array', items: pair },
    (value) => Array.isArray(value) && value.every(isPair),
    'a list of pairs of an id and a position',
  );
}

const SUBJECT_ID = '^[0-9a-f]{32}$';

const isSubjectId = (value: unknown): boolean => typeof value === 'string' && new RegExp(SUBJECT_ID, 'u').test(value);

/** One or more subjects, by their ids. */
export function SubjectIds(): PropertyDecorator {
  return field(
    { type: 'array', minItems: 1, items: { type: 'string', pattern: SUBJECT_ID } },
    (value) => Array.isArray(value) && value.length > 0 && value.every(isSubjectId),
    'a list of subject ids',
  );
}

/** Subjects by their ids; there may be none. */
export function AnySubjectIds(): PropertyDecorator {
  return field(
    { type: 'array', items: { type: 'string', pattern: SUBJECT_ID } },
    (value) => Array.isArray(value) && value.every(isSubjectId),
    'a list of subject ids',
  );
}

/** Quarantined events, by their ids. */
export function QuarantineIds(): PropertyDecorator {
  return field(
    { type: 'array', items: { type: 'string', pattern: SUBJECT_ID } },
    (value) => Array.isArray(value) && value.every(isSubjectId),
    'a list of ids of quarantined events',
  );
}

/** A list of names of 1 to 64 characters, such as namespaces. */
export function Names(): PropertyDecorator {
  return field(
    { type: 'array', items: { type: 'string', minLength: 1, maxLength: 64 } },
    (value) => Array.isArray(value) && value.every((each) => isText(each, 1, 64)),
    'a list of names',
  );
}

/** A list of names of touchpoint types. */
export function TypeNames(): PropertyDecorator {
  return field(
    { type: 'array', minItems: 1, maxItems: 500, items: { type: 'string', minLength: 1, maxLength: 128 } },
    (value) =>
      Array.isArray(value) && value.length > 0 && value.length <= 500 && value.every((each) => isText(each, 1, 128)),
    'a list of 1 to 500 names of types',
  );
}

const ORIGIN = '^(?:\\*|https?://[a-z0-9.-]+(?::[0-9]{1,5})?)$';

/** A list of web origins, or `*` for all. */
export function Origins(): PropertyDecorator {
  const pattern = new RegExp(ORIGIN);
  return field(
    { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string', maxLength: 300, pattern: ORIGIN } },
    (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.length <= 100 &&
      value.every((each) => isText(each, 1, 300) && pattern.test(each as string)),
    'a list of 1 to 100 web origins, such as https://shop.example',
  );
}

/** Versions of touchpoint types, by type. */
export function TypeVersions(): PropertyDecorator {
  return field(
    { type: 'object', additionalProperties: { type: 'integer', minimum: 1, maximum: 1000 } },
    (value) =>
      isObject(value) &&
      Object.values(value).every((each) => Number.isInteger(each) && (each as number) >= 1 && (each as number) <= 1000),
    'an object of versions from 1 to 1000',
  );
}

/** A subject's id. */
export function SubjectId(): PropertyDecorator {
  return field({ type: 'string', pattern: SUBJECT_ID }, isSubjectId, 'a subject id');
}

/** A subject's id, or null. */
export function SubjectIdOrNull(): PropertyDecorator {
  return field(
    { type: ['string', 'null'], pattern: SUBJECT_ID },
    (value) => value === null || isSubjectId(value),
    'a subject id, or null',
  );
}

/** A day of the calendar: `2026-03-01`. It means 00:00 in the time zone of the business. */
export function Day(): PropertyDecorator {
  return field({ type: 'string', format: 'date' }, isDay, 'a day, written YYYY-MM-DD');
}

/** Whether this is an RFC 3339 date-time with its offset. */
export function isDateTime(value: unknown): boolean {
  return typeof value === 'string' && parseInstant(value) !== null;
}

/** Whether this is a day of the calendar, written `YYYY-MM-DD`. */
export function isDay(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && parseInstant(`${value}T00:00:00Z`) !== null;
}

/** One of a few words. */
export function OneOf(...words: readonly string[]): PropertyDecorator {
  return field(
    { type: 'string', enum: words },
    (value) => typeof value === 'string' && words.includes(value),
    `one of ${words.join(', ')}`,
  );
}

/** True or false. */
export function Flag(): PropertyDecorator {
  return field({ type: 'boolean' }, (value) => typeof value === 'boolean', 'true or false');
}

/** Whether this is a JSON object: neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON object with any fields. */
export function AnyObject(): PropertyDecorator {
  return field({ type: 'object' }, isObject, 'an object');
}

/** An object with a class of its own. */
export function Part<T>(part: () => ClassConstructor<T>): PropertyDecorator {
  const schema = { type: 'object', 'x-part': part };
  return kindOf(schema, [field(schema, isObject, 'an object'), ValidateNested(), Type(() => part())]);
}

/** A list of objects of one class. */
export function Parts<T>(part: () => ClassConstructor<T>, minItems: number, maxItems: number): PropertyDecorator {
  const holds = (value: unknown) =>
    Array.isArray(value) && value.length >= minItems && value.length <= maxItems && value.every(isObject);
  const schema = { type: 'array', minItems, maxItems, items: { type: 'object', 'x-part': part } };
  return kindOf(schema, [
    field(schema, holds, `a list of ${minItems} to ${maxItems} objects`),
    ValidateNested({ each: true }),
    Type(() => part()),
  ]);
}

/** A rule about several fields of one object. It stands on a field that is always there. */
export interface Rule {
  /** Where the issue is reported; the whole document by default. */
  readonly pointer?: string;
  /** What is wrong when it does not hold. */
  readonly detail: string;
  readonly hint: string;
  /** The rule as JSON Schema of the whole object. */
  readonly schema: JsonSchema;
  /** The rule as a predicate. It must not throw, whatever the fields hold. */
  readonly holds: (data: Readonly<Record<string, unknown>>) => boolean;
}

/** States a rule about the object that this field belongs to. */
export function Holds(rule: Rule): PropertyDecorator {
  return ValidateBy({
    name: RULE,
    constraints: [rule],
    validator: {
      validate: (_value: unknown, args?: ValidationArguments) =>
        rule.holds((args?.object ?? {}) as Readonly<Record<string, unknown>>),
      defaultMessage: () => rule.detail,
    },
  });
}
