import { inverse } from './numeric/matrix.js';
import { logistic } from './numeric/special.js';
import { standardOf } from './numeric/standardize.js';
import { ModelInputError } from './input-error.js';

/**
 * A discrete-time hazard model (Singer and Willett 1993; Allison 1982): within each period at risk an event happens with a probability whose log-odds are linear in the features of that
 * period. The likelihood is that of a logistic regression over the periods at risk, one row for each. A ridge penalty (Hoerl and Kennard 1970; le Cessie and van Houwelingen 1992) on the standardized
 * coefficients keeps them finite where the rows tell events apart completely; the intercept is not penalized.
 */
export interface HazardRows {
  /** In the order of the coefficients. */
  readonly names: readonly string[];
  /** Row after row, `names.length` numbers each. */
  readonly features: Float64Array;
  /** For each row 1 where the event happened in the period, else 0. */
  readonly outcomes: Uint8Array;
}

export interface HazardFit {
  readonly intercept: number;
  /** Change of the log-odds for one unit of the feature, by its name. A feature that is the same in all rows has 0. */
  readonly coefficients: Readonly<Record<string, number>>;
  /** Of the intercept under `intercept`. Those of a penalized likelihood. */
  readonly standardErrors: Readonly<Record<string, number>>;
  /** Without the penalty. */
  readonly logLikelihood: number;
  readonly rows: number;
  readonly events: number;
  readonly iterations: number;
  readonly converged: boolean;
}

export interface HazardOptions {
  /** The weight of the penalty ½ · ridge · Σβ² on standardized coefficients. */
  readonly ridge?: number;
  readonly onIteration?: (iteration: number, logLikelihood: number) => void;
}

const ITERATIONS_MAX = 100;
const HALVINGS = 40;
/** Of what the next step would add to the likelihood. */
const TOLERANCE = 1e-16;

/**
 * Fits by Newton's method with halved steps: the penalized likelihood has one maximum.
 * @throws ModelInputError where there are no rows, where no event or nothing but events happened, or a feature is not a finite number
 */
export function fitHazard({ names, features, outcomes }: HazardRows, options: HazardOptions = {}): HazardFit {
  const { ridge = 1, onIteration } = options;
  const rows = outcomes.length;
  const width = names.length;
  const events = outcomes.reduce((sum, each) => sum + each, 0);
  if (rows === 0) throw new ModelInputError('There are no periods to fit.', []);
  if (events === 0 || events === rows)
    throw new ModelInputError(
      events === 0 ? 'No event happened in any period.' : 'The event happened in every period.',
      [],
    );
  const wrong = features.findIndex((each) => !Number.isFinite(each));
  if (wrong >= 0)
    throw new ModelInputError('The features are not valid.', [
      {
        row: Math.floor(wrong / width),
        column: names[wrong % width] as string,
        detail: `must be a number (got ${features[wrong]})`,
      },
    ]);
  const { means, scales } = standardOf(features, width);
  const penalized = (beta: Float64Array): Derivatives => {
    const all = derivativesAt(beta, features, outcomes, means, scales);
    for (let j = 1; j <= width; j += 1) {
      const each = beta[j] as number;
      all.value -= (ridge / 2) * each * each;
      all.gradient[j] = (all.gradient[j] as number) - ridge * each;
      const row = all.information[j] as Float64Array;
      row[j] = (row[j] as number) + ridge;
    }
    return all;
  };

  let beta = new Float64Array(width + 1);
  beta[0] = Math.log(events / (rows - events));
  let at = penalized(beta);
  let iterations = 0;
  let converged = false;
  while (iterations < ITERATIONS_MAX && !converged) {
    const inverted = inverse(at.information);
    if (inverted === null) break;
    const step = inverted.map((row) => row.reduce((sum, each, j) => sum + each * (at.gradient[j] as number), 0));
    const rise = step.reduce((sum, each, j) => sum + each * (at.gradient[j] as number), 0);
    converged = rise < TOLERANCE;
    if (converged) break;
    iterations += 1;
    let length = 1;
    let next = at;
    let moved = beta;
    for (let halving = 0; halving < HALVINGS; halving += 1, length /= 2) {
      moved = beta.map((each, j) => each + length * (step[j] as number));
      next = penalized(moved);
      if (next.value > at.value) break;
    }
    if (!(next.value > at.value)) {
      // No digits are left to rise by.
      converged = rise < 1e-6 * (1 + Math.abs(at.value));
      break;
    }
    [beta, at] = [moved, next];
    onIteration?.(iterations, at.value);
  }

  const covariance = inverse(at.information);
  const variances = (covariance ?? []).map((row, j) => row[j] as number);
  const slopes = Array.from(names, (_, j) => (beta[j + 1] as number) / (scales[j] as number));
  // The intercept as it is for features that are not standardized; its variance with the covariances of all.
  const shift = Float64Array.from([1, ...names.map((_, j) => -(means[j] as number) / (scales[j] as number))]);
  const interceptVariance = (covariance ?? []).reduce(
    (sum, row, i) =>
      sum + row.reduce((inner, each, j) => inner + each * (shift[i] as number) * (shift[j] as number), 0),
    0,
  );
  return {
    intercept: slopes.reduce((sum, slope, j) => sum - slope * (means[j] as number), beta[0] as number),
    coefficients: Object.fromEntries(names.map((name, j) => [name, slopes[j] as number])),
    standardErrors: Object.fromEntries([
      ['intercept', Math.sqrt(interceptVariance)],
      ...names.map((name, j) => [name, Math.sqrt(variances[j + 1] ?? NaN) / (scales[j] as number)] as const),
    ]),
    logLikelihood: derivativesAt(beta, features, outcomes, means, scales).value,
    ...{ rows, events, iterations, converged },
  };
}

/** The probability that the event happens in a period with these features. */
export function hazardOf(
  { intercept, coefficients }: Pick<HazardFit, 'intercept' | 'coefficients'>,
  features: Readonly<Record<string, number>>,
): number {
  return logistic(
    Object.entries(coefficients).reduce((sum, [name, slope]) => sum + slope * (features[name] ?? 0), intercept),
  );
}

/** The probability that the event happens within some periods that follow one another. */
export function probabilityWithin(
  fit: Pick<HazardFit, 'intercept' | 'coefficients'>,
  periods: readonly Readonly<Record<string, number>>[],
): number {
  const lnNone = periods.reduce((sum, features) => sum + Math.log1p(-hazardOf(fit, features)), 0);
  return lnNone === 0 ? 0 : -Math.expm1(lnNone);
}

interface Derivatives {
  value: number;
  readonly gradient: Float64Array;
  /** The negative second derivatives. */
  readonly information: Float64Array[];
}

function derivativesAt(
  beta: Float64Array,
  features: Float64Array,
  outcomes: Uint8Array,
  means: Float64Array,
  scales: Float64Array,
): Derivatives {
  const width = means.length;
  const size = width + 1;
  const gradient = new Float64Array(size);
  const information = Array.from({ length: size }, () => new Float64Array(size));
  const x = new Float64Array(size);
  x[0] = 1;
  let value = 0;
  for (let row = 0; row < outcomes.length; row += 1) {
    let odds = beta[0] as number;
    for (let j = 0; j < width; j += 1) {
      const standard = ((features[row * width + j] as number) - (means[j] as number)) / (scales[j] as number);
      x[j + 1] = standard;
      odds += (beta[j + 1] as number) * standard;
    }
    const outcome = outcomes[row] as number;
    const probability = logistic(odds);
    // ln of the probability of what happened, which is −ln(1 + e^∓odds).
    const against = outcome === 1 ? -odds : odds;
    value -= Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(against)));
    const rest = outcome - probability;
    const weight = probability * (1 - probability);
    for (let i = 0; i < size; i += 1) {
      const xi = x[i] as number;
      gradient[i] = (gradient[i] as number) + rest * xi;
      const line = information[i] as Float64Array;
      const weighted = weight * xi;
      for (let j = 0; j <= i; j += 1) line[j] = (line[j] as number) + weighted * (x[j] as number);
    }
  }
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j < i; j += 1) (information[j] as Float64Array)[i] = (information[i] as Float64Array)[j] as number;
  return { value, gradient, information };
}
