import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { holdOutPurchases, periodOf, summarizePurchases, type DatedPurchase } from './purchase-periods.js';
import { historyIssues } from './histories.js';

const purchases = fc.array(
  fc.record({ customer: fc.nat(5), day: fc.integer({ min: 16_000, max: 16_100 }), value: fc.nat(1_000) }),
  { maxLength: 40 },
);
const byCustomer = <T extends { readonly customer: number }>(rows: readonly T[]): T[] =>
  [...rows].sort((a, b) => a.customer - b.customer);

describe('weeks', () => {
  it('begin on Monday', () => {
    const dayOf = (date: string): number => Date.parse(date) / 86_400_000;
    expect(periodOf(dayOf('2015-01-04'), 'week')).toBe(periodOf(dayOf('2014-12-29'), 'week'));
    expect(periodOf(dayOf('2015-01-05'), 'week')).toBe(periodOf(dayOf('2015-01-04'), 'week') + 1);
    expect(periodOf(dayOf('1969-12-29'), 'week')).toBe(0);
  });
});

describe('purchase histories', () => {
  it('are those of any order of the purchases, and fit what a fit takes', () => {
    fc.assert(
      fc.property(purchases, fc.constantFrom('day' as const, 'week' as const), (given, period) => {
        const options = { until: 16_100, period };
        const found = byCustomer(summarizePurchases(given, options));
        expect(byCustomer(summarizePurchases([...given].reverse(), options))).toEqual(found);
        expect(
          historyIssues({
            frequency: Float64Array.from(found, ({ frequency }) => frequency),
            recency: Float64Array.from(found, ({ recency }) => recency),
            age: Float64Array.from(found, ({ age }) => age),
          }),
        ).toEqual([]);
      }),
    );
  });

  it('lose no purchase where they are cut in two: those before the cut, and those after it', () => {
    fc.assert(
      fc.property(purchases, fc.integer({ min: 16_000, max: 16_100 }), (given, calibrationEnd) => {
        const until = 16_100;
        const whole = new Map(summarizePurchases(given, { until }).map((each) => [each.customer, each]));
        for (const { customer, frequency, later } of holdOutPurchases(given, { calibrationEnd, until }))
          expect(frequency + later.frequency).toBe(whole.get(customer)?.frequency);
      }),
    );
  });

  it('end with the observation, and know no customer who came later', () => {
    const given: DatedPurchase<string>[] = [
      { customer: 'a', day: 10, value: 1 },
      { customer: 'a', day: 12, value: 5 },
      { customer: 'a', day: 20, value: 100 },
      { customer: 'b', day: 19 },
    ];
    expect(summarizePurchases(given, { until: 18 })).toEqual([
      { customer: 'a', frequency: 1, recency: 2, age: 8, monetary: 5 },
    ]);
  });
});
