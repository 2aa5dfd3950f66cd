/** A purchase of a customer, on a day of the business: days since 1970-01-01 in its time zone. */
export interface DatedPurchase<Customer> {
  readonly customer: Customer;
  readonly day: number;
  /** Its value in any unit of money; 0 where it is not known. */
  readonly value?: number;
}

/** Purchases of one period are one purchase. A week begins on Monday. */
export type PurchasePeriod = 'day' | 'week';

/** What a customer bought in one period. */
export interface PeriodPurchases {
  readonly period: number;
  readonly value: number;
}

/** A purchase history as the models of repeat buying take it, in periods (Fader, Hardie and Lee 2005). */
export interface PurchaseSummary<Customer> {
  readonly customer: Customer;
  /** Periods with a purchase after the first one. */
  readonly frequency: number;
  /** From the first period with a purchase to the last. */
  readonly recency: number;
  /** T: from the first period with a purchase to the end of the observation. */
  readonly age: number;
  /** The mean of the sums of the periods without the first one; 0 without a repeat purchase. */
  readonly monetary: number;
}

/** A summary to the end of a calibration, and what was bought from then to the end of the observation. */
export interface HeldOutSummary<Customer> extends PurchaseSummary<Customer> {
  readonly later: {
    /** Periods with a purchase. */
    readonly frequency: number;
    /** The mean of the sums of these periods; 0 without a purchase. */
    readonly monetary: number;
    /** Periods from the end of the calibration to the end of the observation. */
    readonly duration: number;
  };
}

/** 1970-01-01 was a Thursday. */
const DAYS_SINCE_MONDAY = 3;
const WEEK = 7;

/** The number of the period of a day: of weeks, counted from that of 1969-12-29. */
export const periodOf = (day: number, period: PurchasePeriod): number =>
  period === 'day' ? day : Math.floor((day + DAYS_SINCE_MONDAY) / WEEK);

/** What each customer bought in each period up to a day, the earliest period first, whatever the order of the purchases. */
export function purchasesByPeriod<Customer>(
  purchases: Iterable<DatedPurchase<Customer>>,
  period: PurchasePeriod,
  { after = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = {},
): ReadonlyMap<Customer, readonly PeriodPurchases[]> {
  const sums = new Map<Customer, Map<number, number>>();
  for (const { customer, day, value = 0 } of purchases) {
    if (day <= after || day > until) continue;
    let own = sums.get(customer);
    if (own === undefined) sums.set(customer, (own = new Map()));
    const at = periodOf(day, period);
    own.set(at, (own.get(at) ?? 0) + value);
  }
  const ordered = ([period, value]: [number, number]): PeriodPurchases => ({ period, value });
  return new Map(
    [...sums].map(([customer, own]) => [customer, [...own].map(ordered).sort((a, b) => a.period - b.period)]),
  );
}

/** The summary of each customer who bought up to the end of the observation, in the order of their first purchase in the list. */
export function summarizePurchases<Customer>(
  purchases: Iterable<DatedPurchase<Customer>>,
  { until, period = 'day' }: { readonly until: number; readonly period?: PurchasePeriod },
): readonly PurchaseSummary<Customer>[] {
  const end = periodOf(until, period);
  return [...purchasesByPeriod(purchases, period, { until })].map(([customer, periods]) => {
    const first = periods[0]?.period ?? end;
    const repeats = periods.slice(1);
    return {
      customer,
      frequency: repeats.length,
      recency: (periods.at(-1)?.period ?? first) - first,
      age: end - first,
      monetary: meanValue(repeats),
    };
  });
}

/** The summary of each customer who bought up to the end of the calibration, beside what was bought after it: what a fit is tested on. */
export function holdOutPurchases<Customer>(
  purchases: Iterable<DatedPurchase<Customer>>,
  {
    calibrationEnd,
    until,
    period = 'day',
  }: { readonly calibrationEnd: number; readonly until: number; readonly period?: PurchasePeriod },
): readonly HeldOutSummary<Customer>[] {
  const all = [...purchases];
  const later = purchasesByPeriod(all, period, { after: calibrationEnd, until });
  const duration = periodOf(until, period) - periodOf(calibrationEnd, period);
  return summarizePurchases(all, { until: calibrationEnd, period }).map((summary) => {
    const periods = later.get(summary.customer) ?? [];
    return { ...summary, later: { frequency: periods.length, monetary: meanValue(periods), duration } };
  });
}

function meanValue(periods: readonly PeriodPurchases[]): number {
  if (periods.length === 0) return 0;
  return periods.reduce((sum, { value }) => sum + value, 0) / periods.length;
}
