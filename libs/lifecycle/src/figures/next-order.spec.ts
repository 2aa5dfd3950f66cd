import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextOrder } from './next-order.js';

const DAY = 86_400_000;
const of = (...days: number[]) => nextOrder(days, (days.at(-1) ?? 0) * DAY, 'UTC');

it('the next order is due one median interval after the last', () => {
  expect(of(0, 10, 17, 37)).toEqual({
    expectedOn: 47 * DAY,
    // Intervals 7, 10, 20: quartiles 8.5 and 15.
    from: 45 * DAY,
    until: 52 * DAY,
    medianDays: 10,
    intervals: 3,
  });
});

it('a customer with fewer than three purchase days has no rhythm', () => {
  expect(of(0, 10)).toBeNull();
  expect(of()).toBeNull();
});

it('only the last twelve intervals count', () => {
  const days = [0, 1000, ...Array.from({ length: 12 }, (_, n) => 1000 + (n + 1) * 7)];
  expect(of(...days)).toMatchObject({ medianDays: 7, intervals: 12 });
});

it('the interval holds the expectation, whatever the rhythm', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(2000), { minLength: 3 }), (days) => {
      const found = of(...days.sort((a, b) => a - b));
      expect(found?.from).toBeLessThanOrEqual(found?.expectedOn ?? 0);
      expect(found?.until).toBeGreaterThanOrEqual(found?.expectedOn ?? 0);
    }),
  );
});
