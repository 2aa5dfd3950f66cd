import type { Parameters } from './fit.js';
import type { HistoryModel } from './model.js';
import { distinctValues } from './histories.js';

/** Repeat purchases of a population by period. */
export interface Tracking {
  /** From the start to the end of each period. */
  readonly cumulative: readonly number[];
  /** Within each period. */
  readonly incremental: readonly number[];
}

/**
 * What a model expects of a population over time, period by period, knowing of each customer only when the first purchase was (Fader, Hardie and Lee 2005, figure 2): beside what happened it shows whether a model holds,
 * within the time that it was fitted to and after it.
 *
 * @param firstPurchases when each customer came, in the model's unit of time
 * @param ends the end of each period, rising, on the same clock
 */
export function expectedTracking<Name extends string>(
  model: Pick<HistoryModel<Name>, 'expectedPurchasesOfNew'>,
  parameters: Parameters<Name>,
  firstPurchases: Float64Array,
  ends: readonly number[],
): Tracking {
  const { values, indexOf } = distinctValues(firstPurchases);
  const customers = new Float64Array(values.length);
  indexOf.forEach((place) => (customers[place] = (customers[place] as number) + 1));
  return trackingOf(
    ends.map((end) =>
      values.reduce(
        (sum, came, place) =>
          came < end ? sum + (customers[place] as number) * model.expectedPurchasesOfNew(parameters, end - came) : sum,
        0,
      ),
    ),
  );
}

/** What happened: the instants of the repeat purchases, in any order. One at the end of a period belongs to it. */
export function observedTracking(repeatPurchases: Float64Array, ends: readonly number[]): Tracking {
  const sorted = repeatPurchases.slice().sort();
  let at = 0;
  return trackingOf(
    ends.map((end) => {
      while (at < sorted.length && (sorted[at] as number) <= end) at += 1;
      return at;
    }),
  );
}

const trackingOf = (cumulative: readonly number[]): Tracking => ({
  cumulative,
  incremental: cumulative.map((each, period) => each - (cumulative[period - 1] ?? 0)),
});
