import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  bgBbExpectedOfNew,
  bgBbExpectedPurchases,
  bgBbLikelihood,
  bgBbLogLikelihood,
  bgBbProbabilityAlive,
  fitBgBb,
} from './bg-bb.js';
import { distinctHistories } from './histories.js';
import { ModelInputError } from './input-error.js';
import { anyShape, histories, type HistoryRow } from './testdata/histories.js';
import { expectSlopes } from './testdata/slopes.js';

/**
 * Donors of a cohort of 1995 and whether they gave in each of the six years 1996–2001: frequency, last year with a gift, opportunities, and how many donors
 * (Fader, Hardie and Shang 2010, table 1).
 */
const DONORS: readonly (readonly [x: number, last: number, n: number, donors: number])[] = [
  [6, 6, 6, 1203],
  [5, 6, 6, 728],
  [4, 6, 6, 512],
  [3, 6, 6, 357],
  [2, 6, 6, 234],
  [1, 6, 6, 129],
  [5, 5, 6, 335],
  [4, 5, 6, 284],
  [3, 5, 6, 225],
  [2, 5, 6, 173],
  [1, 5, 6, 119],
  [4, 4, 6, 240],
  [3, 4, 6, 181],
  [2, 4, 6, 155],
  [1, 4, 6, 78],
  [3, 3, 6, 322],
  [2, 3, 6, 255],
  [1, 3, 6, 129],
  [2, 2, 6, 613],
  [1, 2, 6, 277],
  [1, 1, 6, 1091],
  [0, 0, 6, 3464],
];
const donors = histories(
  DONORS.flatMap(([x, last, n, count]) => Array.from({ length: count }, (): HistoryRow => [x, last, n])),
);
const anyParameters = fc.record({ alpha: anyShape, beta: anyShape, gamma: anyShape, delta: anyShape });

describe('BG/BB', () => {
  it('finds the parameters that the authors published of donors', () => {
    const fit = fitBgBb(donors);
    // Fader, Hardie and Shang 2010, section 4: LL −33,225.6.
    expect(fit.parameters.alpha).toBeCloseTo(1.204, 2);
    expect(fit.parameters.beta).toBeCloseTo(0.75, 2);
    expect(fit.parameters.gamma).toBeCloseTo(0.657, 2);
    expect(fit.parameters.delta).toBeCloseTo(2.783, 2);
    expect(fit.logLikelihood).toBeCloseTo(-33225.6, 0);
    expect(fit).toMatchObject({ customers: 11_104, converged: true });
  });

  it('has probabilities that sum to 1 over all histories', () => {
    fc.assert(
      fc.property(anyParameters, (parameters) => {
        const n = 6;
        let sum = 0;
        for (let bits = 0; bits < 2 ** n; bits += 1) {
          const bought = Array.from({ length: n }, (_, at) => (bits >> at) & 1);
          const x = bought.reduce((all, each) => all + each, 0);
          sum += Math.exp(bgBbLogLikelihood(parameters, histories([[x, bought.lastIndexOf(1) + 1, n]])));
        }
        expect(sum).toBeCloseTo(1, 9);
      }),
    );
  });

  it('has the derivatives that differences show', () => {
    const history = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(), fc.nat()).map(([n, l, f]): HistoryRow => {
      const last = l % (n + 1);
      return [last === 0 ? 0 : 1 + (f % last), last, n];
    });
    fc.assert(
      fc.property(
        anyParameters,
        fc.array(history, { minLength: 1, maxLength: 5 }),
        ({ alpha, beta, gamma, delta }, rows) => {
          expectSlopes(bgBbLikelihood(distinctHistories(histories(rows))), [alpha, beta, gamma, delta]);
        },
      ),
    );
  });

  it('expects of new customers the sum over opportunities of being alive and buying', () => {
    const parameters = { alpha: 1.204, beta: 0.75, gamma: 0.657, delta: 2.783 };
    const chance = parameters.alpha / (parameters.alpha + parameters.beta);
    let [alive, sum] = [1, 0];
    for (let at = 0; at < 5; at += 1) {
      alive *= (parameters.delta + at) / (parameters.gamma + parameters.delta + at);
      sum += chance * alive;
    }
    expect(bgBbExpectedOfNew(parameters, 5)).toBeCloseTo(sum, 12);
    // A customer who bought at the last opportunity was alive there.
    expect(bgBbProbabilityAlive(parameters, 6, 6, 6)).toBeCloseTo((2.783 + 6) / (2.783 + 6 + 0.657), 12);
    expect(bgBbExpectedPurchases(parameters, 0, 0, 6, 5)).toBeLessThan(bgBbExpectedPurchases(parameters, 1, 6, 6, 5));
  });

  it('rejects what is not counted in opportunities', () => {
    expect(() => fitBgBb(histories([[1, 0.5, 2]]))).toThrow(ModelInputError);
    expect(() => fitBgBb(histories([[3, 2, 6]]))).toThrow(ModelInputError);
    expect(() => fitBgBb(histories([]))).toThrow('There are no customers to fit.');
  });
});
