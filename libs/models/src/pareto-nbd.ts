import { fitByMaximumLikelihood, type LogLikelihood, type Parameters } from './fit.js';
import { checkHistories, distinctHistories, type WeightedHistories, scaledToAge } from './histories.js';
import type { HistoryModel } from './model.js';
import { noMoments, powerIntegral, powerMoments } from './numeric/power-integral.js';
import { risingFactorials } from './numeric/rising.js';
import { logistic, relativeDecay } from './numeric/special.js';

/**
 * Pareto/NBD (Schmittlein, Morrison and Colombo 1987; Fader and Hardie 2005, "A note on deriving the Pareto/NBD model").
 *
 * While alive, a customer buys at random at a rate λ (gamma distributed: shape r, rate α), and leaves at random at a rate μ (gamma distributed: shape s, rate β), at any time.
 * The likelihood is written with the integral over the time of leaving, which is a sum of positive terms, instead of a difference of two hypergeometric functions.
 */
export type ParetoNbdName = 'r' | 'alpha' | 's' | 'beta';
export type ParetoNbdParameters = Parameters<ParetoNbdName>;

const NAMES = ['r', 'alpha', 's', 'beta'] as const;
const STARTS = [
  [0.5, 0.3, 0.5, 0.3],
  [1, 1, 2, 2],
];

export const PARETO_NBD: HistoryModel<ParetoNbdName> = {
  name: 'pareto-nbd',
  parameterNames: NAMES,
  fit: (histories, options) => {
    checkHistories(histories);
    return PARETO_NBD.fitDistinct(distinctHistories(histories), options);
  },
  fitDistinct: (distinct, options) => {
    const { scaled, factor, constant } = scaledToAge(distinct);
    return fitByMaximumLikelihood(
      {
        names: NAMES,
        starts: STARTS,
        customers: distinct.customers,
        logLikelihood: paretoNbdLikelihood(scaled),
        unit: { names: ['alpha', 'beta'], factor },
        constant,
      },
      options,
    );
  },
  logLikelihood: (parameters, histories) =>
    paretoNbdLikelihood(distinctHistories(histories))(
      Float64Array.from(NAMES, (name) => parameters[name]),
      new Float64Array(NAMES.length),
    ),
  probabilityAlive: (parameters, x, recency, age) => logistic(-lnOddsOfHavingLeft(parameters, x, recency, age)),
  expectedPurchasesOfNew: ({ r, alpha, s, beta }, t) => (r / alpha) * expectedTimeAlive(s, beta, t),
  expectedPurchases: (parameters, x, recency, age, t) => {
    const { r, alpha, s, beta } = parameters;
    return (
      PARETO_NBD.probabilityAlive(parameters, x, recency, age) *
      ((r + x) / (alpha + age)) *
      expectedTimeAlive(s, beta + age, t)
    );
  },
  probabilityOfPurchase: (parameters, x, recency, age, t) => {
    const { r, alpha, s, beta } = parameters;
    // The density of the first purchase from now, before leaving.
    const first =
      ((r + x) / (alpha + age)) * powerIntegral({ c: alpha + age, k: r + x + 1, d: beta + age, m: s, from: 0, to: t });
    return PARETO_NBD.probabilityAlive(parameters, x, recency, age) * Math.min(1, first);
  },
};

/** The expected part of a time t that a customer is alive, of one whose rate of leaving is gamma distributed (s, β). */
function expectedTimeAlive(s: number, beta: number, t: number): number {
  if (!(t > 0)) return 0;
  const ln = Math.log1p(t / beta);
  return beta * ln * relativeDecay((s - 1) * ln);
}

/** ln of P(left) ÷ P(alive). */
function lnOddsOfHavingLeft(
  { r, alpha, s, beta }: ParetoNbdParameters,
  x: number,
  recency: number,
  age: number,
): number {
  const rate = r + x;
  const integral = powerIntegral({ c: alpha, k: rate, d: beta, m: s + 1, from: recency, to: age });
  return (
    Math.log(s) +
    Math.log(integral) +
    rate * Math.log((alpha + age) / (alpha + recency)) +
    s * Math.log((beta + age) / (beta + recency)) -
    Math.log(beta + recency)
  );
}

export function paretoNbdLikelihood(histories: WeightedHistories): LogLikelihood {
  const { frequency, recency, age, weight, frequencyMax } = histories;
  return (parameters, gradient) => {
    const [r, alpha, s, beta] = parameters as unknown as [number, number, number, number];
    const purchases = risingFactorials(r, frequencyMax);
    const [lnAlpha, lnBeta, lnS] = [Math.log(alpha), Math.log(beta), Math.log(s)];
    const moments = noMoments();
    let sum = 0;
    let [byR, byAlpha, byS, byBeta] = [0, 0, 0, 0];
    for (let at = 0; at < frequency.length; at += 1) {
      const [x, last, end, times] = [frequency[at], recency[at], age[at], weight[at]] as [
        number,
        number,
        number,
        number,
      ];
      const rate = r + x;
      const [lnAlphaLast, lnAlphaEnd] = [Math.log(alpha + last), Math.log(alpha + end)];
      const [lnBetaLast, lnBetaEnd] = [Math.log(beta + last), Math.log(beta + end)];
      // Means over the time of leaving, of one that has left: of ln(α + y), 1 ÷ (α + y), and the same of β.
      const { integral, lnC, overC, lnD, overD } = powerMoments(
        { c: alpha, k: rate, d: beta, m: s + 1, from: last, to: end },
        moments,
      );
      const odds =
        lnS + Math.log(integral) + rate * (lnAlphaEnd - lnAlphaLast) + s * (lnBetaEnd - lnBetaLast) - lnBetaLast;
      const left = integral > 0 ? logistic(odds) : 0;
      const share = integral > 0 ? left / integral : 0;
      const lnOnePlusOdds = odds > 0 ? odds + Math.log1p(Math.exp(-odds)) : Math.log1p(Math.exp(odds));
      sum +=
        times *
        ((purchases.ln[x] as number) + r * lnAlpha + s * lnBeta - rate * lnAlphaEnd - s * lnBetaEnd + lnOnePlusOdds);
      const alive = 1 - left;
      byR +=
        times * ((purchases.derivative[x] as number) + lnAlpha - alive * lnAlphaEnd - left * lnAlphaLast - share * lnC);
      byAlpha += times * (r / alpha - rate * (alive / (alpha + end) + share * overC));
      byS += times * (lnBeta - alive * lnBetaEnd - left * lnBetaLast - share * lnD + left / s);
      byBeta += times * (s / beta - (alive * s) / (beta + end) - share * (s + 1) * overD);
    }
    gradient[0] = byR;
    gradient[1] = byAlpha;
    gradient[2] = byS;
    gradient[3] = byBeta;
    return sum;
  };
}
