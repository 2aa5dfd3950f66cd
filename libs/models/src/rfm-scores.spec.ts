import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  OTHER_SEGMENT,
  quantile,
  RFM_SEGMENTS,
  rfmEdges,
  rfmScores,
  segmentOf,
  type RfmFigures,
} from './rfm-scores.js';

const figures: fc.Arbitrary<RfmFigures> = fc.record({
  recency: fc.nat(400),
  frequency: fc.integer({ min: 1, max: 20 }),
  monetary: fc.integer({ min: -500, max: 5_000 }),
});
const population = fc.array(figures, { minLength: 1, maxLength: 60 });
const methods = fc.constantFrom('standard' as const, 'r-package' as const);

describe('a quantile', () => {
  it.each([
    [[1, 2, 3, 4], 0.25, 1.75],
    [[1, 2, 3, 4], 0.5, 2.5],
    [[15, 20, 35, 40, 50], 0.4, 29],
    [[7], 0.8, 7],
    [[1, 2], 1, 2],
  ])('of %j at %d is %d, as R and SQL have it', (values, share, expected) => {
    expect(quantile(values, share)).toBeCloseTo(expected, 12);
  });

  it('of nothing is not a number', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('RFM scores', () => {
  it('are whole numbers from 1 to 5, equal for equal figures, and never fall where a figure is better', () => {
    fc.assert(
      fc.property(population, figures, figures, methods, (all, one, other, method) => {
        const edges = rfmEdges(all, method);
        const [a, b] = [rfmScores(one, edges, method), rfmScores(other, edges, method)];
        for (const score of Object.values(a)) expect([1, 2, 3, 4, 5]).toContain(score);
        expect(rfmScores({ ...one }, edges, method)).toEqual(a);
        if (one.recency <= other.recency) expect(a.recency).toBeGreaterThanOrEqual(b.recency);
        if (one.frequency >= other.frequency) expect(a.frequency).toBeGreaterThanOrEqual(b.frequency);
        if (one.monetary >= other.monetary) expect(a.monetary).toBeGreaterThanOrEqual(b.monetary);
      }),
    );
  });

  it('do not depend on the order of the population', () => {
    fc.assert(
      fc.property(population, methods, (all, method) => {
        expect(rfmEdges([...all].reverse(), method)).toEqual(rfmEdges(all, method));
      }),
    );
  });

  it('of a population of one kind are all the same, whatever the method counts as an edge', () => {
    const same = { recency: 10, frequency: 2, monetary: 100 };
    expect(rfmScores(same, rfmEdges([same, same, same]))).toEqual({ recency: 5, frequency: 1, monetary: 1 });
  });

  it('divide five different customers into five scores', () => {
    const all = [1, 2, 3, 4, 5].map((each) => ({ recency: 100 - each, frequency: each, monetary: each * 10 }));
    const edges = rfmEdges(all);
    expect(all.map((each) => rfmScores(each, edges))).toEqual(
      [1, 2, 3, 4, 5].map((score) => ({ recency: score, frequency: score, monetary: score })),
    );
  });
});

describe('RFM segments', () => {
  it('take the first that fits', () => {
    expect(segmentOf({ recency: 5, frequency: 5, monetary: 5 })).toBe('Champions');
    expect(segmentOf({ recency: 1, frequency: 1, monetary: 1 })).toBe('Lost');
    expect(segmentOf({ recency: 5, frequency: 5, monetary: 1 })).toBe(OTHER_SEGMENT);
    expect(segmentOf({ recency: 5, frequency: 5, monetary: 5 }, [...RFM_SEGMENTS].reverse())).toBe(
      'Potential Loyalist',
    );
  });
});
