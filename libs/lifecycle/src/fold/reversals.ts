import type { Instant } from '#contracts';
import type { EventRef, LifecycleEvent } from '../model.js';
import { furthestPhase } from './acquisition.js';
import { holdForContracts, staysLostByContract } from './contracts.js';
import { windowEnd } from './expansion.js';
import { orderIdOf, returnOf, type ReturnFact } from './facts.js';
import { causedBy, move, policyOf, refOf, type Fold } from './fold.js';
import { pausedSince } from './pauses.js';
import type { Purchase } from './purchases.js';
import { restartSilence } from './silence.js';

/** A cancellation reverses the whole order. One that matches no order books nothing. */
export function cancelOrder(fold: Fold, event: LifecycleEvent): void {
  const orderId = orderIdOf(event);
  const order = orderId === null ? null : fold.state.purchases.order(orderId, event.source);
  if (order === null || !order.survives) return;
  takeBack(fold, event, order, order.netMinor, true);
}

/**
 * A return reverses what it names: pieces, an amount, or everything. When no piece is left, the order is wholly returned
 * at that moment. A smaller return books money only, as does one that matches no order.
 */
export function returnOrder(fold: Fold, event: LifecycleEvent): void {
  const fact = returnOf(event);
  const order = fact.orderId === null ? null : fold.state.purchases.order(fact.orderId, event.source);
  if (order === null) {
    bookUnmatchedReturn(fold, event, fact);
    return;
  }
  // An order that was reversed cannot be returned again.
  if (!order.survives) return;
  const namesNothing = fact.lines.length === 0 && fact.amountMinor === null;
  let worth = 0;
  for (const { sku, quantity, amountMinor } of fact.lines) {
    const pieces = takePieces(order, sku, quantity);
    worth += amountMinor ?? pieces;
  }
  const left = order.articles.some((article) => article.left > 0);
  const emptied = fact.lines.length > 0 && order.articles.length > 0 && !left;
  const whole = fact.whole === true || emptied || (namesNothing && fact.whole !== false);
  const given = fact.amountMinor ?? (fact.lines.length === 0 ? null : worth);
  // Where the event states no amount, a whole return refunds all, and a partial one what the pieces were sold for.
  const stated = fact.amountMinor !== null || fact.lines.some(({ amountMinor }) => amountMinor !== null);
  const amount =
    whole && !stated ? order.netMinor : stated ? (given ?? 0) : Math.min(given ?? 0, Math.max(order.netMinor, 0));
  takeBack(fold, event, order, amount, whole);
}

/** Counts down the pieces of an article; returns the price at which they were sold. */
function takePieces(order: Purchase, sku: string, quantity: number): number {
  let wanted = quantity;
  let price = 0;
  for (const article of order.articles) {
    if (wanted <= 0) break;
    if (article.sku !== sku || article.left <= 0) continue;
    const taken = Math.min(article.left, wanted);
    article.left -= taken;
    wanted -= taken;
    price += taken * article.unitPriceMinor;
  }
  return price;
}

function takeBack(fold: Fold, event: LifecycleEvent, order: Purchase, amountMinor: number, whole: boolean): void {
  const costMinor = costOf(order, amountMinor, whole);
  order.netMinor -= amountMinor;
  if (order.costMinor !== null && costMinor !== null) order.costMinor -= costMinor;
  fold.bookings.push({
    orderId: order.id,
    at: event.occurredAt,
    kind: event.type === 'order-cancelled' ? 'cancellation' : 'return',
    amountMinor: negative(amountMinor),
    currency: order.currency,
    costMinor: costMinor === null ? null : negative(costMinor),
    reverses: whole,
    event: refOf(event),
  });
  if (whole) reverse(fold, event, order);
}

/** The cost that is reversed with an amount: all of it with the whole order, else in proportion, in whole minor units. */
function costOf(order: Purchase, amountMinor: number, whole: boolean): number | null {
  if (order.costMinor === null || whole) return order.costMinor;
  return order.netMinor === 0 ? 0 : Math.round((order.costMinor * amountMinor) / order.netMinor);
}

/** A refund for an unknown order: it is booked, and the stage stays. */
function bookUnmatchedReturn(fold: Fold, event: LifecycleEvent, fact: ReturnFact): void {
  const lines = fact.lines.reduce((sum, { amountMinor }) => sum + (amountMinor ?? 0), 0);
  const amountMinor = fact.amountMinor ?? lines;
  if (amountMinor === 0) return;
  const currency = fact.currency ?? policyOf(fold).currency ?? 'XXX';
  const { adrift } = fold.state;
  adrift[currency] = (adrift[currency] ?? 0) - amountMinor;
  fold.bookings.push({
    orderId: fact.orderId ?? event.id,
    at: event.occurredAt,
    kind: 'return',
    amountMinor: negative(amountMinor),
    currency,
    costMinor: null,
    reverses: false,
    event: refOf(event),
  });
}

/**
 * From here on the purchase does not count. One of an earlier cycle changes no stage. When none is left in this cycle, the
 * customer is back in acquisition, in the same cycle; else the remaining purchases decide the phase.
 */
function reverse(fold: Fold, event: LifecycleEvent, order: Purchase): void {
  const { state } = fold;
  state.purchases.reverse(order);
  if (order.cycle !== state.cycle) return;
  state.inCycle -= 1;
  const at = event.occurredAt;
  const events = [refOf(event)];
  if (state.inCycle === 0) {
    state.signals = [];
    state.silence = null;
    state.silenceHeardFrom = null;
    const values = { order: order.id, purchases_in_cycle: 0 };
    move(fold, at, 'acquisition', furthestPhase(state), causedBy(fold, 'purchase-reversed', events, values));
    return;
  }
  restartSilence(fold);
  state.signals = state.signals.filter(({ orders }) => orders.every(({ id, source }) => survives(fold, id, source)));
  if (state.phase === 'lost' && staysLostByContract(fold, at)) return;
  placeByPurchases(fold, at, events, order.id);
}

function survives(fold: Fold, id: string, source: string): boolean {
  return fold.state.purchases.order(id, source)?.survives === true;
}

/** Moves the customer to the phase that the surviving purchases of the cycle give. Silence that is overdue moves them on at this very instant. */
function placeByPurchases(fold: Fold, at: Instant, events: readonly EventRef[], orderId: string): void {
  const { state } = fold;
  const signal = state.signals.at(-1);
  const windowEndsAt = signal === undefined ? -Infinity : windowEnd(fold, signal.at);
  const values = { order: orderId, purchases_in_cycle: state.inCycle, standing_signal: signal?.phase ?? null };
  const cause = causedBy(fold, 'purchase-reversed', events, values);
  if (signal !== undefined && windowEndsAt + pausedSince(state, signal.at) > at) {
    move(fold, at, 'expansion', signal.phase, cause);
    state.windowSince = signal.at;
    state.windowEndsAt = windowEndsAt;
  } else {
    move(fold, at, 'retention', state.inCycle === 1 ? 'onboarding' : 'active', cause);
  }
  holdForContracts(fold, at, events);
}

/** A negative amount that is never −0. */
function negative(amount: number): number {
  return amount === 0 ? 0 : -amount;
}
