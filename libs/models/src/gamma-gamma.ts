import { fitByMaximumLikelihood, type Fit, type FitOptions, type LogLikelihood, type Parameters } from './fit.js';
import { DistinctRows } from './histories.js';
import { invalidAt, ModelInputError, type ModelIssue } from './input-error.js';
import { digamma, lnGamma } from './numeric/special.js';

/**
 * Gamma-Gamma (Colombo and Jiang 1999; Fader and Hardie 2013, "The Gamma-Gamma model of monetary value"): the amounts of a customer's purchases are gamma distributed (p, ν) around a mean of the customer's own, and the ν are gamma distributed (q, v).
 * How often a customer buys is independent of how much.
 */
export type GammaGammaName = 'p' | 'q' | 'v';
export type GammaGammaParameters = Parameters<GammaGammaName>;

/** How many repeat purchases each customer made, and their mean value. */
export interface SpendHistories {
  readonly frequency: Float64Array;
  readonly monetary: Float64Array;
}

const NAMES = ['p', 'q', 'v'] as const;
const STARTS = [
  [1, 3, 1],
  [6, 4, 0.5],
];

/**
 * Fits those customers that have a repeat purchase; the others say nothing of amounts.
 * @throws ModelInputError where a mean value of repeat purchases is not positive, or none has one.
 */
export function fitGammaGamma(histories: SpendHistories, options?: FitOptions): Fit<GammaGammaName> {
  const issues = spendIssues(histories);
  if (issues.length > 0) throw new ModelInputError('The purchase values are not valid.', issues);
  const distinct = new DistinctRows(histories.frequency.length, 2);
  let [customers, sum] = [0, 0];
  histories.frequency.forEach((x, at) => {
    if (x === 0) return;
    const mean = histories.monetary[at] as number;
    distinct.add(x, mean);
    customers += 1;
    sum += mean;
  });
  if (customers === 0) throw new ModelInputError('No customer has a repeat purchase.', []);
  // Money in units of the mean.
  const factor = sum / customers;
  const [frequency, monetary] = distinct.columns() as [Float64Array, Float64Array];
  return fitByMaximumLikelihood(
    {
      names: NAMES,
      starts: STARTS,
      customers,
      logLikelihood: gammaGammaLikelihood(
        frequency,
        monetary.map((each) => each / factor),
        distinct.weights(),
      ),
      unit: { names: ['v'], factor },
      constant: -customers * Math.log(factor),
    },
    options,
  );
}

/** A mean value that no fit can use. */
export function spendIssues({ frequency, monetary }: SpendHistories): readonly ModelIssue[] {
  const issues: ModelIssue[] = [];
  frequency.forEach((x, at) => {
    const mean = monetary[at] as number;
    if (!Number.isInteger(x) || x < 0) issues.push(invalidAt(at, 'frequency', 'must be a whole number, 0 or more', x));
    else if (x > 0 && !(mean > 0 && Number.isFinite(mean)))
      issues.push(invalidAt(at, 'monetary', 'must be greater than 0 where there are repeat purchases', mean));
  });
  return issues;
}

export function gammaGammaLikelihood(
  frequency: Float64Array,
  monetary: Float64Array,
  weight: Float64Array,
): LogLikelihood {
  const lnSums = frequency.map((x, at) => Math.log(x * (monetary[at] as number)));
  const gammas = new Map<number, readonly [both: number, bothSlope: number, own: number, ownSlope: number]>();
  return (parameters, gradient) => {
    const [p, q, v] = parameters as unknown as [number, number, number];
    gammas.clear();
    const [lnGammaQ, slopeQ, lnV] = [lnGamma(q), digamma(q), Math.log(v)];
    let sum = 0;
    let [byP, byQ, byV] = [0, 0, 0];
    for (let at = 0; at < frequency.length; at += 1) {
      const [x, mean, times, lnSum] = [frequency[at], monetary[at], weight[at], lnSums[at]] as [
        number,
        number,
        number,
        number,
      ];
      let gamma = gammas.get(x);
      if (gamma === undefined) {
        gamma = [lnGamma(p * x + q), digamma(p * x + q), lnGamma(p * x), digamma(p * x)];
        gammas.set(x, gamma);
      }
      const [both, bothSlope, own, ownSlope] = gamma;
      const shape = p * x + q;
      const lnTotal = Math.log(x * mean + v);
      sum += times * (both - own - lnGammaQ + q * lnV + p * x * lnSum - Math.log(mean) - shape * lnTotal);
      byP += times * x * (bothSlope - ownSlope + lnSum - lnTotal);
      byQ += times * (bothSlope - slopeQ + lnV - lnTotal);
      byV += times * (q / v - shape / (x * mean + v));
    }
    gradient[0] = byP;
    gradient[1] = byQ;
    gradient[2] = byV;
    return sum;
  };
}

/**
 * The expected mean value of a customer's purchases: between the mean of the population and the customer's own, the nearer to this the more purchases there were. Without a repeat purchase it is the mean of the
 * population, p · v ÷ (q − 1); null where that does not exist (q ≤ 1).
 */
export function expectedSpend({ p, q, v }: GammaGammaParameters, frequency: number, monetary: number): number | null {
  const shape = p * frequency + q - 1;
  return shape > 0 ? (p * (v + frequency * monetary)) / shape : null;
}
