import type { Booking, Discrepancy, DiscrepancyKind, EventRef } from '../model.js';
import type { Act, Fold } from './fold.js';
import type { Purchase } from './purchases.js';
import type { Waiting } from './state.js';

/** Lists what does not add up about an order. */
export function listOfOrder(
  fold: Fold,
  { at, event }: Act,
  kind: DiscrepancyKind,
  order: Purchase,
  amountMinor: number | null,
  currency: string | null,
): void {
  fold.discrepancies.push({
    kind,
    orderId: order.id,
    orderSource: order.source,
    orderAt: order.at,
    contractId: null,
    amountMinor,
    currency,
    at,
    settledAt: null,
    brand: order.brand,
    event,
  });
}

/** Books money that belongs to no order: `amountMinor` is negative for what was taken back. */
export function bookAdrift(fold: Fold, booking: Omit<Booking, 'voidedAt' | 'costMinor' | 'reverses'>): Booking {
  const { state } = fold;
  const { amountMinor, currency, kind } = booking;
  if (kind === 'payment') {
    state.payments += 1;
    add(state.paid, currency, amountMinor);
  } else add(state.adrift, currency, amountMinor);
  const booked = { ...booking, costMinor: null, reverses: false, voidedAt: null };
  fold.bookings.push(booked);
  return booked;
}

/** Keeps an event until its order comes to be known. Until then it books and lists what it says by itself. */
export function wait(fold: Fold, waiting: Waiting): void {
  const { state } = fold;
  fold.provisional.set(keyOf(waiting.event), {
    booking: waiting.booked ? bookAdrift(fold, bookingOf(waiting)) : null,
    discrepancy: waiting.listed ? discrepancyOf(waiting) : null,
  });
  const listed = fold.provisional.get(keyOf(waiting.event))?.discrepancy ?? null;
  if (listed !== null) fold.discrepancies.push(listed);
  const same = state.waiting.get(waiting.orderId);
  if (same === undefined) state.waiting.set(waiting.orderId, [waiting]);
  else same.push(waiting);
}

/** The order came to be known: from its instant on the event counts with it, and what it booked by itself does not. */
export function settle(fold: Fold, waiting: Waiting, order: Purchase): void {
  const { state } = fold;
  let own = fold.provisional.get(keyOf(waiting.event));
  if (own === undefined) {
    // It came before the snapshot that this fold goes on from: what was booked then is given again as it stands now.
    own = {
      booking: waiting.booked ? { ...bookingOf(waiting), costMinor: null, reverses: false, voidedAt: null } : null,
      discrepancy: waiting.listed ? discrepancyOf(waiting) : null,
    };
    if (own.booking !== null) fold.bookings.push(own.booking);
    if (own.discrepancy !== null) fold.discrepancies.push(own.discrepancy);
    fold.rebooked.push(waiting.event);
  }
  const { booking, discrepancy } = own;
  if (discrepancy !== null) discrepancy.settledAt = order.at;
  if (booking === null) return;
  booking.voidedAt = order.at;
  if (booking.kind === 'payment') {
    state.payments -= 1;
    add(state.paid, booking.currency, -booking.amountMinor);
  } else add(state.adrift, booking.currency, -booking.amountMinor);
}

/** The events that wait for this order, in order of time; they wait no longer. */
export function takeWaiting({ state }: Fold, orderId: string): readonly Waiting[] {
  const waiting = state.waiting.get(orderId);
  if (waiting === undefined) return NONE;
  state.waiting.delete(orderId);
  return waiting;
}

const NONE: readonly never[] = [];

function bookingOf(waiting: Waiting): Omit<Booking, 'voidedAt' | 'costMinor' | 'reverses'> {
  const { kind, at, event, orderId, contractId, amountMinor, currency, brand } = waiting;
  const isPayment = kind === 'payment';
  return {
    orderId: isPayment || orderId === '' ? null : orderId,
    orderSource: isPayment ? null : event.source,
    orderAt: null,
    contractId,
    at,
    kind: isPayment ? 'payment' : 'return',
    amountMinor: isPayment ? (amountMinor ?? 0) : -(amountMinor ?? 0),
    currency: currency ?? '',
    brand,
    event,
  };
}

function discrepancyOf({ kind, orderId, contractId, amountMinor, currency, brand, at, event }: Waiting): Discrepancy {
  return {
    kind: LISTED_AS[kind],
    orderId: orderId === '' ? null : orderId,
    orderSource: event.source,
    orderAt: null,
    contractId,
    amountMinor,
    currency,
    at,
    settledAt: null,
    brand,
    event,
  };
}

const LISTED_AS = {
  cancellation: 'unmatched-reversal',
  return: 'unmatched-reversal',
  amendment: 'unmatched-amendment',
  payment: 'unmatched-payment',
} as const satisfies Record<Waiting['kind'], DiscrepancyKind>;

/** A currency of which nothing is left is no longer one that the customer has. */
function add(sums: Record<string, number>, currency: string, amountMinor: number): void {
  const sum = (Object.hasOwn(sums, currency) ? (sums[currency] ?? 0) : 0) + amountMinor;
  if (sum === 0) delete sums[currency];
  else sums[currency] = sum;
}

function keyOf({ source, id }: EventRef): string {
  return `${source}\0${id}`;
}
