import type { Instant } from '#contracts';
import { dayOf } from '../calendar/calendar.js';
import type { LifecycleEvent } from '../model.js';
import { beginCycle, wholeDays } from './acquisition.js';
import { expand, signalsOfOrder } from './expansion.js';
import { categoryOf, contractIdOf, orderOf } from './facts.js';
import { actOf, causedBy, move, policyOf, refOf, type Fold, type Values } from './fold.js';
import type { Purchase } from './purchases.js';
import { restartSilence } from './silence.js';
import { listOfOrder } from './waiting.js';

/**
 * An order: it is booked, and moves the customer; returns it. The same order sent again by its source counts once: null.
 * Sent with other content it is listed.
 */
export function placeOrder(fold: Fold, event: LifecycleEvent): Purchase | null {
  const fact = orderOf(event);
  const known = fold.state.purchases.order(fact.orderId, event.source);
  // An order that was reversed at once, by what waited for it, is not placed again at the same instant.
  if (known?.source === event.source && (known.survives || known.at === event.occurredAt)) {
    const same = fact.content === known.content || (known.amended && fact.amountMinor === known.amountMinor);
    if (!same) listOfOrder(fold, actOf(event), 'order-repeated', known, Math.abs(fact.amountMinor), fact.currency);
    return null;
  }
  fold.bookings.push({
    orderId: fact.orderId,
    orderSource: event.source,
    orderAt: event.occurredAt,
    contractId: null,
    at: event.occurredAt,
    kind: 'order',
    amountMinor: fact.amountMinor,
    currency: fact.currency,
    costMinor: fact.costMinor,
    reverses: false,
    voidedAt: null,
    brand: event.brand ?? null,
    event: refOf(event),
  });
  return buy(fold, event, {
    kind: 'order',
    id: fact.orderId,
    source: event.source,
    at: event.occurredAt,
    amountMinor: fact.amountMinor,
    netMinor: fact.amountMinor,
    costMinor: fact.costMinor,
    currency: fact.currency,
    categories: fact.categories,
    articles: fact.articles,
    content: fact.content,
    brand: event.brand ?? null,
  });
}

/** A new contract is a purchase but not an order: it does not count for the value of orders. */
export function buyContract(fold: Fold, event: LifecycleEvent): void {
  const category = categoryOf(event);
  buy(fold, event, {
    kind: 'contract',
    id: contractIdOf(event) ?? event.id,
    source: event.source,
    at: event.occurredAt,
    amountMinor: 0,
    netMinor: 0,
    costMinor: null,
    currency: '',
    categories: category === null ? [] : [category],
    articles: [],
    content: 0,
    brand: event.brand ?? null,
  });
}

function buy(fold: Fold, event: LifecycleEvent, bought: Bought): Purchase {
  const { state } = fold;
  const at = event.occurredAt;
  const { stage, phase } = state;
  const silentFor = daysSince(state.silence?.from ?? null, at);
  const lostSince = phase === 'lost' ? (state.current?.enteredAt ?? null) : null;
  if (stage === null || phase === 'lost') beginCycle(state, at);
  const purchase = record(fold, bought);
  state.lastIntentAt = at;
  state.inCycle += 1;
  restartSilence(fold);
  const events = [refOf(event)];

  if (stage === null || stage === 'acquisition' || phase === 'lost') {
    // The first surviving purchase of the cycle; of a later cycle it is a win-back.
    const values: Values = { touchpoint: event.type, cycle: state.cycle, lost_for_days: daysSince(lostSince, at) };
    const rule = state.cycle > 1 ? 'win-back' : 'first-purchase';
    move(fold, at, 'retention', 'onboarding', causedBy(fold, rule, events, values));
    return purchase;
  }

  const reactivated = phase === 'at-risk' || phase === 'lapsed';
  const found = bought.kind === 'order' ? signalsOfOrder(fold, purchase) : [];
  if (found.length > 0) {
    expand(fold, at, found, reactivated ? 'reactivated' : null, events);
    return purchase;
  }
  if (reactivated) {
    const values = { from: phase, days_silent: silentFor };
    move(fold, at, 'retention', 'active', causedBy(fold, 'reactivated', events, values));
  } else if (phase === 'onboarding') {
    const values = { purchases_in_cycle: state.inCycle };
    move(fold, at, 'retention', 'active', causedBy(fold, 'second-purchase', events, values));
  }
  return purchase;
}

/** A purchase as it is bought: where it stands in the customer's history is added when it is recorded. */
type Bought = Omit<Purchase, 'day' | 'cycle' | 'survives' | 'amended'>;

/** Records a purchase of the present cycle. */
export function record(fold: Fold, bought: Bought): Purchase {
  const { state } = fold;
  const { kind, id, source, at, amountMinor, netMinor, costMinor, currency, categories, articles, content, brand } =
    bought;
  const purchase: Purchase = {
    kind,
    id,
    source,
    at,
    day: dayOf(at, policyOf(fold).timeZone),
    cycle: state.cycle,
    survives: true,
    amountMinor,
    netMinor,
    costMinor,
    currency,
    categories,
    articles,
    content,
    amended: false,
    brand,
  };
  state.purchases.add(purchase);
  return purchase;
}

function daysSince(since: Instant | null, at: Instant): number | null {
  return since === null ? null : wholeDays(at - since);
}
