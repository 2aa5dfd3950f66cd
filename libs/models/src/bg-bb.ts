import { fitByMaximumLikelihood, type Fit, type FitOptions, type LogLikelihood, type Parameters } from './fit.js';
import { distinctHistories, historyIssues, type PurchaseHistories, type WeightedHistories } from './histories.js';
import { invalidAt, ModelInputError } from './input-error.js';
import { risingFactorials, type RisingFactorials } from './numeric/rising.js';

/**
 * BG/BB (Fader, Hardie and Shang 2010, "Customer-base analysis in a discrete-time noncontractual setting"): for businesses where a customer can buy only now and then, at an event, in a season, once a year.
 *
 * At each opportunity a living customer buys with a probability p (beta distributed: α, β), and leaves before it with a probability θ (beta distributed: γ, δ). In a history, `frequency` counts the opportunities with a purchase,
 * `recency` is the number of the last of them, and `age` is the number of opportunities (n).
 */
export type BgBbName = 'alpha' | 'beta' | 'gamma' | 'delta';
export type BgBbParameters = Parameters<BgBbName>;

const NAMES = ['alpha', 'beta', 'gamma', 'delta'] as const;
const STARTS = [
  [1, 1, 1, 3],
  [0.5, 0.5, 0.5, 2],
];

/** @throws ModelInputError where the histories are not valid. */
export function fitBgBb(histories: PurchaseHistories, options?: FitOptions): Fit<BgBbName> {
  checkOpportunities(histories);
  const distinct = distinctHistories(histories);
  return fitByMaximumLikelihood(
    { names: NAMES, starts: STARTS, customers: distinct.customers, logLikelihood: bgBbLikelihood(distinct) },
    options,
  );
}

function checkOpportunities(histories: PurchaseHistories): void {
  const { frequency, recency, age } = histories;
  if (frequency.length === 0) throw new ModelInputError('There are no customers to fit.', []);
  const issues = [...historyIssues(histories)];
  for (let at = 0; at < frequency.length; at += 1) {
    const [x, last, n] = [frequency[at], recency[at], age[at]] as [number, number, number];
    if (!Number.isInteger(last))
      issues.push(invalidAt(at, 'recency', 'must be a whole number: of an opportunity', last));
    else if (!Number.isInteger(n)) issues.push(invalidAt(at, 'T', 'must be a whole number: of opportunities', n));
    else if (x > last) issues.push(invalidAt(at, 'frequency', `must not be greater than recency (${last})`, x));
  }
  if (issues.length > 0) throw new ModelInputError('The histories are not valid.', issues);
}

export function bgBbLikelihood({ frequency, recency, age, weight }: WeightedHistories): LogLikelihood {
  const opportunities = age.reduce((most, each) => Math.max(most, each), 0);
  return (parameters, gradient) => {
    const tables = tablesOf(parameters, opportunities + 1);
    let sum = 0;
    for (let at = 0; at < frequency.length; at += 1) {
      const [x, last, n, times] = [frequency[at], recency[at], age[at], weight[at]] as [number, number, number, number];
      const terms = lnTerms(tables, x, last, n);
      const most = Math.max(...terms);
      const total = terms.reduce((all, each) => all + Math.exp(each - most), 0);
      sum += times * (most + Math.log(total));
      terms.forEach((each, term) => {
        const share = (times * Math.exp(each - most)) / total;
        addDerivatives(tables, { x, last, n, term }, share, gradient);
      });
    }
    return sum;
  };
}

interface Tables {
  readonly alpha: RisingFactorials;
  readonly beta: RisingFactorials;
  readonly both: RisingFactorials;
  readonly gamma: number;
  readonly delta: RisingFactorials;
  readonly leaving: RisingFactorials;
}

function tablesOf(parameters: Float64Array, upTo: number): Tables {
  const [alpha, beta, gamma, delta] = parameters as unknown as [number, number, number, number];
  return {
    alpha: risingFactorials(alpha, upTo),
    beta: risingFactorials(beta, upTo),
    both: risingFactorials(alpha + beta, upTo),
    gamma,
    delta: risingFactorials(delta, upTo),
    leaving: risingFactorials(gamma + delta, upTo),
  };
}

/** The log-likelihoods of each possible course: alive to the end (first), or left after the opportunity last, last + 1, … n − 1. */
function lnTerms(tables: Tables, x: number, last: number, n: number): number[] {
  const { alpha, beta, both, gamma, delta, leaving } = tables;
  const bought = (until: number): number =>
    (alpha.ln[x] as number) + (beta.ln[until - x] as number) - (both.ln[until] as number);
  const terms = [bought(n) + (delta.ln[n] as number) - (leaving.ln[n] as number)];
  for (let until = last; until < n; until += 1)
    terms.push(bought(until) + Math.log(gamma) + (delta.ln[until] as number) - (leaving.ln[until + 1] as number));
  return terms;
}

function addDerivatives(
  tables: Tables,
  { x, last, n, term }: { readonly x: number; readonly last: number; readonly n: number; readonly term: number },
  share: number,
  gradient: Float64Array,
): void {
  const { alpha, beta, both, gamma, delta, leaving } = tables;
  const until = term === 0 ? n : last + term - 1;
  const left = term === 0 ? 0 : 1;
  const together = both.derivative[until] as number;
  const leave = leaving.derivative[until + left] as number;
  gradient[0] = (gradient[0] as number) + share * ((alpha.derivative[x] as number) - together);
  gradient[1] = (gradient[1] as number) + share * ((beta.derivative[until - x] as number) - together);
  gradient[2] = (gradient[2] as number) + share * (left / gamma - leave);
  gradient[3] = (gradient[3] as number) + share * ((delta.derivative[until] as number) - leave);
}

const pointOf = (parameters: BgBbParameters): Float64Array => Float64Array.from(NAMES, (name) => parameters[name]);

/** Of all customers. */
export const bgBbLogLikelihood = (parameters: BgBbParameters, histories: PurchaseHistories): number =>
  bgBbLikelihood(distinctHistories(histories))(pointOf(parameters), new Float64Array(4));

/** The probability that the customer will be there at the next opportunity, n + 1. */
export function bgBbProbabilityAlive(parameters: BgBbParameters, x: number, last: number, n: number): number {
  return aliveAt(parameters, x, last, n, 1);
}

/** The expected number of purchases at the next `opportunities`. */
export function bgBbExpectedPurchases(
  parameters: BgBbParameters,
  x: number,
  last: number,
  n: number,
  opportunities: number,
): number {
  const { alpha, beta } = parameters;
  const chance = (alpha + x) / (alpha + beta + n);
  let alive = 0;
  for (let ahead = 1; ahead <= opportunities; ahead += 1) alive += aliveAt(parameters, x, last, n, ahead);
  return chance * alive;
}

/** The expected number of purchases of a customer without a history, at the first n opportunities. */
export const bgBbExpectedOfNew = (parameters: BgBbParameters, n: number): number =>
  bgBbExpectedPurchases(parameters, 0, 0, 0, n);

/** The probability that a customer is alive at the opportunity n + ahead. */
function aliveAt(parameters: BgBbParameters, x: number, last: number, n: number, ahead: number): number {
  const tables = tablesOf(pointOf(parameters), n + 1);
  const [alive, ...left] = lnTerms(tables, x, last, n) as [number, ...number[]];
  const odds = left.reduce((sum, each) => sum + Math.exp(each - alive), 0);
  const { gamma, delta } = parameters;
  let stays = 1;
  for (let next = 0; next < ahead; next += 1) stays *= (delta + n + next) / (gamma + delta + n + next);
  return stays / (1 + odds);
}
