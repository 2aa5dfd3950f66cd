import { describe, expect, it } from '@jest/globals';
import { TOUCHPOINT_TYPES } from '#contracts';
import type { SegmentDefinition } from './definition.js';
import { FieldRegistry } from './fields.js';
import { readSegment, type DefinitionContext } from './read-definition.js';

const context: DefinitionContext = {
  fields: FieldRegistry.BUILT_IN,
  types: TOUCHPOINT_TYPES.map(({ name }) => name),
  personalPaths: (type) => (type === 'survey-answered' ? ['/text'] : []),
  others: [],
};
const issuesOf = (when: unknown, others: readonly SegmentDefinition[] = []) => {
  const verdict = readSegment({ id: 'x', name: 'X', when }, { ...context, others });
  return verdict.ok ? [] : verdict.errors;
};
const first = (when: unknown) => issuesOf(when)[0];

describe('a document that is to be a segment', () => {
  it('is accepted with every kind of condition', () => {
    const when = {
      all: [
        { field: 'phase', op: 'one-of', value: ['lapsed', 'lost'] },
        { field: 'revenue', op: 'at-least', value: { amountMinor: 50_000, currency: 'EUR' } },
        {
          any: [
            {
              did: 'order-placed',
              atLeast: 2,
              withinDays: 365,
              where: [{ field: 'totalMinor', op: 'more', value: 1 }],
            },
          ],
        },
        { not: { sequence: [{ did: 'cart-updated' }, { did: '*', source: 'shop', withinDays: 7 }], withinDays: 30 } },
        { consent: 'marketing', medium: 'email' },
        { field: 'lastPurchaseAt', op: 'before', value: '2026-03-01' },
      ],
    };
    expect(issuesOf(when)).toEqual([]);
    expect(readSegment({ id: 'x', name: 'X', when }, context)).toEqual({
      ok: true,
      definition: { id: 'x', name: 'X', when },
    });
  });

  it('is rejected with the place and the likely name of what is not known', () => {
    expect(first({ all: [{ field: 'phse', op: 'equals', value: 'lost' }] })).toMatchObject({
      pointer: '#/when/all/0/field',
      detail: 'is not a known field (got "phse")',
      hint: expect.stringContaining('did you mean phase?'),
    });
    expect(first({ field: 'phase', op: 'equals', value: 'lsot' })).toMatchObject({
      pointer: '#/when/value',
      hint: expect.stringContaining('did you mean lost?'),
    });
    expect(first({ not: { did: 'order-plcaed' } })).toMatchObject({
      pointer: '#/when/not/did',
      hint: expect.stringContaining('did you mean order-placed?'),
    });
    expect(first({ al: [] })).toMatchObject({
      pointer: '#/when',
      hint: expect.stringContaining('did you mean all?'),
    });
  });

  it.each([
    ['a list in place of a condition', [], '#/when', 'must be a condition'],
    ['no condition under all', { all: [] }, '#/when/all', 'must be a list of at least one condition'],
    [
      'two conditions in one',
      { did: 'order-placed', consent: 'x' },
      '#/when',
      'is more than one condition (did, consent)',
    ],
    ['something beside not', { not: { consent: 'x' }, or: 1 }, '#/when/or', 'is not known beside not'],
    [
      'an op that does not fit',
      { field: 'orders', op: 'contains', value: 1 },
      '#/when/op',
      'does not fit orders, which holds a number',
    ],
    ['a number as text', { field: 'orders', op: 'less', value: '2' }, '#/when/value', 'must be a number'],
    [
      'money without a currency',
      { field: 'revenue', op: 'less', value: { amountMinor: 2 } },
      '#/when/value',
      'must be money',
    ],
    [
      'an instant that is none',
      { field: 'since', op: 'before', value: 'March' },
      '#/when/value',
      'must be a day or an instant',
    ],
    [
      'a value beside present',
      { field: 'brands', op: 'present', value: 1 },
      '#/when/value',
      'must be absent beside the op present',
    ],
    ['more than at most', { did: '*', atLeast: 3, atMost: 2 }, '#/when/atMost', 'must be at least atLeast (3)'],
    [
      'two windows',
      { did: '*', withinDays: 3, from: '2026-01-01' },
      '#/when/withinDays',
      'cannot stand beside from and until',
    ],
    [
      'a period that ends before it begins',
      { did: '*', from: '2026-01-02', until: '2026-01-02' },
      '#/when/until',
      'must lie after from (2026-01-02)',
    ],
    [
      'a first step with days',
      { sequence: [{ did: '*', withinDays: 2 }, { did: '*' }] },
      '#/when/sequence/0/withinDays',
      'has no step before it',
    ],
    ['one step', { sequence: [{ did: '*' }] }, '#/when/sequence', null],
    [
      'a comparison without its value',
      { did: '*', where: [{ field: 'n', op: 'less' }] },
      '#/when/where/0/value',
      'must be a number beside the op less',
    ],
    ['itself', { segment: 'x' }, '#/when/segment', 'is the segment itself'],
    ['another that is not defined', { segment: 'y' }, '#/when/segment', 'is not a defined segment (got "y")'],
  ])('is rejected with %s', (_what, when, pointer, detail) => {
    expect(first(when)).toMatchObject({ pointer, ...(detail === null ? {} : { detail }) });
  });

  it('is rejected with a comparison of a sealed field, since no condition can read it', () => {
    expect(first({ did: 'survey-answered', where: [{ field: 'text', op: 'equals', value: 'bad' }] })).toMatchObject({
      pointer: '#/when/where/0/field',
      detail: 'is personal: it is sealed, and no condition can read it',
    });
  });

  it('is rejected where it names itself by way of others', () => {
    const others: SegmentDefinition[] = [
      { id: 'a', name: 'A', when: { not: { segment: 'b' } } },
      { id: 'b', name: 'B', when: { all: [{ segment: 'x' }] } },
      { id: 'x', name: 'X', when: { consent: 'marketing' } },
    ];
    expect(issuesOf({ segment: 'a' }, others)).toEqual([
      {
        pointer: '#/when',
        detail: 'names itself by way of other segments: x → a → b → x',
        hint: 'leave out one of these segments',
      },
    ]);
  });

  it('is rejected when it nests without end, or is too large', () => {
    let deep: unknown = { consent: 'x' };
    for (let level = 0; level < 20; level += 1) deep = { not: deep };
    expect(first(deep)?.detail).toContain('12 levels deep');
    const wide = { any: Array.from({ length: 200 }, () => ({ consent: 'x' })) };
    expect(issuesOf(wide)).toHaveLength(1);
  });
});
