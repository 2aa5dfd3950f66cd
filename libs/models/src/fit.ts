import { inverse } from './numeric/matrix.js';
import { minimize, type Minimum, type Objective } from './numeric/minimize.js';

/** Parameters of a model, by their names in the literature. All are positive. */
export type Parameters<Name extends string = string> = Readonly<Record<Name, number>>;

/** A maximum-likelihood fit. */
export interface Fit<Name extends string = string> {
  readonly parameters: Parameters<Name>;
  /** Of all customers. */
  readonly logLikelihood: number;
  /** From the observed information; null where the likelihood has no curvature at the optimum: a parameter runs to a bound, and the data do not tell it. */
  readonly standardErrors: Parameters<Name> | null;
  readonly customers: number;
  readonly iterations: number;
  /** Whether an optimum was found inside the bounds. Where not, the parameters are not to be used without a look at the data. */
  readonly converged: boolean;
}

export interface FitOptions {
  /** Parameters to begin from, in the unit of the data: those of an earlier fit to nearly the same. */
  readonly from?: Parameters;
  /** Told of each step of the optimizer, for progress. */
  readonly onIteration?: (iteration: number, logLikelihood: number) => void;
}

/**
 * The log-likelihood of a population: returns it, and adds its derivatives by each parameter to `gradient`.
 */
export type LogLikelihood = (parameters: Float64Array, gradient: Float64Array) => number;

export interface FitTask<Name extends string> {
  readonly names: readonly Name[];
  /** Places to begin from, each used where those before it led to no optimum. */
  readonly starts: readonly (readonly number[])[];
  readonly customers: number;
  readonly logLikelihood: LogLikelihood;
  /** The factor of the unit of time (or money) by which the data were divided, for parameters that have this unit. */
  readonly unit?: { readonly names: readonly Name[]; readonly factor: number };
  /** To add to the log-likelihood for data in their own unit. */
  readonly constant?: number;
}

/** Parameters lie between e^−BOUND and e^BOUND, in the unit of the task. */
const BOUND = 14;

/** Fits by maximum likelihood. The optimizer works on logarithms: every parameter is positive. */
export function fitByMaximumLikelihood<Name extends string>(task: FitTask<Name>, options: FitOptions = {}): Fit<Name> {
  const { names, starts, customers, logLikelihood, unit, constant = 0 } = task;
  const parameters = new Float64Array(names.length);
  const objective: Objective = (point, gradient) => {
    point.forEach((each, at) => (parameters[at] = Math.exp(each)));
    gradient.fill(0);
    const value = logLikelihood(parameters, gradient);
    gradient.forEach((each, at) => (gradient[at] = (-each * (parameters[at] as number)) / customers));
    return -value / customers;
  };
  const factors = names.map((name) => (unit?.names.includes(name) === true ? unit.factor : 1));
  const { from } = options;
  const first = from === undefined ? [] : [names.map((name, at) => (from[name] as number) / (factors[at] as number))];
  const best = minimumFrom([...first, ...starts], (start) =>
    minimize(objective, start.map(Math.log), {
      bound: BOUND,
      onIteration: (iteration, value) => options.onIteration?.(iteration, constant - value * customers),
    }),
  );
  const found = Array.from(best.point, (each, at) => Math.exp(each) * (factors[at] as number));
  const covariance = best.curvature === null ? null : inverse(best.curvature);
  const named = (values: readonly number[]): Parameters<Name> =>
    Object.fromEntries(names.map((name, at) => [name, values[at] as number])) as Parameters<Name>;
  return {
    parameters: named(found),
    logLikelihood: constant - best.value * customers,
    // The delta method: the error of e^y is e^y times that of y.
    standardErrors:
      covariance === null
        ? null
        : named(
            found.map((each, at) => each * Math.sqrt(((covariance[at] as Float64Array)[at] as number) / customers)),
          ),
    customers,
    iterations: best.iterations,
    converged: best.converged,
  };
}

/** The first minimum that is one, or the least value that was reached. */
function minimumFrom(starts: readonly (readonly number[])[], from: (start: readonly number[]) => Minimum): Minimum {
  let best: Minimum | null = null;
  for (const start of starts) {
    const minimum = from(start);
    if (minimum.converged) return minimum;
    if (best === null || minimum.value < best.value) best = minimum;
  }
  return best as Minimum;
}
