import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  countRecommenders,
  netPromoterScore,
  recommenderOf,
  satisfaction,
  shareOfScale,
  SURVEY_SCALES,
  walletShare,
  type SurveyScale,
} from './surveys.js';

const scales = fc.constantFrom(...(Object.keys(SURVEY_SCALES) as SurveyScale[]));
const answers = fc.array(
  scales.chain((scale) => {
    const [min, max] = SURVEY_SCALES[scale];
    return fc.record({ scale: fc.constant(scale), answer: fc.integer({ min, max }), ageDays: fc.nat(500) });
  }),
  { maxLength: 8 },
);

describe('the net promoter score', () => {
  it('lies between −100 and 100, and is not known without an answer', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10)), (given) => {
        const score = netPromoterScore(countRecommenders(given));
        if (given.length === 0) expect(score).toBeNull();
        else expect(Math.abs(score ?? Number.NaN)).toBeLessThanOrEqual(100);
      }),
    );
  });

  it.each([-1, 11, 7.5, Number.NaN])('rejects the answer %d', (answer) => {
    expect(() => recommenderOf(answer)).toThrow(RangeError);
  });
});

describe('the share of a wallet', () => {
  it('adds up to 1 over all ranks, and is greater for the better rank', () => {
    for (let brands = 1; brands <= 12; brands += 1) {
      const shares = Array.from({ length: brands }, (_, at) => walletShare(at + 1, brands));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      expect([...shares].sort((a, b) => b - a)).toEqual(shares);
    }
  });

  it.each([
    [0, 3],
    [4, 3],
    [1, 0],
    [1, 1.5],
  ])('rejects rank %d of %d brands', (rank, brands) => {
    expect(() => walletShare(rank, brands)).toThrow(RangeError);
  });
});

describe('satisfaction', () => {
  it.each([
    ['nps', 10, 1],
    ['csat', 3, 0.5],
    ['ces', 1, 0],
    ['stars', 4, 0.75],
  ] as const)('takes an answer of %s as a share of its scale', (scale, answer, share) => {
    expect(shareOfScale(answer, scale)).toBe(share);
  });

  it('weighs an answer half after 180 days', () => {
    const found = satisfaction([
      { scale: 'nps', answer: 10, ageDays: 0 },
      { scale: 'nps', answer: 0, ageDays: 180 },
    ]);
    expect(found?.score).toBeCloseTo(2 / 3, 12);
    expect(found?.grade).toBe('satisfied');
  });

  it.each([
    [8, 0, 'very-satisfied'],
    [8, 1, 'satisfied'],
    [8, 2, 'satisfied'],
    [8, 3, 'neutral'],
    [8, 9, 'neutral'],
    [2, 0, 'disappointed'],
    [1, 9, 'very-disappointed'],
  ] as const)('of the answer %d with %d open complaints is %s', (answer, complaints, grade) => {
    expect(satisfaction([{ scale: 'nps', answer, ageDays: 0 }], complaints)?.grade).toBe(grade);
  });

  it('is not known without an answer of the last 360 days', () => {
    expect(satisfaction([])).toBeNull();
    expect(satisfaction([{ scale: 'csat', answer: 5, ageDays: 361 }])).toBeNull();
    expect(satisfaction([{ scale: 'csat', answer: 5, ageDays: -1 }])).toBeNull();
    expect(satisfaction([{ scale: 'csat', answer: 5, ageDays: 360 }])?.grade).toBe('very-satisfied');
  });

  it('lies between 0 and 1, in any order of the answers, and falls with each complaint', () => {
    fc.assert(
      fc.property(answers, fc.nat(5), (given, complaints) => {
        const found = satisfaction(given, complaints);
        if (found === null) return;
        expect(found.score).toBeGreaterThanOrEqual(0);
        expect(found.score).toBeLessThanOrEqual(1);
        expect(satisfaction([...given].reverse(), complaints)?.score).toBeCloseTo(found.score, 12);
        expect(satisfaction(given, complaints + 1)?.score).toBeLessThanOrEqual(found.score);
      }),
    );
  });
});
