import { fitByMaximumLikelihood, type Fit, type FitOptions, type LogLikelihood, type Parameters } from './fit.js';
import { ModelInputError } from './input-error.js';

/**
 * sBG, shifted beta-geometric (Fader and Hardie 2007, "How to project customer retention"): at each renewal of a contract the customer leaves with a probability of the customer's own; these are beta distributed (α, β). Retention of a cohort rises with its age,
 * since those who are likely to leave leave first.
 */
export type SbgName = 'alpha' | 'beta';
export type SbgParameters = Parameters<SbgName>;

/** A cohort: how many customers there were at the start and after each renewal. */
export interface Cohort {
  readonly survivors: readonly number[];
}

/** @throws ModelInputError where a number of survivors rises or is negative, or nothing was renewed yet. */
export function fitSbg(cohorts: readonly Cohort[], options?: FitOptions): Fit<SbgName> {
  checkCohorts(cohorts);
  return fitByMaximumLikelihood(
    {
      names: ['alpha', 'beta'],
      starts: [
        [1, 1],
        [0.5, 5],
      ],
      customers: cohorts.reduce((sum, { survivors }) => sum + (survivors[0] as number), 0),
      logLikelihood: sbgLikelihood(cohorts),
    },
    options,
  );
}

function checkCohorts(cohorts: readonly Cohort[]): void {
  const issues = cohorts.flatMap(({ survivors }, row) =>
    survivors.flatMap((each, period) => {
      const before = survivors[period - 1];
      if (!Number.isFinite(each) || each < 0)
        return [{ row, column: `period ${period}`, detail: `must be a number, 0 or more (got ${each})` }];
      if (before !== undefined && each > before)
        return [
          {
            row,
            column: `period ${period}`,
            detail: `must not be greater than the period before (${before} → ${each})`,
          },
        ];
      return [];
    }),
  );
  if (issues.length > 0) throw new ModelInputError('The survivors are not valid.', issues);
  if (!cohorts.some(({ survivors }) => survivors.length > 1 && (survivors[0] as number) > 0))
    throw new ModelInputError(
      'No cohort has a renewal yet: give the customers at the start and after each renewal.',
      [],
    );
}

export function sbgLikelihood(cohorts: readonly Cohort[]): LogLikelihood {
  return (parameters, gradient) => {
    const [alpha, beta] = parameters as unknown as [number, number];
    let sum = 0;
    let [byAlpha, byBeta] = [0, 0];
    for (const { survivors } of cohorts) {
      // ln of the survival to a period, and its derivatives.
      let [stayed, stayedByAlpha, stayedByBeta] = [0, 0, 0];
      for (let period = 1; period < survivors.length; period += 1) {
        const lost = (survivors[period - 1] as number) - (survivors[period] as number);
        const all = alpha + beta + period - 1;
        sum += lost * (stayed + Math.log(alpha / all));
        byAlpha += lost * (stayedByAlpha + 1 / alpha - 1 / all);
        byBeta += lost * (stayedByBeta - 1 / all);
        stayed += Math.log((beta + period - 1) / all);
        stayedByAlpha -= 1 / all;
        stayedByBeta += 1 / (beta + period - 1) - 1 / all;
      }
      const last = survivors.at(-1) as number;
      sum += last * stayed;
      byAlpha += last * stayedByAlpha;
      byBeta += last * stayedByBeta;
    }
    gradient[0] = byAlpha;
    gradient[1] = byBeta;
    return sum;
  };
}

/** The probability that a customer who has renewed `renewals` times renews once more. */
export const sbgRetention = ({ alpha, beta }: SbgParameters, renewals: number): number =>
  (beta + renewals) / (alpha + beta + renewals);

/** The probability that a new customer is still there after `renewals`. */
export function sbgSurvival({ alpha, beta }: SbgParameters, renewals: number): number {
  let stayed = 1;
  for (let at = 0; at < renewals; at += 1) stayed *= (beta + at) / (alpha + beta + at);
  return stayed;
}

/** Renewals beyond this add less than a double shows, at any discount that a business would use. */
const RENEWALS_MAX = 100_000;

/**
 * The discounted expected number of payments still to come of a customer who has renewed `renewals` times and whose next renewal is due now (DERL; Fader and Hardie 2010, "Customer-base valuation in a contractual setting"): each renewal is paid when it is made.
 * Infinite without a discount where α ≤ 1.
 */
export function sbgExpectedRenewals(parameters: SbgParameters, renewals: number, discount: number): number {
  if (discount === 0) return parameters.alpha > 1 ? (parameters.beta + renewals) / (parameters.alpha - 1) : Infinity;
  let [sum, term] = [0, 1];
  for (let ahead = 0; ahead < RENEWALS_MAX; ahead += 1) {
    term *= sbgRetention(parameters, renewals + ahead) / (ahead === 0 ? 1 : 1 + discount);
    sum += term;
    if (term < 1e-17 * sum) break;
  }
  return sum;
}
