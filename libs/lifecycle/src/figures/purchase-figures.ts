import type { Booking } from '../model.js';
import { dayOf } from '../calendar/calendar.js';
import { known, numberValue, textValue, unknownValue, type Figure, type FigureInput } from './figure.js';
import { eventsOf, missingText, moneyFigure, moneyWords, type MoneyPart } from './money-figure.js';
import { nextOrder } from './next-order.js';
import { ordersOf, purchaseSummary, type OrderSum } from './purchase-summary.js';
import { dayText, type MissingRate } from './rates.js';

const LABELS: Readonly<Record<Booking['kind'], string>> = {
  order: 'order',
  amendment: 'amendment of',
  cancellation: 'cancellation of',
  return: 'return of',
  payment: 'payment for contract',
};

/** The bookings that count at the instant, in order of time. */
export function bookingsAt({ bookings, asOf }: FigureInput): readonly Booking[] {
  return bookings
    .filter(({ at, voidedAt }) => at <= asOf && (voidedAt === null || voidedAt > asOf))
    .sort((a, b) => a.at - b.at);
}

const partOf = (booking: Booking, amountMinor = booking.amountMinor): MoneyPart => ({
  ...{ amountMinor, currency: booking.currency, at: booking.at, event: booking.event },
  label: `${LABELS[booking.kind]} ${booking.orderId ?? booking.contractId ?? ''}`.trim(),
});

/** Revenue less cost, booking by booking, and how many bookings have no cost: their revenue counts whole. */
export function marginParts(input: FigureInput): { readonly parts: readonly MoneyPart[]; readonly notes: string[] } {
  const bookings = bookingsAt(input);
  const without = bookings.filter(({ costMinor }) => costMinor === null).length;
  return {
    parts: bookings.map((each) => partOf(each, each.amountMinor - (each.costMinor ?? 0))),
    notes:
      without === 0 ? [] : [`the cost of ${without} of ${bookings.length} bookings is not known: revenue counts whole`],
  };
}

const surviving = (input: FigureInput): readonly OrderSum[] =>
  ordersOf(input.bookings, input.asOf)
    .filter(({ survives }) => survives)
    .sort((a, b) => a.at - b.at);

const NO_ORDER = 'no order survives at this instant';

/** The purchases in the sense of the buy-till-you-die models, in the currency of the policy at the rate of each order's day. */
function summaryOf(input: FigureInput) {
  const { policy, rates, asOf } = input;
  const missing: MissingRate[] = [];
  const bookings = input.bookings.map((booking): Booking => {
    if (policy.currency === null || booking.at > asOf) return booking;
    const money = rates.convert({ ...booking, at: booking.orderAt ?? booking.at }, policy.currency, policy.timeZone);
    if (!('day' in money)) return { ...booking, ...money };
    if (booking.kind !== 'payment') missing.push(money);
    return booking;
  });
  const options = { asOf, period: 'day', unit: 'day', timeZone: policy.timeZone } as const;
  return { summary: purchaseSummary(bookings, options), missing };
}

const BTYD = 'Fader, Hardie, Lee 2005';

/** A figure of the summary that is a whole number of days or periods. */
const ofSummary = (
  name: string,
  unit: 'count' | 'days',
  meaning: string,
  formula: string,
  read: (summary: NonNullable<ReturnType<typeof purchaseSummary>>, input: FigureInput) => [number, string],
): Figure => ({
  ...{ name, unit, meaning, formula, source: BTYD },
  valueOf: (input) => {
    const { summary } = summaryOf(input);
    if (summary === null) return unknownValue(NO_ORDER);
    const [number, step] = read(summary, input);
    return numberValue(number, { steps: [step], events: eventsOf(surviving(input)) });
  },
});

const dayOfAt = (at: number, { policy }: FigureInput): string => dayText(dayOf(at, policy.timeZone));

export const PURCHASE_FIGURES: readonly Figure[] = [
  {
    name: 'orders',
    unit: 'count',
    meaning: 'Orders that survive: placed, and neither cancelled nor wholly returned',
    formula: 'count of surviving orders',
    source: 'the lifecycle rules',
    valueOf: (input) => {
      const orders = surviving(input);
      return numberValue(orders.length, {
        steps: [`${orders.length} surviving orders`],
        events: eventsOf(orders),
      });
    },
  },
  {
    name: 'revenue',
    unit: 'money',
    meaning: 'What the customer paid, net of what was taken back: orders, and payments for contracts',
    formula: 'Σ orders + amendments − cancellations − returns + payments for contracts, each at the rate of its day',
    source: 'the lifecycle rules',
    valueOf: (input) =>
      moneyFigure(
        bookingsAt(input).map((each) => partOf(each)),
        input,
      ),
  },
  {
    name: 'margin',
    unit: 'money',
    meaning: 'Revenue less the cost of what was sold',
    formula: 'Σ (amount − cost) of each booking; where a cost is not known, the amount',
    source: 'the lifecycle rules',
    valueOf: (input) => {
      const { parts, notes } = marginParts(input);
      return moneyFigure(parts, input, { notes });
    },
  },
  {
    name: 'average-order-value',
    unit: 'money',
    meaning: 'What remains of a surviving order, on average; payments for contracts are no orders',
    formula: 'Σ net amount of surviving orders, each at the rate of the order’s day ÷ surviving orders',
    source: 'the lifecycle rules',
    valueOf: (input) => {
      const orders = surviving(input);
      if (orders.length === 0) return unknownValue(NO_ORDER);
      const currencies = new Set(orders.map(({ currency }) => currency));
      if (input.policy.currency === null && currencies.size > 1)
        return unknownValue('the orders are in several currencies: name a currency in the policy');
      const parts = orders.map(({ orderId, netMinor, currency, at, event }): MoneyPart => ({
        ...{ amountMinor: netMinor, currency, at, event, label: `order ${orderId}` },
      }));
      return moneyFigure(parts, input, { per: { count: orders.length, what: 'orders' } });
    },
  },
  ofSummary(
    'frequency',
    'count',
    'Days on which the customer bought again',
    'distinct days with a surviving order − 1',
    ({ frequency }) => [frequency, `${frequency + 1} days with an order − 1 = ${frequency}`],
  ),
  ofSummary(
    'recency',
    'days',
    'From the first day with an order to the last',
    'day of the last order − day of the first',
    ({ recency, firstAt, lastAt }, input) => [
      recency,
      `${dayOfAt(lastAt, input)} − ${dayOfAt(firstAt, input)} = ${recency} days`,
    ],
  ),
  ofSummary(
    'customer-age',
    'days',
    'From the first day with an order to the instant: T of the models',
    'day of as-of − day of the first order',
    ({ T, firstAt }, input) => [T, `${dayOfAt(input.asOf, input)} − ${dayOfAt(firstAt, input)} = ${T} days`],
  ),
  {
    name: 'monetary-value',
    unit: 'money',
    meaning: 'What a day with orders brings on average, the first one apart',
    formula: 'mean of the sums of each day with orders, without the first day',
    source: BTYD,
    valueOf: (input) => {
      const { summary, missing } = summaryOf(input);
      if (summary === null) return unknownValue(NO_ORDER);
      if (missing.length > 0) return unknownValue(missingText(missing));
      const { frequency, monetaryMinor, currency } = summary;
      if (frequency === 0) return unknownValue('all orders are of one day: no day came after the first');
      if (monetaryMinor === null || currency === null)
        return unknownValue('the orders are in several currencies: name a currency in the policy');
      return known([{ number: monetaryMinor, text: null, currency }], {
        steps: [
          `${moneyWords(monetaryMinor * frequency, currency)} ÷ ${frequency} days after the first = ${moneyWords(monetaryMinor, currency)}`,
        ],
        events: eventsOf(surviving(input)),
      });
    },
  },
  {
    name: 'next-order',
    unit: 'day',
    meaning: 'The day on which the next order is to be expected by the customer’s own rhythm',
    formula: 'day of the last order + median of the last 12 intervals between days with an order',
    source: 'the lifecycle rules; quartiles of type 7, Hyndman and Fan 1996',
    valueOf: (input) => {
      const orders = surviving(input);
      const days = [...new Set(orders.map(({ at }) => dayOf(at, input.policy.timeZone)))];
      const last = orders.at(-1);
      const next = last === undefined ? null : nextOrder(days, last.at, input.policy.timeZone);
      if (last === undefined || next === null)
        return unknownValue(`a rhythm needs orders on 3 days, and there are orders on ${days.length}`);
      const { expectedOn, from, until, medianDays, intervals } = next;
      const day = dayOfAt(expectedOn, input);
      return textValue(day, {
        notes: [`half of the intervals so far end from ${dayOfAt(from, input)} to ${dayOfAt(until, input)}`],
        steps: [
          `median of ${intervals} intervals = ${medianDays} days`,
          `${dayOfAt(last.at, input)} + ${Math.ceil(medianDays)} days = ${day}`,
        ],
        events: eventsOf(orders),
      });
    },
  },
];
