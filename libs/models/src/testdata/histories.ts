import fc from 'fast-check';
import type { PurchaseHistories } from '../histories.js';

export type HistoryRow = readonly [frequency: number, recency: number, age: number];

export const histories = (rows: readonly HistoryRow[]): PurchaseHistories => ({
  frequency: Float64Array.from(rows, ([x]) => x),
  recency: Float64Array.from(rows, ([, recency]) => recency),
  age: Float64Array.from(rows, ([, , age]) => age),
});

export const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

/** A history that can be. */
export const anyHistory: fc.Arbitrary<HistoryRow> = fc
  .tuple(fc.nat({ max: 60 }), between(0, 1), between(0, 200))
  .map(([x, share, age]) => [x, x === 0 ? 0 : share * age, age] as const);

/** Parameters as markets have them, each side of 1. */
export const anyShape = between(0.05, 12);
export const anyRate = between(0.05, 100);
