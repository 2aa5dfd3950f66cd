import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sampleOf } from '#testing';
import { TOUCHPOINT_TYPES } from './catalogue.js';
import { joinPersonal, personalPaths, personalPathsOf, separateBy, separatePersonal } from './personal.js';
import { touchpointSchema } from './schemas.js';

describe('personal fields', () => {
  it('are what people write, what a page address may hold, and whatever a profile says', () => {
    expect(personalPaths('note-added', 1)).toEqual(['/text']);
    expect(personalPaths('profile-updated', 1)).toEqual(['/attributes']);
    expect(personalPaths('site-visited', 1)).toEqual(['/url', '/referrer']);
    expect(personalPaths('order-placed', 1)).toEqual([]);
    expect(personalPaths('campsite-booked', 1)).toEqual([]);
  });

  it('include every free text of the catalogue', () => {
    for (const { name, version } of TOUCHPOINT_TYPES) {
      const properties = touchpointSchema(name)!['properties'] as Record<string, Record<string, unknown>>;
      for (const [key, field] of Object.entries(properties))
        if (field['maxLength'] === 10_000) expect(personalPaths(name, version)).toContain(`/${key}`);
    }
  });

  it('are taken out, and what no contract knows with them', () => {
    const line = { sku: 'a', quantity: 1, unitPriceMinor: 2 };
    const data = {
      orderId: 'o',
      currency: 'EUR',
      lines: [line, { ...line, engraving: 'for Ann' }],
      'gift/to~name': 'Ann',
    };
    const separated = separatePersonal('order-placed', 1, data);
    expect(separated).toEqual({
      data: { orderId: 'o', currency: 'EUR', lines: [line, line] },
      personal: { '/lines/1/engraving': 'for Ann', '/gift~1to~0name': 'Ann' },
    });
    expect(joinPersonal(separated.data, separated.personal)).toEqual(data);
    expect(separated.data).not.toHaveProperty('engraving');
  });

  it('leave a list whole: one whose items are personal is taken as a list', () => {
    const schema = {
      type: 'object',
      properties: { names: { type: 'array', items: { type: 'string', 'x-personal': true } }, n: { type: 'integer' } },
    };
    expect(personalPathsOf(schema)).toEqual(['/names/*']);
    expect(separateBy(schema, { names: ['Ann', 'Bo'], n: 2 })).toEqual({
      data: { n: 2 },
      personal: { '/names': ['Ann', 'Bo'] },
    });
  });

  it('come back where they were', () => {
    const type = fc.constantFrom(...TOUCHPOINT_TYPES);
    const given = type.chain(({ name, version }) =>
      fc.tuple(
        fc.constant(name),
        fc.constant(version),
        sampleOf(name),
        fc.dictionary(fc.stringMatching(/^[a-z/~]{1,6}$/), fc.jsonValue()),
      ),
    );
    fc.assert(
      fc.property(given, ([name, version, sample, stray]) => {
        const data = { ...stray, ...sample };
        const { data: kept, personal } = separatePersonal(name, version, data);
        expect(joinPersonal(kept, personal)).toEqual(data);
        for (const path of personalPaths(name, version)) expect(kept).not.toHaveProperty([path.slice(1)]);
      }),
      { numRuns: 500 },
    );
  });
});
