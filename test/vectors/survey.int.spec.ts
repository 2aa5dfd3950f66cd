import { expect, it } from '@jest/globals';
import { countRecommenders, netPromoterScore, recommenderOf, walletShare, type Recommenders } from '#models';
import { describeCases, vectorCases } from './vectors.js';

const cases = vectorCases('survey.json');

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** The shares of all answers, as the case that asks for them has them. */
function shares({ promoters, passives, detractors }: Recommenders): Record<string, number> {
  const answers = promoters + passives + detractors;
  return {
    promoters: rounded(promoters / answers, 2),
    detractors: rounded(detractors / answers, 2),
    passives: rounded(passives / answers, 2),
    score: rounded((promoters - detractors) / answers, 2),
  };
}

describeCases('surveys', cases, () => {
  it.each(cases.map((each) => [each.id, each] as const))('%s', (id, { input, expected }) => {
    if (typeof input === 'object' && input !== null && 'brands' in input) {
      const brands = Number(input.brands);
      const found = Array.from({ length: brands }, (_, at) => rounded(walletShare(at + 1, brands), 6));
      expect(found).toEqual(expected);
      return;
    }
    // Without an answer the score is not known: not 0, as that source has it.
    if (id === 'nps-empty') expect(netPromoterScore(input as Recommenders)).toBeNull();
    else if (!Array.isArray(input)) expect(netPromoterScore(input as Recommenders)).toBe(expected);
    else if (Array.isArray(expected)) expect((input as number[]).map(recommenderOf)).toEqual(expected);
    else if (typeof expected === 'object') expect(shares(countRecommenders(input as number[]))).toEqual(expected);
    else expect(netPromoterScore(countRecommenders(input as number[]))).toBeCloseTo(expected as number, 10);
  });
});
