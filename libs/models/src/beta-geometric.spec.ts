import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BG, BG_NBD, betaGeometricLikelihood, MBG, MBG_NBD } from './beta-geometric.js';
import { distinctHistories } from './histories.js';
import { ModelInputError } from './input-error.js';
import { anyHistory, anyRate, anyShape, between, histories } from './testdata/histories.js';
import { expectSlopes } from './testdata/slopes.js';

/** The parameters of the CDNOW sample (Fader, Hardie and Lee 2005, table 2). */
const CDNOW = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
/** The same with all digits (BTYD walkthrough 4.1). */
const FITTED = { r: 0.2425982, alpha: 4.4136842, a: 0.7929899, b: 2.4261667 };
const anyParameters = fc.record({ r: anyShape, alpha: anyRate, a: anyShape, b: anyShape });

/** ₂F₁ as its series. */
function hypergeometric(a: number, b: number, c: number, z: number): number {
  let [sum, term] = [1, 1];
  for (let n = 0; n < 1e6 && Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= ((a + n) * (b + n) * z) / ((c + n) * (n + 1));
    sum += term;
  }
  return sum;
}

describe('BG/NBD', () => {
  it('expects what the authors published of a customer', () => {
    // Fader, Hardie and Lee: "Implementing the BG/NBD model in Excel" (2005): customer 1 of the sample, 39 weeks ahead.
    expect(BG_NBD.expectedPurchases(CDNOW, 2, 30.43, 38.86, 39)).toBeCloseTo(1.226, 3);
    // BTYD walkthrough 4.3: more purchases, and yet less to expect, where they ended long ago.
    const found = [10, 15, 20, 25].map((x) => BG_NBD.expectedPurchases(FITTED, x, 20, 39, 52));
    [0.3474606, 0.04283391, 0.004158973, 0.0003583685].forEach((published, at) => {
      expect((found[at] as number) / published).toBeCloseTo(1, 4);
    });
  });

  it('expects what the authors published of new customers', () => {
    const times = [0.1429, 1, 3, 31.8571, 32, 78];
    const published = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576];
    times.forEach((t, at) => {
      expect(BG_NBD.expectedPurchasesOfNew(FITTED, t)).toBeCloseTo(published[at] as number, 3);
    });
  });

  it('holds customers without a repeat purchase for alive, whatever time has passed', () => {
    fc.assert(
      fc.property(anyParameters, between(0, 1e6), (parameters, age) => {
        expect(BG_NBD.probabilityAlive(parameters, 0, 0, age)).toBe(1);
      }),
    );
  });

  it('does not overflow', () => {
    expect(BG_NBD.probabilityAlive(CDNOW, 1000, 10, 100)).toBeLessThan(1e-300);
    expect(BG_NBD.expectedPurchases(CDNOW, 100_000, 100, 100, 50)).toBeGreaterThan(1);
    expect(BG_NBD.expectedPurchasesOfNew(CDNOW, 1e5)).toBeGreaterThan(BG_NBD.expectedPurchasesOfNew(CDNOW, 1e4));
  });

  it('expects what the hypergeometric form of the paper expects, where this has digits', () => {
    fc.assert(
      fc.property(anyParameters, anyHistory, between(0.1, 30), (parameters, [x, recency, age], t) => {
        const { r, alpha, a, b } = parameters;
        fc.pre(Math.abs(a - 1) > 0.05 && a + b + x > 1.2);
        const z = t / (alpha + age + t);
        const power = Math.exp((r + x) * Math.log1p(-z));
        const paper = ((a + b + x - 1) / (a - 1)) * (1 - power * hypergeometric(r + x, b + x, a + b + x - 1, z));
        const found = BG_NBD.expectedPurchases(parameters, x, recency, age, t);
        const expected = BG_NBD.probabilityAlive(parameters, x, recency, age) * paper;
        expect(Math.abs(found - expected)).toBeLessThan(1e-8 * (1 + expected));
      }),
    );
  });

  it('passes a = 1 without a jump', () => {
    const at = (a: number): number => BG_NBD.expectedPurchases({ ...CDNOW, a }, 3, 20, 30, 50);
    expect(at(1)).toBeCloseTo((at(1 - 1e-6) + at(1 + 1e-6)) / 2, 10);
  });
});

describe.each([
  [BG_NBD, BG],
  [MBG_NBD, MBG],
])('$name', (model, variant) => {
  it('has the derivatives that differences show', () => {
    fc.assert(
      fc.property(anyParameters, fc.array(anyHistory, { minLength: 1, maxLength: 6 }), ({ r, alpha, a, b }, rows) => {
        expectSlopes(betaGeometricLikelihood(distinctHistories(histories(rows)), variant), [r, alpha, a, b]);
      }),
    );
  });

  it('counts customers with one history once, with their weight', () => {
    fc.assert(
      fc.property(anyParameters, fc.array(anyHistory, { minLength: 1, maxLength: 6 }), (parameters, rows) => {
        const together = model.logLikelihood(parameters, histories([...rows, ...rows]));
        const each = rows.reduce((sum, row) => sum + 2 * model.logLikelihood(parameters, histories([row])), 0);
        expect(Math.abs(together - each)).toBeLessThan(1e-10 * (1 + Math.abs(each)));
      }),
    );
  });

  it('gives probabilities, and expects more in a longer time', () => {
    fc.assert(
      fc.property(anyParameters, anyHistory, between(0.01, 100), (parameters, [x, recency, age], t) => {
        const alive = model.probabilityAlive(parameters, x, recency, age);
        const buys = model.probabilityOfPurchase(parameters, x, recency, age, t);
        const expected = model.expectedPurchases(parameters, x, recency, age, t);
        expect(alive).toBeGreaterThanOrEqual(0);
        expect(alive).toBeLessThanOrEqual(1);
        expect(buys).toBeGreaterThanOrEqual(0);
        expect(buys).toBeLessThanOrEqual(alive);
        // A probability of one purchase is at most the expected number (Markov).
        expect(expected).toBeGreaterThanOrEqual(buys * (1 - 1e-9));
        expect(model.expectedPurchases(parameters, x, recency, age, 2 * t)).toBeGreaterThanOrEqual(
          expected * (1 - 1e-12),
        );
      }),
    );
  });

  it('does not depend on the unit of time', () => {
    fc.assert(
      fc.property(
        anyParameters,
        anyHistory,
        between(0.1, 50),
        between(0.1, 400),
        (parameters, [x, recency, age], t, unit) => {
          const inUnit = { ...parameters, alpha: parameters.alpha * unit };
          const found = model.expectedPurchases(inUnit, x, recency * unit, age * unit, t * unit);
          const expected = model.expectedPurchases(parameters, x, recency, age, t);
          expect(Math.abs(found - expected)).toBeLessThan(1e-8 * (1 + expected));
        },
      ),
    );
  });

  it('rejects histories that cannot be, row by row', () => {
    const wrong = histories([
      [0, 0, 5],
      [1, 7, 6],
      [0.5, 1, 6],
      [0, 1, 5],
      [1, NaN, 5],
    ]);
    expect(() => model.fit(wrong)).toThrow(ModelInputError);
    try {
      model.fit(wrong);
    } catch (error) {
      expect((error as ModelInputError).issues).toEqual([
        { row: 1, column: 'recency', detail: 'must not be greater than T (6) (got 7)' },
        { row: 2, column: 'frequency', detail: 'must be a whole number, 0 or more (got 0.5)' },
        { row: 3, column: 'recency', detail: 'must be 0 where frequency is 0 (got 1)' },
        { row: 4, column: 'recency', detail: 'must be a number, 0 or more (got NaN)' },
      ]);
    }
    expect(() => model.fit(histories([]))).toThrow('There are no customers to fit.');
  });
});

describe('a fit to customers that all behave alike', () => {
  it('says that the data do not tell the parameters', () => {
    const fit = BG_NBD.fit(histories(Array.from({ length: 50 }, () => [10, 10, 10.5] as const)));
    expect(fit.converged).toBe(false);
    expect(fit.standardErrors).toBeNull();
    expect(Number.isFinite(fit.logLikelihood)).toBe(true);
  });
});
