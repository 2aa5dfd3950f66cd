import { describe, expect, it } from '@jest/globals';
import { BG_NBD } from './beta-geometric.js';
import { discountedPurchases, monthlyDiscount } from './lifetime-value.js';

describe('the discounted purchases of a horizon', () => {
  const parameters = { r: 0.16, alpha: 1.86, a: 1.85, b: 3.18 };
  const history = { frequency: 6, recency: 142, age: 292 };

  it('are the expected ones where nothing is discounted, however the horizon is cut', () => {
    const whole = BG_NBD.expectedPurchases(parameters, 6, 142, 292, 60);
    for (const [periods, periodLength] of [
      [1, 60],
      [2, 30],
      [60, 1],
    ] as const)
      expect(discountedPurchases(BG_NBD, parameters, history, { periods, periodLength, discount: 0 })).toBeCloseTo(
        whole,
        12,
      );
  });

  it('count the purchases of a later period for less', () => {
    const [first, both] = [30, 60].map((t) => BG_NBD.expectedPurchases(parameters, 6, 142, 292, t)) as [number, number];
    const found = discountedPurchases(BG_NBD, parameters, history, { periods: 2, periodLength: 30, discount: 1 });
    expect(found).toBeCloseTo(first / 2 + (both - first) / 4, 12);
  });

  it('have a month’s discount that makes that of a year in twelve', () => {
    expect((1 + monthlyDiscount(0.1)) ** 12).toBeCloseTo(1.1, 12);
  });
});
