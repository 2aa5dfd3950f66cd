import { fitByMaximumLikelihood, type Fit, type FitOptions, type LogLikelihood, type Parameters } from './fit.js';
import { checkHistories, distinctHistories, distinctValues, scaledToAge, type WeightedHistories } from './histories.js';
import { lnGamma, logistic } from './numeric/special.js';
import { risingFactorials } from './numeric/rising.js';
import type { HistoryModel } from './model.js';

/**
 * BG/NBD (Fader, Hardie and Lee 2005, "Counting your customers the easy way") and MBG/NBD (Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007).
 *
 * While alive, a customer buys at random at a rate λ; the rates are gamma distributed (shape r, rate α). After each repeat purchase the customer leaves with a probability p, and the p are beta distributed (a, b).
 * In MBG/NBD the customer may leave after the first purchase, too. In BG/NBD no customer without a repeat purchase has left: P(alive) is 1 there, so that it is no measure of churn.
 */
export type BetaGeometricName = 'r' | 'alpha' | 'a' | 'b';
export type BetaGeometricParameters = Parameters<BetaGeometricName>;

interface Variant {
  /** How many chances to leave a customer has had before the first repeat purchase. */
  readonly chances: 0 | 1;
}

export const BG: Variant = { chances: 0 };
export const MBG: Variant = { chances: 1 };

export const BG_NBD: HistoryModel<BetaGeometricName> = model('bg-nbd', BG);
export const MBG_NBD: HistoryModel<BetaGeometricName> = model('mbg-nbd', MBG);

const NAMES = ['r', 'alpha', 'a', 'b'] as const;
const STARTS = [
  [0.5, 0.5, 1, 2],
  [2, 2, 0.5, 5],
];

function model(name: 'bg-nbd' | 'mbg-nbd', variant: Variant): HistoryModel<BetaGeometricName> {
  return {
    name,
    parameterNames: ['r', 'alpha', 'a', 'b'],
    fit: (histories, options) => {
      checkHistories(histories);
      return fitDistinct(distinctHistories(histories), variant, options);
    },
    fitDistinct: (histories, options) => fitDistinct(histories, variant, options),
    logLikelihood: (parameters, histories) => logLikelihoodOf(parameters, distinctHistories(histories), variant),
    probabilityAlive: (parameters, x, recency, age) => probabilityAlive(parameters, x, recency, age, variant),
    expectedPurchasesOfNew: ({ r, alpha, a, b }, t) =>
      expectedWhileAlive({ shape: r, rate: alpha, a, b, skipped: variant.chances }, t),
    expectedPurchases: (parameters, x, recency, age, t) =>
      probabilityAlive(parameters, x, recency, age, variant) *
      expectedWhileAlive(posterior(parameters, x, age, variant), t),
    probabilityOfPurchase: (parameters, x, recency, age, t) => {
      const { r, alpha } = parameters;
      return (
        probabilityAlive(parameters, x, recency, age, variant) * -Math.expm1(-(r + x) * Math.log1p(t / (alpha + age)))
      );
    },
  };
}

function fitDistinct(distinct: WeightedHistories, variant: Variant, options?: FitOptions): Fit<BetaGeometricName> {
  const { scaled, factor, constant } = scaledToAge(distinct);
  return fitByMaximumLikelihood(
    {
      names: NAMES,
      starts: STARTS,
      customers: distinct.customers,
      logLikelihood: betaGeometricLikelihood(scaled, variant),
      unit: { names: ['alpha'], factor },
      constant,
    },
    options,
  );
}

function logLikelihoodOf(parameters: BetaGeometricParameters, histories: WeightedHistories, variant: Variant): number {
  return betaGeometricLikelihood(histories, variant)(
    Float64Array.from(NAMES, (name) => parameters[name]),
    new Float64Array(NAMES.length),
  );
}

export function betaGeometricLikelihood(histories: WeightedHistories, { chances }: Variant): LogLikelihood {
  const { frequency, weight, frequencyMax } = histories;
  const [recencies, ages] = [distinctValues(histories.recency), distinctValues(histories.age)];
  return (parameters, gradient) => {
    const [r, alpha, a, b] = parameters as unknown as [number, number, number, number];
    const purchases = risingFactorials(r, frequencyMax);
    const stayed = risingFactorials(b, frequencyMax + chances);
    const chanced = risingFactorials(a + b, frequencyMax + chances);
    const lnAlpha = Math.log(alpha);
    // ln of the odds of leaving at the chance number n.
    const lnLeaving = stayed.ln.map((_, had) => Math.log(a / (b + had - 1)));
    // ln(α + t) and 1 ÷ (α + t) of the recencies and the ages.
    const [last, end] = [recencies, ages].map(({ values }) => ({
      ln: values.map((each) => Math.log(alpha + each)),
      over: values.map((each) => 1 / (alpha + each)),
    })) as [Record<'ln' | 'over', Float64Array>, Record<'ln' | 'over', Float64Array>];
    let sum = 0;
    let [byR, byAlpha, byA, byB] = [0, 0, 0, 0];
    for (let at = 0; at < frequency.length; at += 1) {
      const x = frequency[at] as number;
      const had = x + chances;
      const times = weight[at] as number;
      const rate = r + x;
      const [atLast, atEnd] = [recencies.indexOf[at] as number, ages.indexOf[at] as number];
      const [lnLast, lnEnd] = [last.ln[atLast] as number, end.ln[atEnd] as number];
      let left = 0;
      let value =
        (purchases.ln[x] as number) +
        r * lnAlpha +
        (stayed.ln[had] as number) -
        (chanced.ln[had] as number) -
        rate * lnEnd;
      if (had > 0) {
        // ln of the odds of having left.
        const odds = (lnLeaving[had] as number) + rate * (lnEnd - lnLast);
        const decay = Math.exp(-Math.abs(odds));
        // ln(1 + e^odds)
        value += Math.max(odds, 0) + Math.log1p(decay);
        left = (odds >= 0 ? 1 : decay) / (1 + decay);
        byA += (times * left) / a;
        byB -= (times * left) / (b + had - 1);
      }
      sum += times * value;
      byR += times * ((purchases.derivative[x] as number) + lnAlpha - (1 - left) * lnEnd - left * lnLast);
      byAlpha +=
        times * (r / alpha - rate * ((1 - left) * (end.over[atEnd] as number) + left * (last.over[atLast] as number)));
      byA -= times * (chanced.derivative[had] as number);
      byB += times * ((stayed.derivative[had] as number) - (chanced.derivative[had] as number));
    }
    gradient[0] = byR;
    gradient[1] = byAlpha;
    gradient[2] = byA;
    gradient[3] = byB;
    return sum;
  };
}

function probabilityAlive(
  { r, alpha, a, b }: BetaGeometricParameters,
  x: number,
  recency: number,
  age: number,
  { chances }: Variant,
): number {
  const had = x + chances;
  if (had === 0) return 1;
  return logistic(-Math.log(a / (b + had - 1)) - (r + x) * Math.log((alpha + age) / (alpha + recency)));
}

/** What is known of the rate and of leaving, of a customer that is alive. */
interface WhileAlive {
  readonly shape: number;
  readonly rate: number;
  readonly a: number;
  readonly b: number;
  /** Chances to leave that lie before the next purchase. */
  readonly skipped: 0 | 1;
}

const posterior = (
  { r, alpha, a, b }: BetaGeometricParameters,
  x: number,
  age: number,
  { chances }: Variant,
): WhileAlive => ({
  shape: r + x,
  rate: alpha + age,
  a,
  b: b + x + chances,
  skipped: 0,
});

/** Beyond this nothing is added that a double would show. */
const NEGLIGIBLE = 1e-17;

/**
 * The expected number of purchases in a time t of a customer that is alive. It is Σ P(N > j) · E[(1 − p)^j], where N is the number of purchases that a customer would make who
 * never leaves (negative binomial). It equals the expression by a hypergeometric function in the paper (equations 9 and 10), but nothing is subtracted, and a = 1 is no special case.
 */
function expectedWhileAlive({ shape, rate, a, b, skipped }: WhileAlive, t: number): number {
  if (!(t > 0)) return 0;
  const z = t / (rate + t);
  const mean = (shape * t) / rate;
  const deviation = Math.sqrt(mean / (1 - z));
  // Before this, P(N > j) is 1 to the last digit.
  const first = Math.max(0, Math.floor(mean - 40 * deviation));
  let stayed = skipped === 1 ? b / (a + b) : 1;
  let sum = 0;
  let j = 0;
  for (; j < first; j += 1) {
    sum += stayed;
    stayed *= (b + j + skipped) / (a + b + j + skipped);
  }
  let probability = Math.exp(
    lnGamma(shape + j) - lnGamma(shape) - lnGamma(j + 1) + shape * Math.log1p(-z) + j * Math.log(z),
  );
  let beyond = 1 - probability;
  while (beyond > NEGLIGIBLE * (1 + sum) || j < mean) {
    sum += beyond * stayed;
    stayed *= (b + j + skipped) / (a + b + j + skipped);
    probability *= (z * (shape + j)) / (j + 1);
    j += 1;
    // The rest is at most a geometric series: that ends the sum where the difference has no digits left.
    const ratio = z * Math.max(1, (shape + j) / (j + 1));
    const atMost = ratio < 1 ? (probability * ratio) / (1 - ratio) : 1;
    beyond = Math.min(Math.max(beyond - probability, 0), atMost);
  }
  return sum;
}
