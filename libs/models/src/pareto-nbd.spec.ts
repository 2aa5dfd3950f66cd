import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { distinctHistories } from './histories.js';
import { paretoNbdResidualPurchases } from './lifetime-value.js';
import { PARETO_NBD, paretoNbdLikelihood } from './pareto-nbd.js';
import { anyHistory, anyRate, anyShape, between, histories } from './testdata/histories.js';
import { expectSlopes } from './testdata/slopes.js';

/** The parameters of the CDNOW sample in the BTYD walkthrough. */
const CDNOW = { r: 0.5534, alpha: 10.5802, s: 0.6061, beta: 11.6562 };
const anyParameters = fc.record({ r: anyShape, alpha: anyRate, s: anyShape, beta: anyRate });

describe('Pareto/NBD', () => {
  it('gives what the BTYD walkthrough publishes', () => {
    expect(PARETO_NBD.expectedPurchasesOfNew(CDNOW, 52)).toBeCloseTo(1.473434, 3);
    expect(PARETO_NBD.expectedPurchases(CDNOW, 26, 30.86, 31, 52)).toBeCloseTo(25.46, 1);
    expect(PARETO_NBD.probabilityAlive(CDNOW, 26, 30.86, 31)).toBeCloseTo(0.9979, 4);
  });

  it('neither overflows nor underflows where the hypergeometric form does', () => {
    const parameters = { r: 0.55, alpha: 10.58, s: 0.61, beta: 11.67 };
    expect(PARETO_NBD.expectedPurchases(parameters, 132, 200, 200, 10)).toBeCloseTo(6.206051788963, 9);
    expect(PARETO_NBD.expectedPurchases(parameters, 133, 200, 200, 10)).toBeCloseTo(6.252872247575, 9);
    const steep = { r: 10.465, alpha: 0.00798565181, s: 3.0516, beta: 2.82 };
    for (const [x, recency, age] of [
      [40, 5, 6],
      [50, 1, 37],
      [50, 4, 37],
      [5000, 1, 37],
    ] as const) {
      const alive = PARETO_NBD.probabilityAlive(steep, x, recency, age);
      expect(alive).toBeGreaterThanOrEqual(0);
      expect(alive).toBeLessThanOrEqual(1);
    }
  });

  it('is the likelihood of Schmittlein, Morrison and Colombo where α = β, which is known in closed form', () => {
    fc.assert(
      fc.property(anyShape, anyShape, anyRate, anyHistory, (r, s, alpha, [x, recency, age]) => {
        const power = r + s + x;
        const [last, end] = [Math.log(alpha + recency), Math.log(alpha + age)];
        // Γ(r+x)α^r β^s ÷ Γ(r) · ((r + x) ÷ (r+s+x) (α+T)^−(r+s+x) + s ÷ (r+s+x) (α+t_x)^−(r+s+x))
        let ln = r * Math.log(alpha) + s * Math.log(alpha);
        for (let n = 0; n < x; n += 1) ln += Math.log(r + n);
        const high = Math.max(-power * end, -power * last);
        ln +=
          high +
          Math.log(((r + x) / power) * Math.exp(-power * end - high) + (s / power) * Math.exp(-power * last - high));
        const found = PARETO_NBD.logLikelihood({ r, alpha, s, beta: alpha }, histories([[x, recency, age]]));
        expect(Math.abs(found - ln)).toBeLessThan(1e-9 * (1 + Math.abs(ln)));
      }),
    );
  });

  it('has the derivatives that differences show', () => {
    fc.assert(
      fc.property(
        anyParameters,
        fc.array(anyHistory, { minLength: 1, maxLength: 5 }),
        ({ r, alpha, s, beta }, rows) => {
          expectSlopes(paretoNbdLikelihood(distinctHistories(histories(rows))), [r, alpha, s, beta]);
        },
      ),
    );
  });

  it('gives probabilities, and expects more in a longer time', () => {
    fc.assert(
      fc.property(anyParameters, anyHistory, between(0.01, 100), (parameters, [x, recency, age], t) => {
        const alive = PARETO_NBD.probabilityAlive(parameters, x, recency, age);
        const buys = PARETO_NBD.probabilityOfPurchase(parameters, x, recency, age, t);
        const expected = PARETO_NBD.expectedPurchases(parameters, x, recency, age, t);
        expect(alive).toBeGreaterThanOrEqual(0);
        expect(alive).toBeLessThanOrEqual(1);
        expect(buys).toBeGreaterThanOrEqual(0);
        expect(buys).toBeLessThanOrEqual(alive * (1 + 1e-12));
        expect(expected).toBeGreaterThanOrEqual(buys * (1 - 1e-9));
        expect(PARETO_NBD.expectedPurchases(parameters, x, recency, age, 2 * t)).toBeGreaterThanOrEqual(
          expected * (1 - 1e-12),
        );
      }),
    );
  });

  it('expects new customers to buy at the mean rate of those that are still alive', () => {
    const [before, after] = [9.999, 10.001].map((t) => PARETO_NBD.expectedPurchasesOfNew(CDNOW, t)) as [number, number];
    const alive = (CDNOW.beta / (CDNOW.beta + 10)) ** CDNOW.s;
    expect((after - before) / 0.002).toBeCloseTo((CDNOW.r / CDNOW.alpha) * alive, 6);
  });
});

describe('DERT', () => {
  it('is the expected purchases of all time, discounted: without much of a discount, near to those of a long time', () => {
    const steep = { ...CDNOW, s: 3 };
    const forAllTime = PARETO_NBD.expectedPurchases(steep, 5, 30, 35, 1e9);
    expect(paretoNbdResidualPurchases(steep, 5, 30, 35, 1e-9)).toBeCloseTo(forAllTime, 5);
  });

  it('falls with the discount, and equals a sum over short periods', () => {
    const rate = 0.0027;
    const step = 0.25;
    let sum = 0;
    for (let at = 0, before = 0; at < 40_000; at += 1) {
      const until = PARETO_NBD.expectedPurchases(CDNOW, 26, 30.86, 31, (at + 1) * step);
      sum += (until - before) * Math.exp(-rate * (at + 0.5) * step);
      before = until;
    }
    expect(paretoNbdResidualPurchases(CDNOW, 26, 30.86, 31, rate)).toBeCloseTo(sum, 3);
  });
});
