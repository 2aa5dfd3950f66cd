import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { separatePersonal, TOUCHPOINT_TYPES, touchpointSchema, TypeRegistry, type JsonSchema } from '#contracts';
import { compileSeparator } from './separator.js';

/** Data that a schema lets through or nearly: what is compared is what is taken out, not what is valid. */
function dataFor(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { properties, items, type } = schema as {
    properties?: Record<string, JsonSchema>;
    items?: JsonSchema;
    type?: string;
  };
  if (properties !== undefined) {
    const fields = fc.record(
      Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, dataFor(field)])),
      { requiredKeys: [] },
    );
    const unknown = fc.dictionary(fc.constantFrom('extra', 'a/b', 'c~d', '7'), fc.jsonValue({ maxDepth: 2 }));
    return fc.tuple(fields, unknown).map(([known, others]) => ({ ...others, ...known }));
  }
  if (items !== undefined) return fc.array(dataFor(items), { maxLength: 3 });
  if (type === 'object') return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));
  return fc.oneof(fc.string(), fc.integer(), fc.boolean());
}

const fieldsInOrder = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(fieldsInOrder);
  const names = Object.keys(value);
  // Names that are whole numbers come first in every object, whatever one does.
  const texts = names.filter((name) => !/^\d+$/.test(name));
  return (
    texts.every((name, at) => at === 0 || (texts[at - 1] as string) < name) && Object.values(value).every(fieldsInOrder)
  );
};

describe('the compiled separator', () => {
  it.each(TOUCHPOINT_TYPES.map(({ name, version }) => [name, version] as const))(
    'takes out of %s what the contract says',
    (name, version) => {
      const schema = touchpointSchema(name, version) as JsonSchema;
      const separate = compileSeparator(schema);
      fc.assert(
        fc.property(dataFor(schema), (data) => {
          const expected = separatePersonal(name, version, data as Record<string, unknown>);
          const { data: kept, personal } = separate(data);
          expect(kept).toEqual(expected.data);
          expect(personal ?? {}).toEqual(expected.personal);
          expect(fieldsInOrder(kept)).toBe(true);
        }),
        { numRuns: 40 },
      );
    },
  );

  it('follows a registered schema that lets other fields in', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { b: { type: 'string' }, secret: { type: 'string', 'x-personal': true } },
      additionalProperties: { type: 'object', properties: { z: {}, y: {} } },
    };
    const registration = TypeRegistry.BUILT_IN.register({
      name: 'campsite-booked',
      version: 1,
      origin: 'customer',
      group: 'consideration',
      schema,
    });
    if (!registration.ok) throw new Error(JSON.stringify(registration.errors));
    const data = { secret: 's', c: { z: 1, y: 2, q: 3 }, b: 'b', a: { y: 1 } };
    const { data: kept, personal } = compileSeparator(schema)(data);
    const expected = registration.registry.separatePersonal('campsite-booked', 1, data);
    expect(kept).toEqual(expected.data);
    expect(personal).toEqual(expected.personal);
    expect(JSON.stringify(kept)).toBe('{"a":{"y":1},"b":"b","c":{"y":2,"z":1}}');
  });
});
