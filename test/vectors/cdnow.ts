import type { PurchaseHistories } from '#models';

/** A customer of the CDNOW sample: the history to the end of the calibration, in weeks, and the purchases after it. */
export interface CdnowCustomer {
  readonly x: number;
  readonly recency: number;
  readonly age: number;
  /** The mean value of the repeat purchases. */
  readonly monetary: number;
  readonly later: number;
}

const DAY = 86_400_000;

/** Reads the public CDNOW sample (id, the sample's own number, yyyymmdd, quantity, dollars): purchases of one day are one. */
export function cdnowHistories(text: string, calibrationEnd: string): readonly CdnowCustomer[] {
  const end = Date.parse(calibrationEnd) / DAY;
  const customers = new Map<string, Map<number, number>>();
  for (const row of text.trim().split(/\r?\n/)) {
    const [, customer = '', day = '', , dollars = ''] = row.trim().split(/\s+/);
    const at = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`) / DAY;
    const days = customers.get(customer) ?? new Map<number, number>();
    customers.set(customer, days);
    days.set(at, (days.get(at) ?? 0) + Number(dollars));
  }
  return [...customers.values()].map((days) => {
    const all = [...days].sort(([a], [b]) => a - b);
    const until = all.filter(([day]) => day <= end);
    const [[first] = [0]] = until;
    const repeats = until.slice(1);
    const last = until.at(-1)?.[0] ?? first;
    return {
      x: repeats.length,
      recency: (last - first) / 7,
      age: (end - first) / 7,
      monetary: repeats.length === 0 ? 0 : repeats.reduce((sum, [, value]) => sum + value, 0) / repeats.length,
      later: all.length - until.length,
    };
  });
}

export const historiesOf = (customers: readonly CdnowCustomer[]): PurchaseHistories => ({
  frequency: Float64Array.from(customers, ({ x }) => x),
  recency: Float64Array.from(customers, ({ recency }) => recency),
  age: Float64Array.from(customers, ({ age }) => age),
});
