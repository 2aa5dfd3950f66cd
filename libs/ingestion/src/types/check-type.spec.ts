import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TypeRegistry } from '#contracts';
import { CHECK_TYPE_REQUEST, checkType } from './check-type.js';

const FIRST = {
  ...{ name: 'campsite-booked', version: 1, origin: 'customer', group: 'purchase' },
  schema: {
    type: 'object',
    required: ['nights'],
    properties: { nights: { type: 'integer', minimum: 1 }, remark: { type: 'string', 'x-personal': true } },
  },
};
const SECOND = {
  ...{ ...FIRST, version: 2 },
  schema: { ...FIRST.schema, properties: { ...FIRST.schema.properties, pitch: { type: 'string' } } },
};

const registration = TypeRegistry.BUILT_IN.register(FIRST);
const types = registration.ok ? registration.registry : TypeRegistry.BUILT_IN;

describe('checking a type', () => {
  it('says whether a definition could be registered, and registers nothing', () => {
    expect(checkType(types, { definition: SECOND })).toMatchObject({ ok: true, version: 2, changed: true });
    expect(checkType(types, { definition: FIRST })).toMatchObject({ ok: true, version: 1, changed: false });
    const stricter = { ...SECOND, schema: { ...SECOND.schema, required: ['nights', 'pitch'] } };
    expect(checkType(types, { definition: stricter })).toMatchObject({
      ok: false,
      errors: [{ pointer: '#/definition/schema/required/1' }],
    });
    expect(types.type('campsite-booked')?.version).toBe(1);
  });

  it('checks data and touchpoints, and names what the schema does not know', () => {
    const samples = [
      { nights: 3, remark: 'late', pitch: 'A1', guests: { pets: 1 } },
      { nights: 0 },
      'three nights',
      { type: 'campsite-booked', data: { nights: 0 } },
      { type: 'campsite-booked', data: { nights: 2, pitch: 'A2' } },
      { type: 'order-placed', data: {} },
    ];
    const verdict = checkType(types, { name: 'campsite-booked', samples });
    expect(verdict.ok && verdict.samples).toMatchObject([
      { valid: true, unknown: ['#/pitch', '#/guests'] },
      { valid: false, errors: [{ pointer: '#/nights' }] },
      { valid: false, errors: [{ pointer: '#' }] },
      { valid: false, errors: [{ pointer: '#/data/nights' }] },
      { valid: true, unknown: ['#/data/pitch'] },
      { valid: false, errors: [{ pointer: '#/type', hint: 'check it against its own type' }] },
    ]);
    const byNext = checkType(types, { definition: SECOND, samples: samples.slice(0, 1) });
    expect(byNext.ok && byNext.samples).toMatchObject([{ valid: true, unknown: ['#/guests'] }]);
  });

  it('finds a sample valid by the next version wherever it is by the one before', () => {
    const sample = fc.record({ nights: fc.integer({ min: -2, max: 9 }), remark: fc.string() }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 5 }), (samples) => {
        const first = checkType(types, { name: 'campsite-booked', samples });
        const second = checkType(types, { definition: SECOND, samples });
        expect(second.ok && second.samples.map(({ valid }) => valid)).toEqual(
          first.ok && first.samples.map(({ valid }) => valid),
        );
      }),
    );
  });

  it('checks built-in types by version, and rejects what does not exist with the likely name', () => {
    expect(checkType(types, { name: 'order-placed', version: 1, samples: [{}] })).toMatchObject({
      ok: true,
      samples: [{ valid: false }],
    });
    expect(checkType(types, { name: 'order-placed', version: 999 })).toMatchObject({
      errors: [{ pointer: '#/version' }],
    });
    expect(checkType(types, { name: 'campsite-boked' })).toMatchObject({
      errors: [{ pointer: '#/name', hint: expect.stringContaining('did you mean campsite-booked?') }],
    });
  });

  it('reads a request that names one type, and no other', () => {
    for (const bad of [
      {},
      { name: 'x', definition: FIRST },
      { definition: FIRST, version: 1 },
      { name: 'x', sample: 1 },
    ])
      expect(CHECK_TYPE_REQUEST.read(bad)).toMatchObject({ ok: false });
    expect(CHECK_TYPE_REQUEST.read({ name: 'x', version: 2, samples: [1, null] })).toMatchObject({ ok: true });
  });
});
