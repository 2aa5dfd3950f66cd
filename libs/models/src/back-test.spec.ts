import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { areaUnderCurve, calibrationByDecile, meanAbsoluteError, purchasesAtFormerRate } from './back-test.js';

const numbers = (...values: number[]): Float64Array => Float64Array.from(values);

describe('the area under the ROC curve', () => {
  it('is 1 where the scores tell the outcomes apart, 0 where they do so backwards, and one half where they tell nothing', () => {
    expect(areaUnderCurve(numbers(1, 2, 3, 4), [0, 0, 1, 1])).toBe(1);
    expect(areaUnderCurve(numbers(4, 3, 2, 1), [0, 0, 1, 1])).toBe(0);
    expect(areaUnderCurve(numbers(5, 5, 5, 5), [0, 1, 0, 1])).toBe(0.5);
  });

  it('is that of the published example', () => {
    // Hanley and McNeil 1982, table 1: 109 patients rated from 1 (definitely normal) to 5 (definitely abnormal); the area is .893.
    const normal = [33, 6, 6, 11, 2];
    const abnormal = [3, 2, 2, 11, 33];
    const scores: number[] = [];
    const outcomes: boolean[] = [];
    [normal, abnormal].forEach((counts, outcome) =>
      counts.forEach((count, rating) => {
        for (let n = 0; n < count; n += 1) {
          scores.push(rating + 1);
          outcomes.push(outcome === 1);
        }
      }),
    );
    expect(areaUnderCurve(Float64Array.from(scores), outcomes)).toBeCloseTo(0.893, 3);
  });

  it('does not exist where all outcomes are alike', () => {
    expect(areaUnderCurve(numbers(1, 2), [1, 1])).toBeNull();
    expect(areaUnderCurve(numbers(1, 2), [0, 0])).toBeNull();
    expect(areaUnderCurve(numbers(), [])).toBeNull();
  });

  it('is the share of pairs in their right order', () => {
    const rows = fc.array(fc.tuple(fc.nat(6), fc.boolean()), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(rows, (pairs) => {
        const [yes, no] = [true, false].map((is) => pairs.filter(([, outcome]) => outcome === is)) as [
          typeof pairs,
          typeof pairs,
        ];
        fc.pre(yes.length > 0 && no.length > 0);
        let right = 0;
        for (const [a] of yes) for (const [b] of no) right += a > b ? 1 : a === b ? 0.5 : 0;
        const found = areaUnderCurve(
          Float64Array.from(pairs, ([score]) => score),
          pairs.map(([, outcome]) => outcome),
        );
        expect(found).toBeCloseTo(right / (yes.length * no.length), 12);
      }),
    );
  });
});

describe('the calibration', () => {
  it('compares ten equal parts, from the least that was foretold to the most', () => {
    const predicted = Float64Array.from({ length: 100 }, (_, n) => (99 - n) / 100);
    const observed = Array.from({ length: 100 }, (_, n) => (n < 50 ? 1 : 0));
    const parts = calibrationByDecile(predicted, observed);
    expect(parts).toHaveLength(10);
    expect(parts.map(({ customers, observed }) => [customers, observed])).toEqual(
      Array.from({ length: 10 }, (_, part) => [10, part < 5 ? 0 : 1]),
    );
    parts.forEach(({ predicted: mean }, part) => expect(mean).toBeCloseTo(0.045 + part / 10, 12));
  });

  it('loses no customer', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (predicted) => {
        const parts = calibrationByDecile(Float64Array.from(predicted), predicted);
        expect(parts.reduce((sum, { customers }) => sum + customers, 0)).toBe(predicted.length);
        for (const part of parts) expect(part.observed).toBeCloseTo(part.predicted, 12);
      }),
    );
  });
});

describe('the error', () => {
  it('is the mean of the absolute differences', () => {
    expect(meanAbsoluteError(numbers(1, 2, 3), [1, 4, 0])).toBeCloseTo(5 / 3, 12);
  });

  it('of the naive forecast is that of going on as before', () => {
    expect(purchasesAtFormerRate(3, 30, 10)).toBe(1);
    expect(purchasesAtFormerRate(0, 0, 10)).toBe(0);
  });
});
