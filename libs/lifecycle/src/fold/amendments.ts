import type { LifecycleEvent } from '../model.js';
import { holdForContracts } from './contracts.js';
import { expand, keyOfSignal, signalsOfCycle } from './expansion.js';
import { amendmentOf, type AmendmentFact } from './facts.js';
import { actOf, refOf, type Act, type Fold } from './fold.js';
import type { Purchase } from './purchases.js';
import { placeByPurchases, reverse } from './reversals.js';
import { restartSilence } from './silence.js';
import { listOfOrder, wait } from './waiting.js';

/** An amendment gives its order new lines or a new total. One that matches no order yet waits for it. */
export function amendOrder(fold: Fold, event: LifecycleEvent): void {
  const fact = amendmentOf(event);
  const order = fact.orderId === null ? null : fold.state.purchases.order(fact.orderId, event.source);
  if (order !== null) {
    amend(fold, actOf(event), order, fact);
    return;
  }
  wait(fold, {
    kind: 'amendment',
    orderId: fact.orderId ?? '',
    contractId: null,
    at: event.occurredAt,
    event: refOf(event),
    amountMinor: fact.amountMinor,
    currency: fact.currency,
    booked: false,
    listed: true,
    brand: event.brand ?? null,
    fact,
  });
}

/**
 * From here on the order is worth its new amount; the difference is booked. An amount that is not above what was taken
 * back leaves nothing of the order: it is wholly returned. A signal of expansion that the amendment brings about is one
 * from here on; one that it takes away no longer stands.
 */
export function amend(fold: Fold, act: Act, order: Purchase, fact: AmendmentFact): void {
  const { amountMinor, currency } = fact;
  if (!order.survives) {
    listOfOrder(fold, act, 'amendment-after-reversal', order, amountMinor, currency ?? order.currency);
    return;
  }
  if (currency !== null && currency !== order.currency) {
    listOfOrder(fold, act, 'other-currency', order, amountMinor, currency);
    return;
  }
  const { state } = fold;
  const takenBack = order.amountMinor - order.netMinor;
  const total = amountMinor ?? order.amountMinor;
  const nothingLeft = total <= takenBack;
  // Nothing is booked beyond what is left of the order: what was given back above its new total is in excess.
  const bookedMinor = nothingLeft ? -order.netMinor : total - order.amountMinor;
  if (total < takenBack) listOfOrder(fold, act, 'excess-refund', order, takenBack - total, order.currency);

  const moves = order.cycle === state.cycle;
  const before = moves ? signalsOfCycle(fold) : NONE;
  state.purchases.amend(order, total, fact.lines);
  const { articles } = order;
  const emptied = articles.length > 0 && !articles.some(({ left }) => left > 0);
  const whole = nothingLeft || emptied;
  const costBefore = order.costMinor;
  const costMinor = amendCost(order, fact, nothingLeft);
  if (nothingLeft) order.netMinor = 0;
  if (bookedMinor !== 0 || order.costMinor !== costBefore || whole)
    fold.bookings.push({
      orderId: order.id,
      orderSource: order.source,
      orderAt: order.at,
      contractId: null,
      at: act.at,
      kind: 'amendment',
      amountMinor: bookedMinor === 0 ? 0 : bookedMinor,
      currency: order.currency,
      costMinor,
      reverses: whole,
      voidedAt: null,
      brand: order.brand,
      event: act.event,
    });
  if (whole) {
    reverse(fold, act, order);
    return;
  }
  if (!moves) return;
  // Other categories may last for longer.
  if (fact.lines !== null) restartSilence(fold);
  compareSignals(fold, act, order, before);
}

/** What the amendment changes about the signals of this cycle. */
function compareSignals(fold: Fold, act: Act, order: Purchase, before: ReturnType<typeof signalsOfCycle>): void {
  const { state } = fold;
  const after = signalsOfCycle(fold);
  const had = new Set(before.map(keyOfSignal));
  const has = new Set(after.map(keyOfSignal));
  const standing = state.signals.filter((signal) => {
    const key = keyOfSignal(signal);
    return !had.has(key) || has.has(key);
  });
  const lost = standing.length < state.signals.length;
  state.signals = standing;
  const { stage, phase, held } = state;
  if (phase === 'lost') return;
  const brought = after.filter((signal) => !had.has(keyOfSignal(signal)));
  if (brought.length > 0) {
    expand(fold, act.at, brought, null, [act.event]);
    // An unpaid or cancelled contract still puts them at risk. An amendment is no purchase: silence goes on.
    holdForContracts(fold, act.at, [act.event]);
  } else if (lost && (stage === 'expansion' || held?.stage === 'expansion'))
    placeByPurchases(fold, act, order, 'order-amended');
}

/** The cost of the order from here on, in proportion to what is left of its amount; returns the difference. */
function amendCost(order: Purchase, fact: AmendmentFact, nothingLeft: boolean): number | null {
  const before = order.costMinor;
  // A new total alone says nothing about the cost; new lines without costs make it unknown.
  const kept = fact.lines === null ? before : null;
  if (nothingLeft) {
    order.costMinor = before === null ? null : 0;
    return before === null || before === 0 ? before : -before;
  }
  const stated = fact.costMinor;
  if (stated === null) {
    order.costMinor = kept;
    return kept === null ? null : 0;
  }
  const whole = order.netMinor === order.amountMinor || order.amountMinor === 0;
  order.costMinor = whole ? stated : Math.round((stated * order.netMinor) / order.amountMinor);
  return order.costMinor - (before ?? 0);
}

const NONE: readonly never[] = [];
