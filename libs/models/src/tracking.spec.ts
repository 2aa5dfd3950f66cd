import { describe, expect, it } from '@jest/globals';
import { BG_NBD } from './beta-geometric.js';
import { simulatedHistories } from './testdata/simulated.js';
import { expectedTracking, observedTracking } from './tracking.js';

const CDNOW = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };

describe('tracking', () => {
  it('adds up what is expected of each customer from the first purchase on', () => {
    const { cumulative, incremental } = expectedTracking(BG_NBD, CDNOW, Float64Array.from([0, 0, 2]), [1, 2, 3]);
    const of = (t: number): number => BG_NBD.expectedPurchasesOfNew(CDNOW, t);
    [2 * of(1), 2 * of(2), 2 * of(3) + of(1)].forEach((expected, period) =>
      expect(cumulative[period]).toBeCloseTo(expected, 12),
    );
    expect(incremental.reduce((sum, each) => sum + each, 0)).toBeCloseTo(cumulative[2] as number, 12);
  });

  it('counts what happened, the end of a period included', () => {
    expect(observedTracking(Float64Array.from([3, 1, 1.5, 2]), [1, 2, 4])).toEqual({
      cumulative: [1, 3, 4],
      incremental: [1, 2, 1],
    });
  });

  it('expects of a simulated population what it does', () => {
    const { frequency, age } = simulatedHistories(7, 20_000, () => CDNOW);
    const bought = frequency.reduce((sum, each) => sum + each, 0);
    // Each customer came so long before the end of the observation, to the nearest week.
    const came = age.map((each) => Math.round(104 - each));
    const { cumulative } = expectedTracking(BG_NBD, CDNOW, came, [104]);
    expect(Math.abs((cumulative[0] as number) / bought - 1)).toBeLessThan(0.05);
  });
});
