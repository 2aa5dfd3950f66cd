import fc, { type Arbitrary } from 'fast-check';
import {
  factOf,
  factSchema,
  touchpointSchema,
  touchpointType,
  validateFact,
  validateTouchpointData,
  type JsonSchema,
} from '#contracts';

/** Data of a touchpoint or a fact, of every shape that its contract allows: for properties of fast-check. The newest version by default. */
export function sampleOf(
  type: string,
  version = (touchpointType(type) ?? factOf(type))?.version ?? 0,
): Arbitrary<Record<string, unknown>> {
  const schema = touchpointSchema(type, version) ?? factSchema(type, version);
  const validate = factOf(type) === null ? validateTouchpointData : validateFact;
  if (schema === null) throw new Error(`${type} has no version ${version}`);
  const data = arbitraryOf(schema) as Arbitrary<Record<string, unknown>>;
  // Rules about several fields are met by drawing again.
  return data.filter((sample) => validate(type, version, sample).ok);
}

/** Values that a JSON Schema allows, field by field: the keywords that the contracts' own fields use. */
export function arbitraryOf(schema: JsonSchema): Arbitrary<unknown> {
  const { enum: words, const: only } = schema;
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(words)) return fc.constantFrom(...(words as unknown[]));
  const { type } = schema;
  if (Array.isArray(type)) return fc.oneof(...type.map((each: unknown) => arbitraryOf({ ...schema, type: each })));
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.oneof(fc.integer(numbers(schema, 1000)), fc.integer(numbers(schema, Number.MAX_SAFE_INTEGER)));
    case 'number':
      return fc.double({ ...numbers(schema, 1000), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      if (Array.isArray(schema['items'])) return fc.tuple(...(schema['items'] as JsonSchema[]).map(arbitraryOf));
      return fc.array(arbitraryOf((schema['items'] ?? {}) as JsonSchema), {
        minLength: numberOr(schema['minItems'], 0),
        maxLength: Math.min(numberOr(schema['maxItems'], 3), numberOr(schema['minItems'], 0) + 3),
      });
    case 'object':
      return objectOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 }).filter((value) => value !== null);
  }
}

function objectOf(schema: JsonSchema): Arbitrary<unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const required = (schema['required'] ?? []) as string[];
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object' && additionalProperties !== null)
    return fc.dictionary(fieldNames(), arbitraryOf(additionalProperties as JsonSchema), {
      maxKeys: 4,
      noNullPrototype: true,
    });
  if (Object.keys(properties).length === 0)
    return fc.dictionary(fieldNames(), fc.oneof(fc.string(), fc.integer(), fc.constant(null)), {
      maxKeys: 4,
      noNullPrototype: true,
    });
  const fields = Object.entries(properties).map(([key, part]) => [key, arbitraryOf(part)] as const);
  return fc
    .record(Object.fromEntries(fields), { requiredKeys: required, noNullPrototype: true })
    .map((value) => ({ ...value }));
}

/** Names of fields that no contract declares; those with a meaning in JavaScript are rejected everywhere. */
function fieldNames(): Arbitrary<string> {
  return fc.stringMatching(/^[a-z]{1,12}$/).filter((name) => name !== 'constructor' && name !== 'prototype');
}

function textOf(schema: JsonSchema): Arbitrary<string> {
  const { format, pattern } = schema;
  if (format === 'iso-4217') return fc.constantFrom('EUR', 'USD', 'SEK', 'JPY', 'KWD');
  if (format === 'date-time') return moments().map((at) => at.toISOString());
  if (format === 'date') return moments().map((at) => at.toISOString().slice(0, 10));
  const minLength = numberOr(schema['minLength'], 0);
  const maxLength = Math.min(numberOr(schema['maxLength'], 24), Math.max(24, minLength));
  if (typeof pattern === 'string')
    return fc
      .stringMatching(new RegExp(pattern, 'u'))
      .filter((text) => text.length >= minLength && text.length <= numberOr(schema['maxLength'], Infinity));
  return fc
    .string({ minLength, maxLength, unit: 'grapheme' })
    .filter((text) => [...text].length <= maxLength && !text.includes('\0'));
}

function moments(): Arbitrary<Date> {
  return fc.date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2040-01-01T00:00:00Z'), noInvalidDate: true });
}

function numbers(schema: JsonSchema, usual: number): { min: number; max: number } {
  const min = numberOr(schema['minimum'], -usual);
  const max = numberOr(schema['maximum'], Math.max(min, usual));
  return { min: Math.max(min, Math.min(-usual, max)), max: Math.min(max, Math.max(usual, min)) };
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
