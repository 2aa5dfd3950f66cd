import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inverse } from './matrix.js';
import { minimize, type Objective } from './minimize.js';

/** Rosenbrock 1960: a curved valley whose lowest point is (1, 1). */
const valley: Objective = ([x = 0, y = 0], gradient) => {
  gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
  gradient[1] = 200 * (y - x * x);
  return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
};

describe('a minimum', () => {
  it('is found at the end of a curved valley, with its second derivatives', () => {
    const { point, value, converged, curvature } = minimize(valley, [-1.2, 1], { bound: 10 });
    expect(converged).toBe(true);
    expect(value).toBeLessThan(1e-16);
    expect([...point]).toEqual([expect.closeTo(1, 7), expect.closeTo(1, 7)]);
    expect(curvature?.map((row) => [...row])).toEqual([
      [expect.closeTo(802, 2), expect.closeTo(-400, 2)],
      [expect.closeTo(-400, 2), expect.closeTo(200, 2)],
    ]);
  });

  it('of a quadratic function is found from anywhere', () => {
    const number = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(
        number,
        number,
        number,
        number,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (a, b, x, y, scale) => {
          const bowl: Objective = ([u = 0, w = 0], gradient) => {
            gradient[0] = 2 * (u - a);
            gradient[1] = 2 * scale * (w - b);
            return (u - a) ** 2 + scale * (w - b) ** 2;
          };
          const { point, converged } = minimize(bowl, [x, y], { bound: 10 });
          expect(converged).toBe(true);
          expect(point[0]).toBeCloseTo(a, 5);
          expect(point[1]).toBeCloseTo(b, 5);
        },
      ),
    );
  });

  it('is not called one where the value falls up to the bound, and has no second derivatives there', () => {
    const slope: Objective = ([x = 0], gradient) => {
      gradient[0] = -Math.exp(-x);
      return Math.exp(-x);
    };
    const { point, converged, curvature } = minimize(slope, [0], { bound: 8 });
    expect(converged).toBe(false);
    expect(point[0]).toBeGreaterThan(6);
    expect(curvature).toBeNull();
  });

  it('is not looked for where the function has no value', () => {
    expect(minimize(() => NaN, [0], { bound: 8 })).toMatchObject({ converged: false, iterations: 0 });
  });
});

describe('the inverse of a symmetric matrix', () => {
  it('times the matrix is 1', () => {
    const entry = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.array(entry, { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 3 }), (rows) => {
        // A Aᵀ + 1 is positive definite.
        const matrix = rows.map((row, i) =>
          Float64Array.from(rows, (other, j) =>
            row.reduce((sum, each, k) => sum + each * (other[k] as number), i === j ? 1 : 0),
          ),
        );
        const inverted = inverse(matrix) as Float64Array[];
        matrix.forEach((row, i) => {
          inverted.forEach((_, j) => {
            const sum = row.reduce((all, each, k) => all + each * ((inverted[k] as Float64Array)[j] as number), 0);
            expect(sum).toBeCloseTo(i === j ? 1 : 0, 9);
          });
        });
      }),
    );
  });

  it('is null for what is not positive definite', () => {
    expect(inverse([Float64Array.of(1, 2), Float64Array.of(2, 1)])).toBeNull();
  });
});
