import type { LifecycleEvent } from '../model.js';
import { dayOf } from '../calendar/calendar.js';
import { numberOf, textOf } from '../fold/facts.js';
import type { FigureInput } from './figure.js';
import { ordersOf } from './purchase-summary.js';
import type { NetSpend } from './share-of-customer.js';

/**
 * Our net spend in a category: of each order placed in the period the share that its lines of the category have in its lines, times what remains of the order. What was
 * taken back lessens all lines of an order alike. Null where the rate of an order's day into the currency is missing.
 */
export function netSpendOf({ bookings, events, asOf, policy, rates }: FigureInput): NetSpend {
  const byEvent = new Map(events.map((event) => [`${event.source}\0${event.id}`, event]));
  const orders = ordersOf(bookings, asOf).map((order) => ({
    ...order,
    day: dayOf(order.at, policy.timeZone),
    lines: linesOf(byEvent.get(`${order.event.source}\0${order.event.id}`)),
  }));
  return (category, from, until, currency) => {
    let sum = 0;
    for (const { day, at, lines, netMinor, currency: own } of orders) {
      const ofCategory = lines.get(category) ?? 0;
      if (day < from || day >= until || ofCategory === 0) continue;
      const all = [...lines.values()].reduce((total, each) => total + each, 0);
      const amountMinor = Math.round((netMinor * ofCategory) / all);
      const money = rates.convert({ amountMinor, currency: own, at }, currency, policy.timeZone);
      if ('day' in money) return null;
      sum += money.amountMinor;
    }
    return sum;
  };
}

/** What the lines of an order come to, by category; those without one under an empty text. */
function linesOf(event: LifecycleEvent | undefined): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  const lines = event?.data['lines'];
  if (!Array.isArray(lines)) return sums;
  for (const line of lines as readonly unknown[]) {
    if (typeof line !== 'object' || line === null) continue;
    const { category, quantity, unitPriceMinor, discountMinor } = line as Readonly<Record<string, unknown>>;
    const amount = (numberOf(quantity) ?? 0) * (numberOf(unitPriceMinor) ?? 0) - (numberOf(discountMinor) ?? 0);
    const name = textOf(category) ?? '';
    if (amount > 0) sums.set(name, (sums.get(name) ?? 0) + amount);
  }
  return sums;
}
