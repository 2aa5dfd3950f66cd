import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitHazard, hazardOf, probabilityWithin, type HazardRows } from './discrete-hazard.js';
import { ModelInputError } from './input-error.js';

const rowsOf = (names: readonly string[], rows: readonly (readonly [readonly number[], 0 | 1])[]): HazardRows => ({
  names,
  features: Float64Array.from(rows.flatMap(([features]) => features)),
  outcomes: Uint8Array.from(rows.map(([, outcome]) => outcome)),
});

describe('a discrete-time hazard', () => {
  it('is a logistic regression: of a table of two by two counts the coefficient is the logarithm of the odds ratio', () => {
    // 22 of 51 with the feature, 21 of 49 without.
    const rows = [
      ...Array.from({ length: 22 }, () => [[1], 1] as const),
      ...Array.from({ length: 29 }, () => [[1], 0] as const),
      ...Array.from({ length: 21 }, () => [[0], 1] as const),
      ...Array.from({ length: 28 }, () => [[0], 0] as const),
    ];
    const fit = fitHazard(rowsOf(['seen'], rows), { ridge: 0 });
    expect(fit.coefficients['seen']).toBeCloseTo(Math.log((22 * 28) / (29 * 21)), 8);
    expect(fit.intercept).toBeCloseTo(Math.log(21 / 28), 8);
    // Woolf: the variance of a log odds ratio is the sum of the reciprocal counts.
    expect(fit.standardErrors['seen']).toBeCloseTo(Math.sqrt(1 / 22 + 1 / 29 + 1 / 21 + 1 / 28), 8);
    expect(fit.standardErrors['intercept']).toBeCloseTo(Math.sqrt(1 / 21 + 1 / 28), 8);
    expect(fit).toMatchObject({ rows: 100, events: 43, converged: true });
  });

  it('stays finite where a feature tells the events apart completely', () => {
    const rows = Array.from({ length: 40 }, (_, n) => [[n], n >= 20 ? 1 : 0] as const);
    const fit = fitHazard(rowsOf(['n'], rows));
    expect(fit.converged).toBe(true);
    expect(fit.coefficients['n']).toBeGreaterThan(0);
    expect(Math.abs(fit.coefficients['n'] as number)).toBeLessThan(10);
  });

  it('gives nothing to a feature that is the same in all rows', () => {
    const rows = Array.from({ length: 30 }, (_, n) => [[7, n % 5], n % 3 === 0 ? 1 : 0] as const);
    expect(fitHazard(rowsOf(['constant', 'other'], rows)).coefficients['constant']).toBeCloseTo(0, 12);
  });

  it('foretells as many events as there were', () => {
    const row = fc.tuple(fc.tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.nat(3)), fc.constantFrom(0, 1));
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 6, maxLength: 60 }),
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        (rows, ridge) => {
          fc.pre(rows.some(([, outcome]) => outcome === 1) && rows.some(([, outcome]) => outcome === 0));
          const names = ['a', 'b'];
          const fit = fitHazard(rowsOf(names, rows as (readonly [readonly number[], 0 | 1])[]), { ridge });
          expect(fit.converged).toBe(true);
          const foretold = rows.reduce((sum, [[a, b]]) => sum + hazardOf(fit, { a, b }), 0);
          expect(foretold).toBeCloseTo(fit.events, 4);
        },
      ),
    );
  });

  it('does not depend on the unit of a feature', () => {
    const rows = Array.from({ length: 60 }, (_, n) => [[(n * 7) % 13], (n * 5) % 11 < 4 ? 1 : 0] as const);
    const days = fitHazard(rowsOf(['age'], rows));
    const weeks = fitHazard(
      rowsOf(
        ['age'],
        rows.map(([[age = 0], outcome]) => [[age / 7], outcome] as const),
      ),
    );
    expect(weeks.coefficients['age']).toBeCloseTo(7 * (days.coefficients['age'] as number), 8);
    expect(weeks.intercept).toBeCloseTo(days.intercept, 8);
    expect(weeks.logLikelihood).toBeCloseTo(days.logLikelihood, 8);
  });

  it('happens within some periods unless it fails to in each', () => {
    const fit = { intercept: 0, coefficients: { week: 0 } };
    expect(probabilityWithin(fit, [{ week: 1 }, { week: 2 }])).toBeCloseTo(0.75, 12);
    expect(probabilityWithin(fit, [])).toBe(0);
    const rare = { intercept: -40, coefficients: {} };
    expect(probabilityWithin(rare, [{}, {}]) / hazardOf(rare, {})).toBeCloseTo(2, 10);
  });

  it('is not fitted to what tells nothing', () => {
    expect(() => fitHazard(rowsOf(['a'], []))).toThrow('There are no periods to fit.');
    expect(() => fitHazard(rowsOf(['a'], [[[1], 0]]))).toThrow('No event happened in any period.');
    expect(() => fitHazard(rowsOf(['a'], [[[1], 1]]))).toThrow('The event happened in every period.');
    const wrong = rowsOf(
      ['a', 'b'],
      [
        [[1, 2], 0],
        [[1, NaN], 1],
      ],
    );
    try {
      fitHazard(wrong);
      expect(true).toBe(false);
    } catch (error) {
      expect((error as ModelInputError).issues).toEqual([
        { row: 1, column: 'b', detail: 'must be a number (got NaN)' },
      ]);
    }
  });
});
