import { describe, expect, it } from '@jest/globals';
import { BG_NBD } from './beta-geometric.js';
import { bootstrap } from './bootstrap.js';
import { PARETO_NBD } from './pareto-nbd.js';
import { histories } from './testdata/histories.js';
import { mulberry32, simulatedHistories } from './testdata/simulated.js';

const TRUTH = { r: 0.8, alpha: 8, a: 0.9, b: 3 };
/** In whole weeks, so that customers share their histories. */
const weekly = (seed: number, customers: number) => {
  const { frequency, recency, age } = simulatedHistories(seed, customers, () => TRUTH);
  return { frequency, recency: recency.map(Math.floor), age: age.map(Math.floor) };
};

describe('the bootstrap', () => {
  const rows = weekly(4, 800);

  it('gives intervals as wide as the standard errors say', () => {
    const { fit, intervals, replicates } = bootstrap(BG_NBD, rows, { replicates: 50, random: mulberry32(1) });
    expect(replicates).toBeGreaterThan(40);
    for (const name of ['r', 'alpha', 'b'] as const) {
      const [from, to] = intervals[name];
      expect(fit.parameters[name]).toBeGreaterThan(from);
      expect(fit.parameters[name]).toBeLessThan(to);
      const width = (to - from) / (2 * 1.96 * (fit.standardErrors?.[name] as number));
      expect(width).toBeGreaterThan(0.6);
      expect(width).toBeLessThan(1.7);
    }
  });

  it('is the same for the same numbers, and narrower for a lower level', () => {
    const of = (level: number) => bootstrap(BG_NBD, rows, { replicates: 8, level, random: mulberry32(2) }).intervals.r;
    expect(of(0.9)).toEqual(of(0.9));
    const [[a, b], [c, d]] = [of(0.5), of(0.95)];
    expect(b - a).toBeLessThan(d - c);
  });

  it('works for Pareto/NBD, and tells its progress', () => {
    const told: number[] = [];
    const { intervals, replicates, failed } = bootstrap(PARETO_NBD, weekly(9, 150), {
      ...{ replicates: 5, random: mulberry32(3) },
      onReplicate: (done) => told.push(done),
    });
    expect(told).toEqual([1, 2, 3, 4, 5]);
    expect(replicates + failed).toBe(5);
    expect(intervals.r[0]).toBeLessThanOrEqual(intervals.r[1]);
  });

  it('rests on no replicate where the data do not tell the parameters', () => {
    const alike = histories(Array.from({ length: 30 }, () => [10, 10, 10.5] as const));
    expect(bootstrap(BG_NBD, alike, { replicates: 3, random: mulberry32(1) })).toMatchObject({
      replicates: 0,
      failed: 3,
    });
  });
});
