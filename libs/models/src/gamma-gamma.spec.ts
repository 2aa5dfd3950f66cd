import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectedSpend, fitGammaGamma, gammaGammaLikelihood } from './gamma-gamma.js';
import { ModelInputError } from './input-error.js';
import { anyShape, between } from './testdata/histories.js';
import { expectSlopes } from './testdata/slopes.js';

/** The parameters of the CDNOW sample (Fader and Hardie 2013). */
const CDNOW = { p: 6.25, q: 3.74, v: 15.44 };

describe('Gamma-Gamma', () => {
  it('gives what the authors published of the first customers', () => {
    // Note 025, spreadsheet: frequency and mean of the repeat purchases of customers 1, 2, 6 and 9; 24.65, 18.91, 71.46 and 27.28 are published.
    const rows = [
      [2, 22.35, 24.65],
      [1, 11.77, 18.91],
      [7, 73.74, 71.46],
      [2, 25.55, 27.28],
    ] as const;
    for (const [x, mean, published] of rows) expect(expectedSpend(CDNOW, x, mean)).toBeCloseTo(published, 0);
    // The mean of the population.
    expect(expectedSpend(CDNOW, 0, 0)).toBeCloseTo((6.25 * 15.44) / 2.74, 10);
  });

  it('has no mean of the population where q is 1 or less', () => {
    expect(expectedSpend({ p: 1, q: 0.9, v: 1 }, 0, 0)).toBeNull();
    expect(expectedSpend({ p: 1, q: 0.9, v: 1 }, 1, 10)).toBeGreaterThan(0);
  });

  it('lies between the mean of the population and the customer’s own, the nearer to this the more was bought', () => {
    fc.assert(
      fc.property(
        between(0.5, 20),
        between(1.5, 20),
        between(1, 100),
        fc.integer({ min: 1, max: 50 }),
        between(1, 500),
        (p, q, v, x, mean) => {
          const all = expectedSpend({ p, q, v }, 0, 0) as number;
          const [one, more] = [expectedSpend({ p, q, v }, x, mean), expectedSpend({ p, q, v }, x + 1, mean)] as [
            number,
            number,
          ];
          const slack = 1e-9 * (all + mean);
          expect(one).toBeGreaterThanOrEqual(Math.min(all, mean) - slack);
          expect(one).toBeLessThanOrEqual(Math.max(all, mean) + slack);
          expect(Math.abs(more - mean)).toBeLessThanOrEqual(Math.abs(one - mean) + slack);
        },
      ),
    );
  });

  it('has the derivatives that differences show', () => {
    const row = fc.tuple(fc.integer({ min: 1, max: 40 }), between(0.1, 50));
    fc.assert(
      fc.property(
        anyShape,
        anyShape,
        between(0.1, 20),
        fc.array(row, { minLength: 1, maxLength: 6 }),
        (p, q, v, rows) => {
          const [frequency, monetary] = [0, 1].map((at) => Float64Array.from(rows, (each) => each[at] as number)) as [
            Float64Array,
            Float64Array,
          ];
          expectSlopes(
            gammaGammaLikelihood(
              frequency,
              monetary,
              frequency.map(() => 2),
            ),
            [p, q, v],
          );
        },
      ),
    );
  });

  it('rejects a mean value of repeat purchases that is not positive, and ignores customers without one', () => {
    const fit = (frequency: readonly number[], monetary: readonly number[]) =>
      fitGammaGamma({ frequency: Float64Array.from(frequency), monetary: Float64Array.from(monetary) });
    expect(() => fit([0, 1, 2], [0, 490, -1])).toThrow(ModelInputError);
    expect(() => fit([0, 0], [0, 0])).toThrow('No customer has a repeat purchase.');
    const some = [1, 2, 3, 1, 2, 5, 4, 1, 3, 2];
    const means = [10, 12, 30, 25, 8, 14, 50, 5, 22, 9];
    const without = fit(some, means);
    expect(fit([...some, 0, 0], [...means, 0, NaN])).toEqual(without);
    expect(without.customers).toBe(10);
  });

  it('does not depend on the unit of money', () => {
    const some = Float64Array.from([1, 2, 3, 1, 2, 5, 4, 1, 3, 2, 6, 1]);
    const means = Float64Array.from([10, 12, 30, 25, 8, 14, 50, 5, 22, 9, 17, 33]);
    const major = fitGammaGamma({ frequency: some, monetary: means });
    const minor = fitGammaGamma({ frequency: some, monetary: means.map((each) => each * 100) });
    expect(minor.parameters.p / major.parameters.p).toBeCloseTo(1, 4);
    expect(minor.parameters.v / major.parameters.v).toBeCloseTo(100, 2);
  });
});
