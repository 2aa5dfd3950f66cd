import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lotsOf, pointsOfOrder, pointsOfTouchpoint, type EarningRule, type PointsRules } from './points-rules.js';

const at = (text: string): number => Date.parse(text);
const base: EarningRule = { for: 'spend', name: 'a point a euro', points: 1, perMinor: 100, currency: 'EUR' };
const order = (data: Record<string, unknown>, when = '2026-05-01T10:00:00Z') => ({
  type: 'order-placed',
  at: at(when),
  data: { orderId: 'o1', currency: 'EUR', ...data },
});
const line = (category: string, quantity: number, unitPriceMinor: number, discountMinor?: number) => ({
  ...{ sku: category, category, quantity, unitPriceMinor },
  ...(discountMinor === undefined ? {} : { discountMinor }),
});

describe('an order', () => {
  it('earns for each full amount, never for a part of one', () => {
    expect(pointsOfOrder([base], order({ totalMinor: 12_999 }))).toEqual([{ rule: 'a point a euro', points: 129 }]);
    expect(pointsOfOrder([base], order({ totalMinor: 99 }))).toEqual([]);
  });

  it('in another currency than that of the rule earns nothing by it', () => {
    expect(pointsOfOrder([base], order({ totalMinor: 12_999, currency: 'GBP' }))).toEqual([]);
  });

  it('earns by category what the lines of the category come to', () => {
    const coffee: EarningRule = { ...base, name: 'coffee', points: 2, categories: ['coffee'] };
    const lines = [line('coffee', 2, 1_000), line('tea', 1, 5_000), line('coffee', 1, 700, 100)];
    expect(pointsOfOrder([coffee], order({ lines }))).toEqual([{ rule: 'coffee', points: 52 }]);
    // A tenth off the whole order is a tenth off each line.
    expect(pointsOfOrder([coffee], order({ lines, discountMinor: 760 }))).toEqual([{ rule: 'coffee', points: 46 }]);
    expect(pointsOfOrder([coffee], order({ totalMinor: 9_000 }))).toEqual([]);
  });

  it('earns more within a campaign: from its first instant on, and no longer at its end', () => {
    const campaign: EarningRule = {
      ...base,
      name: 'spring',
      from: at('2026-03-01T00:00:00Z'),
      until: at('2026-04-01T00:00:00Z'),
    };
    const inAll = (when: string): number =>
      pointsOfOrder([base, campaign], order({ totalMinor: 1_000 }, when)).reduce((sum, { points }) => sum + points, 0);
    expect(
      ['2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00Z', '2026-03-31T23:59:59.999Z', '2026-04-01T00:00:00Z'].map(
        inAll,
      ),
    ).toEqual([10, 20, 20, 10]);
  });

  it('never earns more by its categories than as a whole', () => {
    const amounts = fc.integer({ min: -500, max: 5_000 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b'), amounts), { minLength: 1 }),
        fc.nat(20_000),
        (parts, total) => {
          const lines = parts.map(([category, unitPriceMinor]) => line(category, 1, unitPriceMinor));
          const one = pointsOfOrder([{ ...base, categories: ['a'] }], order({ lines, totalMinor: total }));
          const whole = pointsOfOrder([base], order({ lines, totalMinor: total }));
          expect(one[0]?.points ?? 0).toBeLessThanOrEqual(whole[0]?.points ?? 0);
        },
      ),
    );
  });
});

describe('another act', () => {
  const review: EarningRule = {
    ...{ for: 'touchpoint', name: 'a good review', points: 50, type: 'review-posted', atMostTimes: 2 },
    when: [{ field: 'stars', op: 'at-least', value: 4 }],
  };
  const posted = (stars: number) => ({ type: 'review-posted', at: at('2026-05-01T10:00:00Z'), data: { stars } });

  it('earns where its conditions hold', () => {
    expect(pointsOfTouchpoint([base, review], posted(5), new Map())).toEqual([{ rule: 'a good review', points: 50 }]);
    expect(pointsOfTouchpoint([base, review], posted(3), new Map())).toEqual([]);
  });

  it('earns so many times and no more', () => {
    const after = (times: number) => pointsOfTouchpoint([review], posted(5), new Map([['a good review', times]]));
    expect([after(1).length, after(2).length]).toEqual([1, 0]);
  });
});

describe('a lot', () => {
  const rules: PointsRules = { earn: [base], pendingDays: 30, expireAfter: 'P1Y', reserveMinutes: 15, worthMinor: 1 };
  const earned = [{ rule: 'a point a euro', points: 10 }];

  it('of an order is pending to the same time of the day after so many days, also over a change of the clocks', () => {
    // 10:00 in Amsterdam.
    const placed = at('2026-03-01T09:00:00Z');
    expect(lotsOf(earned, { key: '/shop o1', at: placed, isOrder: true }, rules, 'Europe/Amsterdam')).toEqual([
      {
        id: '/shop o1/a point a euro',
        points: 10,
        availableAt: at('2026-03-31T08:00:00Z'),
        expiresAt: at('2027-03-01T09:00:00Z'),
      },
    ]);
  });

  it('of an act is available at once, and without a period never expires', () => {
    const { expireAfter: _, ...forEver } = rules;
    expect(lotsOf(earned, { key: 'e1', at: 0, isOrder: false }, forEver, 'UTC')).toEqual([
      { id: 'e1/a point a euro', points: 10, availableAt: null, expiresAt: null },
    ]);
  });
});
