import { betaGeometricLikelihood, BG, BG_NBD, type BetaGeometricParameters } from './beta-geometric.js';
import {
  checkHistories,
  distinctHistories,
  scaledToAge,
  type PurchaseHistories,
  type WeightedHistories,
} from './histories.js';
import { ModelInputError } from './input-error.js';
import { inverse } from './numeric/matrix.js';
import { minimize, type Objective } from './numeric/minimize.js';
import { standardOf } from './numeric/standardize.js';
import type { LogLikelihood, FitOptions } from './fit.js';

/**
 * BG/NBD with covariates that do not change over time (Fader and Hardie 2007, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models"): those of purchasing divide α by
 * e^(γ·z), so that a customer with a greater γ·z buys more often; those of leaving multiply a by e^(δ·z) and b by e^(−δ·z), so that a customer with a greater δ·z leaves sooner.
 */
export interface CovariateHistories extends PurchaseHistories {
  /** The names of the covariates, in order. */
  readonly names: readonly string[];
  /** Customer after customer, `names.length` numbers each. */
  readonly covariates: Float64Array;
}

export interface CovariateParameters extends BetaGeometricParameters {
  /** γ by name. */
  readonly purchasing: Readonly<Record<string, number>>;
  /** δ by name. */
  readonly leaving: Readonly<Record<string, number>>;
}

export interface CovariateFit {
  readonly parameters: CovariateParameters;
  /** As `parameters`; null where the data do not tell them. */
  readonly standardErrors: CovariateParameters | null;
  readonly logLikelihood: number;
  readonly customers: number;
  readonly iterations: number;
  readonly converged: boolean;
}

const SHAPES = ['r', 'alpha', 'a', 'b'] as const;
/** Parameters lie between e^−BOUND and e^BOUND, and coefficients of standardized covariates within ±BOUND. */
const BOUND = 14;

/** The parameters of BG/NBD for a customer with these covariates. */
export function parametersWith(
  { r, alpha, a, b, purchasing, leaving }: CovariateParameters,
  covariates: Readonly<Record<string, number>>,
): BetaGeometricParameters {
  const along = (coefficients: Readonly<Record<string, number>>): number =>
    Object.entries(coefficients).reduce((sum, [name, each]) => sum + each * (covariates[name] ?? 0), 0);
  const [buys, leaves] = [along(purchasing), along(leaving)];
  return { r, alpha: alpha * Math.exp(-buys), a: a * Math.exp(leaves), b: b * Math.exp(-leaves) };
}

/**
 * Fits by maximum likelihood, from the fit without covariates on.
 * @throws ModelInputError where a history or a covariate is not valid
 */
export function fitWithCovariates(histories: CovariateHistories, options: FitOptions = {}): CovariateFit {
  checkHistories(histories);
  const { names, covariates } = histories;
  checkCovariates(histories);
  const width = names.length;
  const customers = histories.frequency.length;
  const { means, scales } = standardOf(covariates, width);
  const { factor, constant } = scaledToAge(distinctHistories(histories));
  const groups = groupsOf(histories, factor, means, scales);
  const likelihood = covariateLikelihood(groups);
  const plain = BG_NBD.fit(histories);
  const start = [
    ...SHAPES.map((name) => Math.log(plain.parameters[name] / (name === 'alpha' ? factor : 1))).map((each) =>
      Math.min(Math.max(each, 1 - BOUND), BOUND - 1),
    ),
    ...new Array<number>(2 * width).fill(0),
  ];

  const natural = new Float64Array(4 + 2 * width);
  const objective: Objective = (point, gradient) => {
    natural.set(point);
    for (let at = 0; at < 4; at += 1) natural[at] = Math.exp(point[at] as number);
    gradient.fill(0);
    const value = likelihood(natural, gradient);
    gradient.forEach((each, at) => (gradient[at] = (-each * (at < 4 ? (natural[at] as number) : 1)) / customers));
    return -value / customers;
  };
  const best = minimize(objective, start, {
    bound: BOUND,
    onIteration: (iteration, value) => options.onIteration?.(iteration, constant - value * customers),
  });
  const covariance = best.curvature === null ? null : inverse(best.curvature);
  return {
    parameters: unstandardized(best.point, names, means, scales, factor),
    standardErrors:
      covariance === null ? null : errorsOf(best.point, covariance, { names, means, scales, factor, customers }),
    logLikelihood: constant - best.value * customers,
    customers,
    iterations: best.iterations,
    converged: best.converged,
  };
}

/** Customers with the same covariates (standardized), which share their parameters. */
export interface CovariateGroup {
  readonly z: Float64Array;
  readonly histories: WeightedHistories;
}

/**
 * The log-likelihood by (r, α, a, b, γ…, δ…): of each group that of BG/NBD under its own parameters, whose derivatives follow by the chain rule.
 */
export function covariateLikelihood(groups: readonly CovariateGroup[]): LogLikelihood {
  const likelihoods = groups.map(({ z, histories }) => ({ z, of: betaGeometricLikelihood(histories, BG) }));
  const own = new Float64Array(4);
  const slopes = new Float64Array(4);
  return (parameters, gradient) => {
    const [r, alpha, a, b] = parameters as unknown as [number, number, number, number];
    const width = (parameters.length - 4) / 2;
    let sum = 0;
    for (const { z, of } of likelihoods) {
      let [buys, leaves] = [0, 0];
      for (let j = 0; j < width; j += 1) {
        buys += (parameters[4 + j] as number) * (z[j] as number);
        leaves += (parameters[4 + width + j] as number) * (z[j] as number);
      }
      const [slower, sooner] = [Math.exp(-buys), Math.exp(leaves)];
      own.set([r, alpha * slower, a * sooner, b / sooner]);
      slopes.fill(0);
      sum += of(own, slopes);
      const [byR, byAlpha, byA, byB] = slopes as unknown as [number, number, number, number];
      const add = (at: number, each: number): void => void (gradient[at] = (gradient[at] as number) + each);
      add(0, byR);
      add(1, byAlpha * slower);
      add(2, byA * sooner);
      add(3, byB / sooner);
      for (let j = 0; j < width; j += 1) {
        const each = z[j] as number;
        add(4 + j, -byAlpha * (own[1] as number) * each);
        add(4 + width + j, (byA * (own[2] as number) - byB * (own[3] as number)) * each);
      }
    }
    return sum;
  };
}

function groupsOf(
  { frequency, recency, age, names, covariates }: CovariateHistories,
  factor: number,
  means: Float64Array,
  scales: Float64Array,
): readonly CovariateGroup[] {
  const width = names.length;
  const members = new Map<string, number[]>();
  for (let at = 0; at < frequency.length; at += 1) {
    const key = covariates.subarray(at * width, (at + 1) * width).join(' ');
    const known = members.get(key);
    if (known === undefined) members.set(key, [at]);
    else known.push(at);
  }
  return [...members.values()].map((rows) => {
    const first = (rows[0] as number) * width;
    const column = (from: Float64Array, by: number): Float64Array =>
      Float64Array.from(rows, (at) => (from[at] as number) / by);
    return {
      z: Float64Array.from(
        names,
        (_, j) => ((covariates[first + j] as number) - (means[j] as number)) / (scales[j] as number),
      ),
      histories: distinctHistories({
        frequency: column(frequency, 1),
        recency: column(recency, factor),
        age: column(age, factor),
      }),
    };
  });
}

function checkCovariates({ names, covariates, frequency }: CovariateHistories): void {
  const width = names.length;
  if (width === 0) throw new ModelInputError('There are no covariates.', []);
  if (covariates.length !== width * frequency.length)
    throw new ModelInputError('Each customer must have one number for each covariate.', []);
  const wrong = covariates.findIndex((each) => !Number.isFinite(each));
  if (wrong >= 0)
    throw new ModelInputError('The covariates are not valid.', [
      {
        row: Math.floor(wrong / width),
        column: names[wrong % width] as string,
        detail: `must be a number (got ${covariates[wrong]})`,
      },
    ]);
}

interface Standard {
  readonly names: readonly string[];
  readonly means: Float64Array;
  readonly scales: Float64Array;
  readonly factor: number;
}

/** The parameters for covariates as they are, and time in its own unit. */
function unstandardized(
  point: Float64Array,
  names: readonly string[],
  means: Float64Array,
  scales: Float64Array,
  factor: number,
): CovariateParameters {
  const width = names.length;
  const [purchasing, leaving] = [0, 1].map((part) =>
    Array.from(names, (_, j) => (point[4 + part * width + j] as number) / (scales[j] as number)),
  ) as [number[], number[]];
  const shift = (coefficients: readonly number[]): number =>
    coefficients.reduce((sum, each, j) => sum + each * (means[j] as number), 0);
  const [r, alpha, a, b] = Array.from(point.subarray(0, 4), Math.exp) as [number, number, number, number];
  return {
    r,
    alpha: alpha * factor * Math.exp(shift(purchasing)),
    a: a * Math.exp(-shift(leaving)),
    b: b * Math.exp(shift(leaving)),
    purchasing: Object.fromEntries(names.map((name, j) => [name, purchasing[j] as number])),
    leaving: Object.fromEntries(names.map((name, j) => [name, leaving[j] as number])),
  };
}

/** Standard errors by the delta method: the logarithms of α, a and b are linear in what was fitted. */
function errorsOf(
  point: Float64Array,
  covariance: readonly Float64Array[],
  { names, means, scales, factor, customers }: Standard & { readonly customers: number },
): CovariateParameters {
  const width = names.length;
  const parameters = unstandardized(point, names, means, scales, factor);
  const along = (weights: ReadonlyMap<number, number>): number => {
    let variance = 0;
    for (const [i, wi] of weights)
      for (const [j, wj] of weights) variance += wi * wj * ((covariance[i] as Float64Array)[j] as number);
    return Math.sqrt(variance / customers);
  };
  const shifted = (at: number, part: 0 | 1, sign: number): number =>
    along(
      new Map([
        [at, 1],
        ...names.map((_, j) => [4 + part * width + j, (sign * (means[j] as number)) / (scales[j] as number)] as const),
      ]),
    );
  const coefficients = (part: 0 | 1): Record<string, number> =>
    Object.fromEntries(
      names.map((name, j) => [name, along(new Map([[4 + part * width + j, 1 / (scales[j] as number)]]))]),
    );
  return {
    r: parameters.r * along(new Map([[0, 1]])),
    alpha: parameters.alpha * shifted(1, 0, 1),
    a: parameters.a * shifted(2, 1, -1),
    b: parameters.b * shifted(3, 1, 1),
    purchasing: coefficients(0),
    leaving: coefficients(1),
  };
}
