import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { digamma, lnGamma, logistic, relativeDecay } from './special.js';

const positive = fc.double({ min: 1e-8, max: 1e6, noNaN: true });
const relative = (found: number, expected: number): number =>
  Math.abs(found - expected) / Math.max(1, Math.abs(expected));

describe('ln Γ', () => {
  // Abramowitz and Stegun 1964, table 6.1 (Γ) and 6.2.
  it.each([
    [1.0, 1.0],
    [1.25, 0.9064024771],
    [1.5, 0.8862269255],
    [1.75, 0.9190625268],
    [2.0, 1.0],
  ])('is that of the table at %d', (x, gamma) => {
    expect(Math.exp(lnGamma(x))).toBeCloseTo(gamma, 9);
  });

  it('is ln of a factorial at whole numbers', () => {
    let factorial = 1n;
    for (let n = 1n; n <= 170n; n += 1n) {
      factorial *= n;
      expect(relative(lnGamma(Number(n) + 1), Math.log(Number(factorial)))).toBeLessThan(1e-14);
    }
  });

  it('grows by ln x from x to x + 1, and keeps to the formula of reflection', () => {
    fc.assert(
      fc.property(positive, (x) => {
        expect(relative(lnGamma(x + 1), lnGamma(x) + Math.log(x))).toBeLessThan(1e-13);
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), (x) => {
        expect(relative(lnGamma(x) + lnGamma(1 - x), Math.log(Math.PI / Math.sin(Math.PI * x)))).toBeLessThan(1e-13);
      }),
    );
  });
});

describe('ψ', () => {
  // Abramowitz and Stegun 1964, table 6.1.
  it.each([
    [1.0, -0.5772156649],
    [1.25, -0.2274535334],
    [1.5, 0.03648997398],
    [1.75, 0.2474724535],
    [2.0, 0.4227843351],
  ])('is that of the table at %d', (x, psi) => {
    expect(digamma(x)).toBeCloseTo(psi, 9);
  });

  it('is the slope of ln Γ', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 1e4, noNaN: true }), (x) => {
        const step = 1e-5 * x;
        const slope = (lnGamma(x + step) - lnGamma(x - step)) / (2 * step);
        expect(relative(digamma(x), slope)).toBeLessThan(1e-6);
      }),
    );
  });
});

describe('a logistic function, and a decay', () => {
  it('does not overflow', () => {
    expect([logistic(-1000), logistic(1000), logistic(0)]).toEqual([0, 1, 0.5]);
    expect(logistic(-Infinity)).toBe(0);
    expect(logistic(Infinity)).toBe(1);
  });

  it('has a limit at 0', () => {
    expect(relativeDecay(0)).toBe(1);
    expect(relativeDecay(1e-12)).toBeCloseTo(1, 11);
    expect(relativeDecay(2)).toBeCloseTo((1 - Math.exp(-2)) / 2, 15);
  });
});
