import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileRegistered } from './compiler.js';
import { breakingChanges } from './type-compatibility.js';
import { TypeRegistry } from './type-registry.js';

const BOOKING = {
  type: 'object',
  required: ['nights'],
  properties: {
    nights: { type: 'integer', minimum: 1, maximum: 30 },
    pitch: { enum: ['tent', 'van'] },
    guests: {
      type: 'array',
      maxItems: 4,
      items: { type: 'object', properties: { age: { type: ['integer', 'null'] } } },
    },
  },
};
const changed = (properties: object, more: object = {}) => ({
  ...BOOKING,
  ...more,
  properties: { ...BOOKING.properties, ...properties },
});
const issues = (after: object) =>
  breakingChanges(BOOKING, after as never).map(({ pointer, detail }) => `${pointer} ${detail}`);

describe('a new version of a type', () => {
  it.each<readonly [string, object]>([
    ['the same', BOOKING],
    ['one more field', changed({ arrival: { type: 'string', format: 'date' } })],
    ['a wider type', changed({ nights: { type: 'number', minimum: 1, maximum: 30 } })],
    ['wider bounds', changed({ nights: { type: 'integer', minimum: 0, maximum: 60 } })],
    ['one more word', changed({ pitch: { enum: ['van', 'tent', 'hut'] } })],
    ['nothing required', changed({}, { required: [] })],
  ])('may have %s', (_title, after) => {
    expect(issues(after)).toEqual([]);
  });

  it.each<readonly [string, object, string]>([
    [
      'a field that is required now',
      changed({}, { required: ['nights', 'pitch'] }),
      '#/required/1 requires `pitch`, which could be absent before',
    ],
    [
      'a narrower type',
      changed({
        guests: { ...BOOKING.properties.guests, items: { type: 'object', properties: { age: { type: 'integer' } } } },
      }),
      '#/properties/guests/items/properties/age/type takes integer alone, and took null before',
    ],
    ['a word less', changed({ pitch: { enum: ['tent'] } }), '#/properties/pitch/enum no longer takes "van"'],
    [
      'a tighter bound',
      changed({ nights: { type: 'integer', minimum: 2, maximum: 30 } }),
      '#/properties/nights/minimum is 2, and was 1 before',
    ],
    [
      'a new bound',
      changed({ guests: { ...BOOKING.properties.guests, minItems: 1 } }),
      '#/properties/guests/minItems is 1, and there was none before',
    ],
    [
      'no other fields',
      changed({}, { additionalProperties: false }),
      '#/additionalProperties rejects what the version before takes',
    ],
    [
      'a condition that cannot be compared',
      changed({}, { anyOf: [{ required: ['pitch'] }] }),
      '#/anyOf was added, and may reject what was taken before',
    ],
    [
      'a field less',
      { ...BOOKING, properties: { nights: BOOKING.properties.nights, guests: BOOKING.properties.guests } },
      '#/properties no longer declares `pitch`: what no version declares is sealed, and no condition can read it',
    ],
  ])('breaks its senders by %s', (_title, after, expected) => {
    expect(issues(after)).toEqual([expected]);
  });

  it('is refused with the place in the schema, unless the log holds it already', () => {
    const definition = { name: 'campsite-booked', version: 1, origin: 'customer', group: 'purchase', schema: BOOKING };
    const first = TypeRegistry.BUILT_IN.register(definition);
    if (!first.ok) throw new Error(JSON.stringify(first.errors));
    const second = { ...definition, version: 2, schema: changed({}, { required: ['nights', 'pitch'] }) };
    expect(first.registry.register(second)).toMatchObject({
      ok: false,
      errors: [{ pointer: '#/schema/required/1', hint: 'leave it optional, or register a type of another name' }],
    });
    expect(first.registry.restore(second).ok).toBe(true);
    expect(first.registry.register({ ...second, schema: changed({ arrival: { type: 'string' } }) }).ok).toBe(true);
  });

  it('that breaks nothing takes whatever the version before takes', () => {
    const leaf = fc.constantFrom<object>(
      ...[
        { type: 'integer' },
        { type: 'number' },
        { type: 'integer', minimum: 1 },
        { type: 'integer', minimum: 3, maximum: 9 },
      ],
      ...[{ enum: ['a', 'b'] }, { enum: ['a'] }, { type: 'string', maxLength: 1 }, { type: ['string', 'null'] }, {}],
    );
    const schemas = fc.record({
      type: fc.constant('object'),
      required: fc.subarray(['x', 'y']),
      properties: fc.record({ x: leaf, y: leaf }),
    });
    const data = fc.record(
      { x: fc.constantFrom(0, 1, 4, 12, 1.5, 'a', 'b', 'long', null), y: fc.constantFrom(0, 4, 'a', null) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(schemas, schemas, fc.array(data, { minLength: 5, maxLength: 20 }), (before, after, samples) => {
        if (breakingChanges(before, after).length > 0) return;
        const [takesBefore, takesAfter] = [compileRegistered(before), compileRegistered(after)];
        for (const sample of samples)
          if (takesBefore(sample).ok) expect([sample, takesAfter(sample).ok]).toEqual([sample, true]);
      }),
      { numRuns: 1_000 },
    );
  });
});
