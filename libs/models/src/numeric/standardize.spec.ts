import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { standardOf } from './standardize.js';

it('is the mean and the deviation of each column, whatever is far from 0', () => {
  const row = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1e9, max: 1e9 + 1000 }));
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), (rows) => {
      const { means, scales } = standardOf(Float64Array.from(rows.flat()), 2);
      [0, 1].forEach((column) => {
        const values = rows.map((each) => each[column] as number);
        const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
        const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length;
        expect(Math.abs((means[column] as number) - mean)).toBeLessThan(1e-9 * (1 + Math.abs(mean)));
        expect(scales[column]).toBeCloseTo(variance === 0 ? 1 : Math.sqrt(variance), 5);
      });
    }),
  );
});
