import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noMoments, powerIntegral, powerMoments, type PowerIntegrand } from './power-integral.js';

const positive = (min: number, max: number) => fc.double({ min, max, noNaN: true });

/** Simpson's rule in ln y, with many points: slow, and another way. */
function slowly({ c, k, d, m, rate = 0, from, to }: PowerIntegrand): number {
  const f = (y: number): number =>
    Math.exp(-k * Math.log((c + y) / (c + from)) - m * Math.log((d + y) / (d + from)) - rate * (y - from));
  const base = Math.min(c, d) + from;
  const end = Math.log1p((to - from) / base);
  const g = (v: number): number => f(from + base * Math.expm1(v)) * base * Math.exp(v);
  const n = 8_000;
  const h = end / n;
  let sum = g(0) + g(end);
  for (let at = 1; at < n; at += 1) sum += (at % 2 === 1 ? 4 : 2) * g(at * h);
  return (sum * h) / 3;
}

describe('the integral of two powers', () => {
  it('is known where both have one base', () => {
    fc.assert(
      fc.property(
        positive(1e-3, 1e3),
        positive(0, 300),
        positive(1.01, 300),
        positive(0, 100),
        positive(1e-6, 1e4),
        (c, k, m, from, length) => {
          const found = powerIntegral({ c, k, d: c, m, from, to: from + length });
          const power = k + m - 1;
          const exact = ((c + from) * -Math.expm1(-power * Math.log1p((from + length - from) / (c + from)))) / power;
          expect(Math.abs(found - exact)).toBeLessThan(1e-9 * exact);
        },
      ),
    );
  });

  it('equals a slow rule, whatever the powers and bases are', () => {
    fc.assert(
      fc.property(
        positive(1e-2, 1e3),
        positive(0, 40),
        positive(1e-2, 1e3),
        positive(0.5, 50),
        positive(0, 50),
        positive(0.01, 500),
        (c, k, d, m, from, length) => {
          const integrand = { c, k, d, m, from, to: from + length };
          const slow = slowly(integrand);
          expect(Math.abs(powerIntegral(integrand) - slow)).toBeLessThan(1e-6 * slow);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('has no end where it is discounted', () => {
    // ∫ e^(−δ y) dy = 1 ÷ δ
    expect(powerIntegral({ c: 3, k: 0, d: 5, m: 0, rate: 0.25, from: 0, to: Infinity })).toBeCloseTo(4, 10);
    // ∫ (1 + y)^−2 e^−y dy = 1 − e · E₁(1), with E₁(1) = 0.219383934 (Abramowitz and Stegun 1964, table 5.1)
    expect(powerIntegral({ c: 1, k: 0, d: 1, m: 2, rate: 1, from: 0, to: Infinity })).toBeCloseTo(
      1 - Math.E * 0.2193839343955203,
      11,
    );
  });

  it('is 0 over nothing', () => {
    expect(powerIntegral({ c: 1, k: 1, d: 1, m: 1, from: 2, to: 2 })).toBe(0);
  });

  it('has moments that are its derivatives by the powers and the bases', () => {
    fc.assert(
      fc.property(
        positive(0.1, 100),
        positive(0, 40),
        positive(0.1, 100),
        positive(0.5, 20),
        positive(0, 50),
        positive(0.1, 100),
        (c, k, d, m, from, length) => {
          const integrand = { c, k, d, m, from, to: from + length };
          const { integral, lnC, overC, lnD, overD } = powerMoments(integrand, noMoments());
          const slope = (name: 'c' | 'k' | 'd' | 'm'): number => {
            const step = 1e-5 * (integrand[name] + 0.1);
            const at = (by: number): number => powerIntegral({ ...integrand, [name]: integrand[name] + by });
            return (at(step) - at(-step)) / (2 * step);
          };
          const near = (found: number, expected: number): void => {
            expect(Math.abs(found - expected)).toBeLessThan(1e-6 * (Math.abs(expected) + (1 + k + m) * integral));
          };
          near(-lnC, slope('k'));
          near(-lnD, slope('m'));
          near((k * integral) / (c + from) - k * overC, slope('c'));
          near((m * integral) / (d + from) - m * overD, slope('d'));
        },
      ),
    );
  });

  it('neither overflows nor vanishes for a customer who bought thousands of times', () => {
    const found = powerIntegral({ c: 0.008, k: 5000, d: 2.8, m: 3, from: 1, to: 37 });
    // Nearly ∫ e^(−k y ÷ (c + from)) dy
    expect(found).toBeGreaterThan(0.9 * (1.008 / 5000));
    expect(found).toBeLessThan(1.1 * (1.008 / 5000));
  });
});
