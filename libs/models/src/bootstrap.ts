import type { Fit, Parameters } from './fit.js';
import { checkHistories, distinctHistories, type PurchaseHistories } from './histories.js';
import type { HistoryModel } from './model.js';
import { quantile } from './rfm-scores.js';

export interface BootstrapOptions {
  /** How often the population is drawn again; 200 by default. */
  readonly replicates?: number;
  /** The share of the replicates that lie within the interval; 0.95 by default. */
  readonly level?: number;
  /** Numbers in [0, 1). The same numbers give the same intervals. */
  readonly random: () => number;
  readonly onReplicate?: (done: number) => void;
}

export interface BootstrapIntervals<Name extends string = string> {
  readonly fit: Fit<Name>;
  /** The interval of each parameter. */
  readonly intervals: Readonly<Record<Name, readonly [from: number, to: number]>>;
  /** Replicates that had an optimum; the intervals rest on these. */
  readonly replicates: number;
  /** Replicates without one: many of them say that the data hardly tell the parameters. */
  readonly failed: number;
}

/**
 * Percentile intervals of the parameters by the bootstrap (Efron 1979): the population is drawn again, customer by customer, and fitted each time. Each customer is drawn so many times as a Poisson number of mean 1 says (Chamandy et al. 2012), so that
 * customers with equal histories are drawn at once. Each replicate begins at the optimum of the whole.
 */
export function bootstrap<Name extends string>(
  model: HistoryModel<Name>,
  histories: PurchaseHistories,
  { replicates = 200, level = 0.95, random, onReplicate }: BootstrapOptions,
): BootstrapIntervals<Name> {
  checkHistories(histories);
  const distinct = distinctHistories(histories);
  const fit = model.fitDistinct(distinct);
  const found: Parameters<Name>[] = [];
  for (let done = 1; done <= replicates; done += 1) {
    const weight = distinct.weight.map((each) => poisson(each, random));
    const customers = weight.reduce((sum, each) => sum + each, 0);
    if (customers > 0) {
      const replicate = model.fitDistinct({ ...distinct, weight, customers }, { from: fit.parameters });
      if (replicate.converged) found.push(replicate.parameters);
    }
    onReplicate?.(done);
  }
  const intervalOf = (name: Name): readonly [number, number] => {
    const sorted = Float64Array.from(found, (parameters) => parameters[name]).sort();
    return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)];
  };
  return {
    fit,
    intervals: Object.fromEntries(
      model.parameterNames.map((name) => [name, intervalOf(name)]),
    ) as BootstrapIntervals<Name>['intervals'],
    replicates: found.length,
    failed: replicates - found.length,
  };
}

/** From here on a Poisson number is drawn as a rounded normal one: the difference is below what a bootstrap shows. */
const NORMAL_FROM = 50;

/** A Poisson number (Knuth 1969, 3.4.1). */
function poisson(mean: number, random: () => number): number {
  if (mean >= NORMAL_FROM) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}
