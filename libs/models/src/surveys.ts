/** What an answer from 0 to 10 makes of who gave it (Reichheld 2003). */
export type Recommender = 'promoter' | 'passive' | 'detractor';

/** 9 and 10 promote, 7 and 8 are passive, the rest detract. */
export function recommenderOf(answer: number): Recommender {
  if (!Number.isInteger(answer) || answer < 0 || answer > 10)
    throw new RangeError(`An answer must be a whole number from 0 to 10 (got ${answer}).`);
  return answer >= 9 ? 'promoter' : answer >= 7 ? 'passive' : 'detractor';
}

/** How many of each a survey has. */
export interface Recommenders {
  readonly promoters: number;
  readonly passives: number;
  readonly detractors: number;
}

export function countRecommenders(answers: Iterable<number>): Recommenders {
  const counts = { promoters: 0, passives: 0, detractors: 0 };
  for (const answer of answers) counts[`${recommenderOf(answer)}s`] += 1;
  return counts;
}

/** The net promoter score, from −100 to 100: the share of promoters less that of detractors, in per cent. Null without an answer: it is not known. */
export function netPromoterScore({ promoters, passives, detractors }: Recommenders): number | null {
  const answers = promoters + passives + detractors;
  return answers === 0 ? null : (100 * (promoters - detractors)) / answers;
}

/**
 * The share of a customer's spending that a brand has by its rank among the brands that the customer uses, 1 the preferred one: the Wallet Allocation Rule,
 * (1 − rank ÷ (brands + 1)) × 2 ÷ brands (Keiningham et al. 2011). The shares of all ranks add up to 1.
 */
export function walletShare(rank: number, brands: number): number {
  if (!Number.isInteger(brands) || brands < 1)
    throw new RangeError(`The brands must be a whole number, 1 or more (got ${brands}).`);
  if (!(rank >= 1 && rank <= brands)) throw new RangeError(`The rank must be from 1 to ${brands} (got ${rank}).`);
  return (1 - rank / (brands + 1)) * (2 / brands);
}

/** The scales of surveys, with their lowest and highest answer: NPS, satisfaction (CSAT), effort (CES, 7 = easy), stars of a review. */
export const SURVEY_SCALES = { nps: [0, 10], csat: [1, 5], ces: [1, 7], stars: [1, 5] } as const;

export type SurveyScale = keyof typeof SURVEY_SCALES;

/** An answer as a share of its scale, from 0 to 1. */
export function shareOfScale(answer: number, scale: SurveyScale): number {
  const [lowest, highest] = SURVEY_SCALES[scale];
  if (!(answer >= lowest && answer <= highest))
    throw new RangeError(`An answer of ${scale} must be from ${lowest} to ${highest} (got ${answer}).`);
  return (answer - lowest) / (highest - lowest);
}

/** An answer, with its age in days at the moment that is asked about. */
export interface SurveyAnswer {
  readonly scale: SurveyScale;
  readonly answer: number;
  readonly ageDays: number;
}

export type SatisfactionGrade = 'very-satisfied' | 'satisfied' | 'neutral' | 'disappointed' | 'very-disappointed';

export interface Satisfaction {
  /** From 0 to 1. */
  readonly score: number;
  readonly grade: SatisfactionGrade;
}

/** After so many days an answer counts half. */
const HALF_LIFE_DAYS = 180;
/** Without a newer answer, satisfaction is not known. */
const KNOWN_DAYS = 360;
const COMPLAINT = 0.1;
const COMPLAINTS_MAX = 0.3;
const GRADES: readonly (readonly [from: number, grade: SatisfactionGrade])[] = [
  [0.8, 'very-satisfied'],
  [0.6, 'satisfied'],
  [0.4, 'neutral'],
  [0.2, 'disappointed'],
];
/** A sum of tenths may miss an edge by the last digit of a float. */
const EPSILON = 1e-12;

/**
 * How satisfied a customer is: the mean of the answers as shares of their scales, weighted by 2^(−age ÷ 180 days), less 0.1 for each open complaint, 0.3 at most.
 * Null where the newest answer is older than 360 days, or there is none. An answer of the future does not count.
 */
export function satisfaction(answers: Iterable<SurveyAnswer>, openComplaints = 0): Satisfaction | null {
  let weights = 0;
  let sum = 0;
  let newest = Number.POSITIVE_INFINITY;
  for (const { scale, answer, ageDays } of answers) {
    if (ageDays < 0) continue;
    const weight = 2 ** (-ageDays / HALF_LIFE_DAYS);
    weights += weight;
    sum += weight * shareOfScale(answer, scale);
    newest = Math.min(newest, ageDays);
  }
  if (newest > KNOWN_DAYS) return null;
  const score = Math.max(0, sum / weights - Math.min(COMPLAINTS_MAX, COMPLAINT * openComplaints));
  const grade = GRADES.find(([from]) => score >= from - EPSILON)?.[1] ?? 'very-disappointed';
  return { score, grade };
}
