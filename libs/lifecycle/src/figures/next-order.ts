import type { Instant } from '#contracts';
import { quantile } from '#models';
import { addDays } from '../calendar/calendar.js';

/** When the next order is to be expected, by the customer's own rhythm. */
export interface NextOrder {
  /** The last purchase day + the median interval. */
  readonly expectedOn: Instant;
  /** The same with the first and the third quartile of the intervals: half of the intervals so far lie within. */
  readonly from: Instant;
  readonly until: Instant;
  /** In days. */
  readonly medianDays: number;
  /** How many intervals it rests on. */
  readonly intervals: number;
}

/** Below this number of purchase days a customer has no rhythm. */
const DAYS_NEEDED = 3;
/** So many of the last intervals count. */
const INTERVALS = 12;

/**
 * From the distinct days with a surviving order, in order, as days since 1970-01-01; null below three of them. The quartiles are those of type 7
 * (Hyndman and Fan 1996), rounded to whole days: the median and the third quartile up, the first down.
 */
export function nextOrder(purchaseDays: readonly number[], lastAt: Instant, timeZone: string): NextOrder | null {
  if (purchaseDays.length < DAYS_NEEDED) return null;
  const days = purchaseDays.slice(-INTERVALS - 1);
  const intervals = Float64Array.from(days.slice(1), (day, at) => day - (days[at] as number)).sort();
  const [first, median, third] = [0.25, 0.5, 0.75].map((share) => quantile(intervals, share)) as [
    number,
    number,
    number,
  ];
  const after = (count: number): Instant => addDays(lastAt, count, timeZone);
  return {
    expectedOn: after(Math.ceil(median)),
    from: after(Math.floor(first)),
    until: after(Math.ceil(third)),
    medianDays: median,
    intervals: intervals.length,
  };
}
