import type { LifecycleEvent } from '../model.js';
import { furthestPhase } from './acquisition.js';
import { holdForContracts, staysLostByContract } from './contracts.js';
import { windowEnd } from './expansion.js';
import { orderIdOf, returnOf, type ReturnFact } from './facts.js';
import { actOf, causedBy, move, refOf, type Act, type Fold } from './fold.js';
import { pausedSince } from './pauses.js';
import type { Purchase } from './purchases.js';
import { restartSilence } from './silence.js';
import { bookAdrift, listOfOrder, wait } from './waiting.js';

/** A cancellation reverses the whole order. One that matches no order yet waits for it. */
export function cancelOrder(fold: Fold, event: LifecycleEvent): void {
  const orderId = orderIdOf(event);
  const order = orderId === null ? null : fold.state.purchases.order(orderId, event.source);
  if (order !== null) cancel(fold, actOf(event), order);
  else waitForOrder(fold, event, 'cancellation', orderId, null);
}

/** A return takes back what it names: pieces, an amount, or everything. One that matches no order yet waits for it. */
export function returnOrder(fold: Fold, event: LifecycleEvent): void {
  const fact = returnOf(event);
  const order = fact.orderId === null ? null : fold.state.purchases.order(fact.orderId, event.source);
  if (order !== null) giveBack(fold, actOf(event), order, fact);
  else waitForOrder(fold, event, 'return', fact.orderId, fact);
}

/** Money that went back for an order that is not known is booked in the currency that the event names, and listed. */
function waitForOrder(
  fold: Fold,
  event: LifecycleEvent,
  kind: 'cancellation' | 'return',
  orderId: string | null,
  fact: ReturnFact | null,
): void {
  const stated = fact === null ? null : statedAmount(fact);
  const currency = fact?.currency ?? null;
  wait(fold, {
    kind,
    // No order has an empty id: without one it waits for ever.
    orderId: orderId ?? '',
    contractId: null,
    at: event.occurredAt,
    event: refOf(event),
    amountMinor: stated,
    currency,
    booked: stated !== null && stated > 0 && currency !== null,
    listed: true,
    brand: event.brand ?? null,
    fact,
  });
}

/** The order is cancelled as a whole, as far as anything is left of it. */
export function cancel(fold: Fold, act: Act, order: Purchase): void {
  if (order.survives) takeBack(fold, act, 'cancellation', order, order.netMinor, true);
}

/**
 * Something of the order is given back. It is wholly returned when the event says so, when no piece is left, or when
 * nothing of its amount is left; otherwise it goes on counting. Nothing is booked beyond what is left.
 */
export function giveBack(fold: Fold, act: Act, order: Purchase, fact: ReturnFact): void {
  const stated = statedAmount(fact);
  // An order that was reversed cannot be returned again.
  if (!order.survives) {
    if (stated !== null && stated > 0)
      listOfOrder(fold, act, 'excess-refund', order, stated, fact.currency ?? order.currency);
    return;
  }
  const namesNothing = fact.lines.length === 0 && fact.amountMinor === null;
  let worth = 0;
  for (const { sku, quantity, amountMinor } of fact.lines) {
    const pieces = takePieces(order, sku, quantity);
    worth += amountMinor ?? pieces;
  }
  const emptied = order.articles.length > 0 && !order.articles.some((article) => article.left > 0);
  const whole = fact.whole === true || emptied || (namesNothing && fact.whole !== false);
  if (stated !== null && fact.currency !== null && fact.currency !== order.currency) {
    giveBackInOther(fold, act, order, stated, fact.currency, whole);
    return;
  }
  const left = Math.max(order.netMinor, 0);
  // Where the event states no amount, a whole return refunds all, and a partial one what the pieces were sold for.
  const asked = stated === null ? (whole ? order.netMinor : worth) : (fact.amountMinor ?? worth);
  // A total below 0 was stored before such totals were rejected: it has nothing left to give back, and takes any amount.
  const taken =
    order.amountMinor < 0 ? (stated === null && !whole ? Math.min(asked, left) : asked) : Math.min(asked, left);
  if (stated !== null && asked > taken) listOfOrder(fold, act, 'excess-refund', order, asked - taken, order.currency);
  const nothingLeft = order.amountMinor >= 0 && asked > 0 && taken === left;
  takeBack(fold, act, 'return', order, taken, whole || nothingLeft);
}

/** What was given back in another currency cannot be subtracted: it is booked by itself, and listed. */
function giveBackInOther(
  fold: Fold,
  act: Act,
  order: Purchase,
  amountMinor: number,
  currency: string,
  whole: boolean,
): void {
  listOfOrder(fold, act, 'other-currency', order, amountMinor, currency);
  if (whole) takeBack(fold, act, 'return', order, order.netMinor, true);
  else if (amountMinor > 0)
    bookAdrift(fold, {
      orderId: order.id,
      orderSource: order.source,
      orderAt: order.at,
      contractId: null,
      at: act.at,
      kind: 'return',
      amountMinor: -amountMinor,
      currency,
      brand: order.brand,
      event: act.event,
    });
}

/** The amount that a return states, by itself or line by line; null where it states none. */
function statedAmount({ amountMinor, lines }: ReturnFact): number | null {
  if (amountMinor !== null) return amountMinor;
  if (!lines.some((line) => line.amountMinor !== null)) return null;
  return lines.reduce((sum, line) => sum + (line.amountMinor ?? 0), 0);
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
    article.taken += taken;
    wanted -= taken;
    price += taken * article.unitPriceMinor;
  }
  return price;
}

function takeBack(
  fold: Fold,
  act: Act,
  kind: 'cancellation' | 'return',
  order: Purchase,
  amountMinor: number,
  whole: boolean,
): void {
  const costMinor = costOf(order, amountMinor, whole);
  order.netMinor -= amountMinor;
  if (order.costMinor !== null && costMinor !== null) order.costMinor -= costMinor;
  fold.bookings.push({
    orderId: order.id,
    orderSource: order.source,
    orderAt: order.at,
    contractId: null,
    at: act.at,
    kind,
    amountMinor: negative(amountMinor),
    currency: order.currency,
    costMinor: costMinor === null ? null : negative(costMinor),
    reverses: whole,
    voidedAt: null,
    brand: order.brand,
    event: act.event,
  });
  if (whole) reverse(fold, act, order);
}

/** The cost that is reversed with an amount: all of it with the whole order, else in proportion, in whole minor units. */
function costOf(order: Purchase, amountMinor: number, whole: boolean): number | null {
  if (order.costMinor === null || whole) return order.costMinor;
  return order.netMinor === 0 ? 0 : Math.round((order.costMinor * amountMinor) / order.netMinor);
}

/**
 * From here on the purchase does not count. One of an earlier cycle changes no stage. When none is left in this cycle, the
 * customer is back in acquisition, in the same cycle; else the remaining purchases decide the phase.
 */
export function reverse(fold: Fold, act: Act, order: Purchase): void {
  const { state } = fold;
  state.purchases.reverse(order);
  if (order.cycle !== state.cycle) return;
  state.inCycle -= 1;
  const { at } = act;
  const events = [act.event];
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
  if (staysLostByContract(fold, at)) return;
  placeByPurchases(fold, act, order, 'purchase-reversed');
}

function survives(fold: Fold, id: string, source: string): boolean {
  return fold.state.purchases.order(id, source)?.survives === true;
}

/** Moves the customer to the phase that the surviving purchases of the cycle give. Silence that is overdue moves them on at this very instant. */
export function placeByPurchases(
  fold: Fold,
  { at, event }: Act,
  order: Purchase,
  rule: 'purchase-reversed' | 'order-amended',
): void {
  const { state } = fold;
  const events = [event];
  const signal = state.signals.at(-1);
  const windowEndsAt = signal === undefined ? -Infinity : windowEnd(fold, signal.at);
  const values = { order: order.id, purchases_in_cycle: state.inCycle, standing_signal: signal?.phase ?? null };
  const cause = causedBy(fold, rule, events, values);
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
