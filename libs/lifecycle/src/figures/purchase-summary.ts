import type { Instant } from '#contracts';
import { dayOf, monthOf, monthStart, weekStart } from '../calendar/calendar.js';
import type { Booking, EventRef } from '../model.js';

export interface SummaryOptions {
  /** Bookings after it are left out. */
  readonly asOf: Instant;
  /** Purchases within one period count as one. Weeks begin on Monday. */
  readonly period: 'day' | 'week' | 'month';
  /** The unit of recency and T: days, or days ÷ 7. */
  readonly unit: 'day' | 'week';
  readonly timeZone: string;
}

/** What the buy-till-you-die models use of a customer (Fader, Hardie, Lee 2005). */
export interface PurchaseSummary {
  /** Distinct periods with a surviving order, minus one. */
  readonly frequency: number;
  /** From the first such period to the last, in the unit. */
  readonly recency: number;
  /** From the first such period to that of asOf, in the unit. */
  readonly T: number;
  /**
   * Mean of the sums of the periods after the first, net of returns, in minor units (a mean: it may be a
   * fraction). Null without such a period, or where the orders are in several currencies.
   */
  readonly monetaryMinor: number | null;
  /** Of the surviving orders; null where they are in several. */
  readonly currency: string | null;
  /** Surviving orders. */
  readonly orders: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

/** An order with what remains of it. */
export interface OrderSum {
  readonly orderId: string;
  readonly at: Instant;
  readonly currency: string;
  /** The event that placed it. */
  readonly event: EventRef;
  /** As placed or amended. */
  amountMinor: number;
  /** Less what was taken back. */
  netMinor: number;
  survives: boolean;
}

/** The customer's purchases up to asOf in the sense of the buy-till-you-die models; null without a surviving order. */
export function purchaseSummary(bookings: readonly Booking[], options: SummaryOptions): PurchaseSummary | null {
  const { asOf, timeZone, unit } = options;
  const orders = ordersOf(bookings, asOf)
    .filter(({ survives }) => survives)
    .sort((a, b) => a.at - b.at);
  const first = orders[0];
  const last = orders.at(-1);
  if (first === undefined || last === undefined) return null;

  const sums = new Map<number, number>();
  const startOf = (at: Instant): number => periodStart(dayOf(at, timeZone), options.period);
  for (const { at, netMinor } of orders) {
    const start = startOf(at);
    sums.set(start, (sums.get(start) ?? 0) + netMinor);
  }
  const frequency = sums.size - 1;
  const repeats = [...sums.values()].slice(1);
  const oneCurrency = orders.every(({ currency }) => currency === first.currency);
  const perUnit = unit === 'week' ? 7 : 1;
  return {
    frequency,
    recency: (startOf(last.at) - startOf(first.at)) / perUnit,
    T: (startOf(asOf) - startOf(first.at)) / perUnit,
    monetaryMinor: frequency === 0 || !oneCurrency ? null : repeats.reduce((sum, one) => sum + one, 0) / frequency,
    currency: oneCurrency ? first.currency : null,
    orders: orders.length,
    firstAt: first.at,
    lastAt: last.at,
  };
}

/** Each order with what remains of it. An order is (source, orderId); the instant tells one that was placed again from the first. */
export function ordersOf(bookings: readonly Booking[], asOf: Instant): OrderSum[] {
  const orders = new Map<string, OrderSum>();
  const counts = ({ at, voidedAt }: Booking): boolean => at <= asOf && (voidedAt === null || voidedAt > asOf);
  const keyOf = ({ orderSource, orderId, orderAt }: Booking): string =>
    `${String(orderAt)}\0${String(orderSource)}\0${String(orderId)}`;
  for (const booking of bookings) {
    const { at, kind, currency, amountMinor } = booking;
    if (kind === 'order' && counts(booking))
      orders.set(keyOf(booking), {
        ...{ orderId: booking.orderId ?? '', at, currency, event: booking.event },
        ...{ amountMinor, netMinor: amountMinor, survives: true },
      });
  }
  for (const booking of bookings) {
    if (booking.kind === 'order' || booking.kind === 'payment' || !counts(booking)) continue;
    const order = orders.get(keyOf(booking));
    if (order === undefined || order.currency !== booking.currency) continue;
    order.netMinor += booking.amountMinor;
    if (booking.kind === 'amendment') order.amountMinor += booking.amountMinor;
    if (booking.reverses) order.survives = false;
  }
  return [...orders.values()];
}

/** The first day of the period that holds a day, both as days since 1970-01-01. */
function periodStart(day: number, period: SummaryOptions['period']): number {
  switch (period) {
    case 'day':
      return day;
    case 'week':
      return weekStart(day);
    case 'month':
      return monthStart(monthOf(day));
    default:
      return period satisfies never;
  }
}
