import type { Instant } from '#contracts';
import { addDays } from '../calendar/calendar.js';
import type { EventRef, ExpansionPhase, LifecycleEvent } from '../model.js';
import { npsOf, starsOf } from './facts.js';
import { causedBy, move, policyOf, refOf, type Fold, type Values } from './fold.js';
import { lowerBound, medianWithout, type Purchase, type PurchaseBook } from './purchases.js';
import type { ExpansionSignal, State } from './state.js';

/** A signal of expansion, with the values that were compared. */
export interface FoundSignal {
  readonly phase: ExpansionPhase;
  readonly orders: ExpansionSignal['orders'];
  readonly values: Values;
}

/** The signals of a new order: cross-sell, then up-sell; the last one names the phase. The order is recorded already. */
export function signalsOfOrder(fold: Fold, order: Purchase): readonly FoundSignal[] {
  const { purchases, cycle } = fold.state;
  const { crossSellOrdersBefore, upSellTimesMedian, upSellOrdersBefore } = policyOf(fold).expansion;
  const found: FoundSignal[] = [];
  const before = purchases.orders - 1;
  if (order.categories.length > 0 && before >= crossSellOrdersBefore) {
    const { taxonomy } = fold.era.compiled;
    // The order itself holds each of its categories once: a second holder is an earlier purchase.
    const category = order.categories.find((one) => taxonomy.has(one) && purchases.holding(one) === 1);
    if (category !== undefined) found.push(crossSell(order, category, before));
  }
  if (before - 1 >= upSellOrdersBefore) {
    const last = purchases.orderBefore(purchases.surviving.length - 1)?.order;
    if (last !== undefined && last.cycle === cycle && last.currency === order.currency) {
      const { count, median } = purchases.medianWithout(last, order);
      const needed = upSellTimesMedian * median;
      if (count >= upSellOrdersBefore && last.amountMinor >= needed && order.amountMinor >= needed)
        found.push(upSell(last, order, { median, needed, count }));
    }
  }
  return found;
}

function crossSell(order: Purchase, category: string, ordersBefore: number): FoundSignal {
  return {
    phase: 'cross-sell',
    orders: [{ id: order.id, source: order.source }],
    values: { category, orders_before: ordersBefore },
  };
}

function upSell(
  former: Purchase,
  order: Purchase,
  { median, needed, count }: { readonly median: number; readonly needed: number; readonly count: number },
): FoundSignal {
  return {
    phase: 'up-sell',
    orders: [
      { id: former.id, source: former.source },
      { id: order.id, source: order.source },
    ],
    values: {
      median_of_orders_before_minor: median,
      needed_minor: needed,
      former_order_minor: former.amountMinor,
      this_order_minor: order.amountMinor,
      currency: order.currency,
      orders_before: count,
    },
  };
}

/** So many of the last orders are looked at when an order is amended. */
const ORDERS_LOOKED_AT = 100;

/**
 * The signals that the orders of this cycle give as they stand now: each order and each two in a row, compared with those
 * before them. As at the time of an order, the first purchase of the cycle is no signal. The last hundred orders are
 * looked at, so that the cost of an amendment does not grow with them.
 */
export function signalsOfCycle(fold: Fold): readonly FoundSignal[] {
  const { purchases, cycle } = fold.state;
  const { crossSellOrdersBefore, upSellTimesMedian, upSellOrdersBefore } = policyOf(fold).expansion;
  const { taxonomy } = fold.era.compiled;
  const { surviving } = purchases;
  const from = placeOfOrder(surviving, ORDERS_LOOKED_AT);
  // Without what is looked at, the book tells what came before: it is taken out, and put back order by order.
  const last = surviving.slice(from);
  const ahead = new CategoriesAhead(last);
  const values = new ValuesBefore(purchases, last);
  let orders = purchases.orders - last.filter(({ kind }) => kind === 'order').length;
  let former = purchases.orderBefore(from)?.order ?? null;
  if (former !== null) values.takeOut(former);
  const found: FoundSignal[] = [];
  last.forEach((order, index) => {
    if (order.kind === 'order') {
      if (order.cycle === cycle && surviving[from + index - 1]?.cycle === cycle) {
        const category =
          orders < crossSellOrdersBefore
            ? undefined
            : order.categories.find((one) => taxonomy.has(one) && purchases.holding(one) === ahead.holding(one));
        if (category !== undefined) found.push(crossSell(order, category, orders));
        if (former?.cycle === cycle && former.currency === order.currency) {
          const { count, median } = values.median(order.currency);
          const needed = upSellTimesMedian * median;
          if (count >= upSellOrdersBefore && former.amountMinor >= needed && order.amountMinor >= needed)
            found.push(upSell(former, order, { median, needed, count }));
        }
      }
      if (former !== null) values.putBack(former);
      former = order;
      orders += 1;
    }
    ahead.pass(order);
  });
  return found;
}

/** How many of some purchases hold each category. */
class CategoriesAhead {
  private readonly counts = new Map<string, number>();

  constructor(purchases: readonly Purchase[]) {
    for (const { categories } of purchases)
      for (const category of categories) this.counts.set(category, this.holding(category) + 1);
  }

  holding(category: string): number {
    return this.counts.get(category) ?? 0;
  }

  pass({ categories }: Purchase): void {
    for (const category of categories) this.counts.set(category, this.holding(category) - 1);
  }
}

/** The values of the surviving orders without those that are taken out. */
class ValuesBefore {
  /** The places of those taken out, sorted, by currency. */
  private readonly out = new Map<string, number[]>();

  constructor(
    private readonly purchases: PurchaseBook,
    taken: readonly Purchase[],
  ) {
    for (const purchase of taken) if (purchase.kind === 'order') this.takeOut(purchase);
  }

  takeOut({ currency, amountMinor }: Purchase): void {
    const places = this.placesOf(currency);
    const values = this.purchases.valuesOf(currency);
    // Of equal values each stands at a place of its own.
    let place = lowerBound(values, amountMinor);
    let at = lowerBound(places, place);
    while (places[at] === place) {
      place += 1;
      at += 1;
    }
    places.splice(at, 0, place);
  }

  putBack({ currency, amountMinor }: Purchase): void {
    const places = this.placesOf(currency);
    places.splice(lowerBound(places, lowerBound(this.purchases.valuesOf(currency), amountMinor)), 1);
  }

  median(currency: string): { readonly count: number; readonly median: number } {
    return medianWithout(this.purchases.valuesOf(currency), this.placesOf(currency));
  }

  private placesOf(currency: string): number[] {
    let places = this.out.get(currency);
    if (places === undefined) this.out.set(currency, (places = []));
    return places;
  }
}

/** Tells two signals apart: by the phase and the orders. */
export function keyOfSignal({ phase, orders }: Pick<FoundSignal, 'phase' | 'orders'>): string {
  return [phase, ...orders.map(({ id, source }) => `${source}\0${id}`)].join('\0\0');
}

/** The place of the first of the last `count` orders. */
function placeOfOrder(surviving: readonly Purchase[], count: number): number {
  let left = count;
  for (let at = surviving.length - 1; at >= 0; at -= 1) {
    if (surviving[at]?.kind === 'order') left -= 1;
    if (left === 0) return at;
  }
  return 0;
}

/** Applies signals: each restarts the window, the last one names the phase. */
export function expand(
  fold: Fold,
  at: Instant,
  found: readonly FoundSignal[],
  rule: string | null,
  events: readonly EventRef[],
): void {
  const { state } = fold;
  const named = found.at(-1);
  if (named === undefined) return;
  const { timeZone, expansion } = policyOf(fold);
  const fresh = state.signals.filter((signal) => windowEnd(fold, signal.at) > at);
  state.signals = [...fresh, ...found.map(({ phase, orders }) => ({ phase, at, orders }))];
  const values: Record<string, string | number | boolean | null> = { signal: named.phase };
  for (const one of found) Object.assign(values, one.values);
  values['window_days'] = expansion.windowDays;
  move(fold, at, 'expansion', named.phase, causedBy(fold, rule ?? named.phase, events, values));
  state.windowSince = at;
  state.windowEndsAt = addDays(at, expansion.windowDays, timeZone);
}

/** When the window of a signal given at this instant ends, before any pause is added. */
export function windowEnd(fold: Fold, at: Instant): Instant {
  const { timeZone, expansion } = policyOf(fold);
  return addDays(at, expansion.windowDays, timeZone);
}

/** A referral bought, or the customer answered a survey or wrote a review: advocacy, from the phases that allow it. */
export function advocate(fold: Fold, event: LifecycleEvent): void {
  const { state } = fold;
  const { advocacyNpsMin, advocacyStarsMin } = policyOf(fold).expansion;
  const ref = refOf(event);
  if (event.type === 'referral-converted') {
    if (canAdvocate(state))
      expand(fold, event.occurredAt, [{ phase: 'advocacy', orders: [], values: {} }], null, [ref]);
    return;
  }
  if (event.type === 'review-posted') {
    const stars = starsOf(event);
    if (stars === null) return;
    state.review = { stars, event: ref };
  } else {
    const score = npsOf(event);
    if (score === null) return;
    state.nps = { score, event: ref };
  }
  const { nps, review } = state;
  if (nps === null || review === null || nps.score < advocacyNpsMin || review.stars < advocacyStarsMin) return;
  if (!canAdvocate(state)) return;
  state.review = null;
  const events = event.type === 'review-posted' ? [nps.event, ref] : [review.event, ref];
  expand(
    fold,
    event.occurredAt,
    [
      {
        phase: 'advocacy',
        orders: [],
        values: {
          stars: review.stars,
          stars_min: advocacyStarsMin,
          nps: nps.score,
          nps_min: advocacyNpsMin,
        },
      },
    ],
    null,
    events,
  );
}

/** Advocacy counts from onboarding, active and expansion; not from at-risk on, and never without a purchase. */
function canAdvocate({ stage, phase, purchases }: State): boolean {
  if (purchases.surviving.length === 0) return false;
  return stage === 'expansion' || phase === 'onboarding' || phase === 'active';
}
