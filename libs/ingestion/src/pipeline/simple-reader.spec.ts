import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ENVELOPE_SCHEMA,
  TOUCHPOINT_TYPES,
  touchpointSchema,
  TypeRegistry,
  validateEnvelope,
  type JsonSchema,
} from '#contracts';
import { compileSimpleReader } from './simple-reader.js';
import { compileSeparator } from './separator.js';

/** Mostly what a field's schema lets through; now and then a value at its bounds, or something quite different. */
function valueFor(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { properties, items } = schema;
  if (properties !== undefined) return objectFor(schema);
  const usual =
    items === undefined ? usualText(schema) : fc.array(valueFor(items as JsonSchema), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 60, arbitrary: usual },
    { weight: 1, arbitrary: atTheBounds(schema) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
}

function usualText({ type, enum: words, format, minimum = 0, maximum = 9 }: JsonSchema): fc.Arbitrary<unknown> {
  if (Array.isArray(words)) return fc.constantFrom(...(words as unknown[]));
  if (format === 'iso-4217') return fc.constantFrom('EUR', 'USD');
  if (format === 'date-time') return fc.constantFrom('2026-01-31T12:00:00Z', '2026-01-31T12:00:00.25+01:00');
  if (format === 'date') return fc.constant('2026-01-31');
  if (type === 'boolean') return fc.boolean();
  if (type === 'object') return fc.constant({ a: 1 });
  if (type === 'string') return fc.constantFrom('userId', 'plain', 'q', 'Retail', 'x'.repeat(60));
  return fc.integer({ min: Math.max(-1_000, Number(minimum)), max: Math.min(1_000, Number(maximum)) });
}

function atTheBounds({ type, items, format, minimum, maximum, maxLength }: JsonSchema): fc.Arbitrary<unknown> {
  if (items !== undefined) return valueFor(items as JsonSchema).map((item) => new Array<unknown>(101).fill(item));
  if (format !== undefined) return fc.constantFrom('EUX', 'eur', 'now', '2026-02-30', '31.1.2026');
  if (type === 'string')
    return fc.oneof(
      fc.constantFrom('a "quoted" one\\', '\u0007', 'é', '😀', '\ud800', 'nul\0', '', ' x'),
      fc.string(),
      ...[0, 1].map((more) => fc.constant('x'.repeat(Number(maxLength ?? 10) + more))),
    );
  const numbers = [minimum ?? 0, maximum ?? 0, Number(maximum ?? 0) + 1, 0.5, -0, Number.NaN, Infinity, 2 ** 53];
  return fc.constantFrom(...numbers);
}

function objectFor({ properties, required = [] }: JsonSchema): fc.Arbitrary<object> {
  const names = Object.keys(properties as JsonSchema);
  const must = new Set(required as readonly string[]);
  const fields = names.map((name) => {
    const value = valueFor((properties as Record<string, JsonSchema>)[name] as JsonSchema);
    return fc.tuple(fc.constant(name), fc.integer({ min: 0, max: 99 }), value);
  });
  const others = fc.oneof(
    { weight: 19, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.tuple(fc.constantFrom('extra', 'toJSON', 'constructor', '7'), fc.jsonValue())),
    },
  );
  return fc.tuple(fc.tuple(...fields), others, fc.boolean()).map(([all, more, backwards]) => {
    const own = all
      .filter(([name, random]) => (must.has(name) ? random < 98 : random < 30))
      .map(([name, , value]) => [name, value] as const);
    const entries = [...own, ...more];
    return Object.fromEntries(backwards ? entries.reverse() : entries);
  });
}

describe('the reader of plain documents', () => {
  const read = compileSimpleReader(touchpointSchema('order-placed', 1) as JsonSchema);
  const order = {
    orderId: 'o-1',
    currency: 'EUR',
    lines: [{ unitPriceMinor: 1999, sku: 'lamp', quantity: 2 }],
  };

  it('takes an order in which all is as the contract says, and puts its fields in order', () => {
    expect(JSON.stringify(read(order))).toBe(
      '{"currency":"EUR","lines":[{"quantity":2,"sku":"lamp","unitPriceMinor":1999}],"orderId":"o-1"}',
    );
  });

  it.each([
    ['a field that the contract does not know', { ...order, note: 'for their birthday' }],
    ['a field that is there and says nothing', { ...order, coupon: undefined }],
    ['a required field that is missing', { orderId: 'o-1', lines: [] }],
    ['an amount that no integer holds', { ...order, lines: [{ sku: 's', quantity: 1e6, unitPriceMinor: 1e13 }] }],
    ['a total below 0', { ...order, totalMinor: -1 }],
    ['lines below 0', { ...order, lines: [{ sku: 's', quantity: -1, unitPriceMinor: 1 }] }],
    ['neither lines nor a total', { orderId: 'o-1', currency: 'EUR' }],
    ['half a character', { ...order, coupon: '\ud800' }],
    ['a character beyond the first plane, whose length is counted otherwise', { ...order, coupon: '😀' }],
    ['NUL', { ...order, coupon: 'a\0' }],
    ['more lines than a reader of plain documents looks at', { ...order, lines: new Array(101).fill(order.lines[0]) }],
    ['an object that writes itself', { ...order, toJSON: () => ({}) }],
    ['an object that inherits its fields', Object.create(order) as object],
    ['a list', [order]],
    ['nothing', null],
  ])('leaves %s to those who look closely', (_, document) => {
    expect(read(document)).toBeNull();
  });

  it('takes nothing personal', () => {
    const note = compileSimpleReader(touchpointSchema('note-added', 1) as JsonSchema);
    expect(note({ text: 'The customer called.' })).toBeNull();
    expect(compileSimpleReader(touchpointSchema('note-added', 1) as JsonSchema, { personalToo: true })).not.toBeNull();
  });

  it.each(TOUCHPOINT_TYPES.map(({ name, version }) => [name, version] as const))(
    'takes of %s only what is valid, and leaves of it what the separator leaves',
    (name, version) => {
      const schema = touchpointSchema(name, version) as JsonSchema;
      const separate = compileSeparator(schema);
      const plain = compileSimpleReader(schema);
      fc.assert(
        fc.property(objectFor(schema), (data) => {
          const taken = plain(data);
          if (taken === null) return;
          expect(TypeRegistry.BUILT_IN.validate(name, version, data)).toEqual({ ok: true });
          const { data: kept, personal } = separate(data);
          expect(personal).toBeNull();
          expect(JSON.stringify(taken)).toBe(JSON.stringify(kept));
        }),
        { numRuns: 200 },
      );
    },
  );

  it('takes most envelopes that are valid, and no others', () => {
    const plain = compileSimpleReader(ENVELOPE_SCHEMA, { opaque: ['data'], personalToo: true });
    let valid = 0;
    let taken = 0;
    fc.assert(
      fc.property(objectFor(ENVELOPE_SCHEMA), (document) => {
        const isValid = validateEnvelope(document).ok;
        const isTaken = plain(document) !== null;
        expect(isTaken && !isValid).toBe(false);
        valid += Number(isValid);
        taken += Number(isTaken);
      }),
      { numRuns: 1_000 },
    );
    expect(taken).toBeGreaterThan(valid / 2);
  });

  it('follows a registered schema, whatever its fields are called', () => {
    const name = `"]; throw new Error('written into the program'); //`;
    const odd = compileSimpleReader({
      type: 'object',
      properties: { [name]: { type: 'string', enum: ['"\n', 'b'] }, b: { type: 'boolean' } },
      required: [name],
    });
    expect(JSON.stringify(odd({ b: true, [name]: '"\n' }))).toBe(JSON.stringify({ [name]: '"\n', b: true }));
    expect(odd({ [name]: 'c' })).toBeNull();
    expect(odd({ b: true })).toBeNull();
  });

  it.each([
    ['a word that it does not know', { type: 'object', properties: { a: { type: 'integer', multipleOf: 2 } } }],
    ['a rule that it does not know', { type: 'object', properties: {}, allOf: [{ not: {} }] }],
    ['texts of any length', { type: 'object', properties: { a: { type: 'string' } } }],
    ['values of any kind', { type: 'object', properties: { a: {} } }],
    ['a field named as a number', { type: 'object', properties: { 7: { type: 'boolean' } } }],
    ['too many characters', { type: 'object', properties: { a: { type: 'string', maxLength: 400_001 } } }],
  ])('takes nothing where the schema has %s', (_, schema) => {
    const reader = compileSimpleReader(schema);
    for (const document of [{}, { a: 2 }, { a: 'b' }, { 7: true }]) expect(reader(document)).toBeNull();
  });
});
