import type { Instant } from '#contracts';
import { dayOf } from '../calendar/calendar.js';
import type { LifecycleEvent } from '../model.js';
import { beginCycle, wholeDays } from './acquisition.js';
import { expand, signalsOfOrder } from './expansion.js';
import { categoryOf, contractIdOf, orderOf } from './facts.js';
import { causedBy, move, policyOf, refOf, type Fold, type Values } from './fold.js';
import type { Purchase } from './purchases.js';
import { restartSilence } from './silence.js';

/** An order: it is booked, and moves the customer. The same order sent twice by one source counts once. */
export function placeOrder(fold: Fold, event: LifecycleEvent): void {
  const fact = orderOf(event);
  const known = fold.state.purchases.order(fact.orderId, event.source);
  if (known !== null && known.source === event.source && known.survives) return;
  const ref = refOf(event);
  fold.bookings.push({
    orderId: fact.orderId,
    at: event.occurredAt,
    kind: 'order',
    amountMinor: fact.amountMinor,
    currency: fact.currency,
    costMinor: fact.costMinor,
    reverses: false,
    event: ref,
  });
  buy(fold, event, {
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
  });
}

function buy(fold: Fold, event: LifecycleEvent, bought: Omit<Purchase, 'day' | 'cycle' | 'survives'>): void {
  const { state } = fold;
  const at = event.occurredAt;
  const { stage, phase } = state;
  const silentFor = daysSince(state.silence?.from ?? null, at);
  const lostSince = phase === 'lost' ? (state.current?.enteredAt ?? null) : null;
  if (stage === null || phase === 'lost') beginCycle(state, at);
  record(fold, bought);
  state.lastIntentAt = at;
  state.inCycle += 1;
  restartSilence(fold);
  const events = [refOf(event)];

  if (stage === null || stage === 'acquisition' || phase === 'lost') {
    // The first surviving purchase of the cycle; of a later cycle it is a win-back.
    const values: Values = { touchpoint: event.type, cycle: state.cycle, lost_for_days: daysSince(lostSince, at) };
    const rule = state.cycle > 1 ? 'win-back' : 'first-purchase';
    move(fold, at, 'retention', 'onboarding', causedBy(fold, rule, events, values));
    return;
  }

  const reactivated = phase === 'at-risk' || phase === 'lapsed';
  const found = bought.kind === 'order' ? signalsOfOrder(fold, lastOf(fold)) : [];
  if (found.length > 0) {
    expand(fold, at, found, reactivated ? 'reactivated' : null, events);
    return;
  }
  if (reactivated) {
    const values = { from: phase, days_silent: silentFor };
    move(fold, at, 'retention', 'active', causedBy(fold, 'reactivated', events, values));
  } else if (phase === 'onboarding') {
    const values = { purchases_in_cycle: state.inCycle };
    move(fold, at, 'retention', 'active', causedBy(fold, 'second-purchase', events, values));
  }
}

/** Records a purchase of the present cycle. */
export function record(fold: Fold, bought: Omit<Purchase, 'day' | 'cycle' | 'survives'>): void {
  const { state } = fold;
  const { kind, id, source, at, amountMinor, netMinor, costMinor, currency, categories, articles } = bought;
  const day = dayOf(at, policyOf(fold).timeZone);
  state.purchases.add({
    kind,
    id,
    source,
    at,
    day,
    cycle: state.cycle,
    survives: true,
    amountMinor,
    netMinor,
    costMinor,
    currency,
    categories,
    articles,
  });
}

function lastOf({ state }: Fold): Purchase {
  const last = state.purchases.surviving.at(-1);
  if (last === undefined) throw new Error('An order that was just recorded is the last surviving purchase.');
  return last;
}

function daysSince(since: Instant | null, at: Instant): number | null {
  return since === null ? null : wholeDays(at - since);
}
