import type { Instant } from '#contracts';
import { dayOf } from '../calendar/calendar.js';

/**
 * `order`: an order. `contract`: a subscription started, which is a purchase too. `reopened`: a contract that was paid
 * or renewed after its end; it opens a cycle as a purchase does, but says nothing about how often the customer buys.
 */
export type PurchaseKind = 'order' | 'contract' | 'reopened';

/** The pieces of one article that an order still holds: returns count them down. */
export interface ArticleLeft {
  readonly sku: string;
  left: number;
  /** The pieces that were returned. */
  taken: number;
  readonly unitPriceMinor: number;
}

export interface Purchase {
  readonly kind: PurchaseKind;
  /** The order's or the contract's id, as the touchpoint names it. */
  readonly id: string;
  readonly source: string;
  readonly at: Instant;
  /** The calendar day in the zone of the policy in force. */
  day: number;
  readonly cycle: number;
  /** False from the instant at which it was cancelled or wholly returned. */
  survives: boolean;
  /** As placed, or as last amended. What was taken back is not subtracted. */
  amountMinor: number;
  /** What remains of the amount after returns. */
  netMinor: number;
  /** What remains of its cost; null where unknown. */
  costMinor: number | null;
  readonly currency: string;
  /** As placed, or as last amended. */
  categories: readonly string[];
  articles: readonly ArticleLeft[];
  /** Stands for the content of the order as placed. */
  readonly content: number;
  amended: boolean;
  /** The brand that it was bought of; null where none is stated. */
  readonly brand: string | null;
}

/** From so many purchases on, an order is found through a map instead of a scan. */
const MAP_FROM = 12;

/**
 * Every purchase of a customer, in order of time, with what the rules need of them: which survive, how regular they are,
 * what an order is usually worth. It grows with purchases, never with touchpoints; each answer costs the logarithm of
 * their number, or as many steps as purchases are asked for.
 */
export class PurchaseBook {
  readonly all: Purchase[] = [];
  /** Those that survive, in order of time. */
  readonly surviving: Purchase[] = [];
  /** Surviving orders. */
  orders = 0;
  private byId: Map<string, Purchase[]> | null = null;
  /** How many surviving purchases hold each category. */
  private readonly categories = new Map<string, number>();
  /** Values of the surviving orders as placed, sorted, by currency; built when an up-sell first becomes possible. */
  private values: Map<string, number[]> | null = null;

  add(purchase: Purchase): void {
    this.all.push(purchase);
    if (this.byId !== null) remember(this.byId, purchase);
    if (!purchase.survives) return;
    this.surviving.push(purchase);
    for (const category of purchase.categories) this.categories.set(category, this.holding(category) + 1);
    if (purchase.kind !== 'order') return;
    this.orders += 1;
    if (this.values !== null) insert(this.values, purchase);
  }

  /** The purchase stops counting. */
  reverse(purchase: Purchase): void {
    purchase.survives = false;
    this.surviving.splice(this.surviving.lastIndexOf(purchase), 1);
    for (const category of purchase.categories) this.categories.set(category, this.holding(category) - 1);
    if (purchase.kind !== 'order') return;
    this.orders -= 1;
    const values = this.values?.get(purchase.currency);
    if (values !== undefined) values.splice(lowerBound(values, purchase.amountMinor), 1);
  }

  /** The order has another amount, and other lines where those are given, from here on. What was taken back of it stays. */
  amend(order: Purchase, amountMinor: number, lines: Pick<Purchase, 'categories' | 'articles'> | null): void {
    const values = order.survives ? this.values?.get(order.currency) : undefined;
    if (values !== undefined && values.length > 0) values.splice(lowerBound(values, order.amountMinor), 1);
    order.netMinor += amountMinor - order.amountMinor;
    order.amountMinor = amountMinor;
    order.amended = true;
    if (order.survives && this.values !== null) insert(this.values, order);
    if (lines === null) return;
    if (order.survives) {
      for (const category of order.categories) this.categories.set(category, this.holding(category) - 1);
      for (const category of lines.categories) this.categories.set(category, this.holding(category) + 1);
    }
    const taken = new Map<string, number>();
    for (const article of order.articles)
      if (article.taken > 0) taken.set(article.sku, (taken.get(article.sku) ?? 0) + article.taken);
    order.categories = lines.categories;
    order.articles = lines.articles.map((article) => {
      const before = Math.min(taken.get(article.sku) ?? 0, article.left);
      if (before > 0) taken.set(article.sku, (taken.get(article.sku) ?? 0) - before);
      return { ...article, left: article.left - before, taken: before };
    });
  }

  /** The order of this id: of the same source before any other, surviving before taken back, the latest of them. */
  order(id: string, source: string): Purchase | null {
    let best: Purchase | null = null;
    let bestScore = -1;
    for (const purchase of this.named(id)) {
      if (purchase.kind !== 'order' || purchase.id !== id) continue;
      const score = (purchase.source === source ? 2 : 0) + (purchase.survives ? 1 : 0);
      if (score >= bestScore) {
        best = purchase;
        bestScore = score;
      }
    }
    return best;
  }

  private named(id: string): readonly Purchase[] {
    if (this.all.length < MAP_FROM) return this.all;
    if (this.byId === null) {
      this.byId = new Map();
      for (const purchase of this.all) remember(this.byId, purchase);
    }
    return this.byId.get(id) ?? [];
  }

  /** How many surviving purchases hold the category. */
  holding(category: string): number {
    return this.categories.get(category) ?? 0;
  }

  /** The longest of these intervals among the categories of surviving purchases; null where none has one. */
  longest(days: Readonly<Record<string, number>>): number | null {
    let longest: number | null = null;
    for (const [category, count] of this.categories) {
      const own = count > 0 && Object.hasOwn(days, category) ? days[category] : undefined;
      if (own !== undefined && (longest === null || own > longest)) longest = own;
    }
    return longest;
  }

  /**
   * The median of the last intervals between distinct days with a surviving purchase, in days; of an even number the
   * mean of the middle two, rounded up. Null with fewer days than needed.
   */
  rhythmDays(intervals: number, daysNeeded: number): number | null {
    const gaps: number[] = [];
    let later: number | null = null;
    for (let i = this.surviving.length - 1; i >= 0 && gaps.length < intervals; i -= 1) {
      const purchase = this.surviving[i];
      if (purchase === undefined || purchase.kind === 'reopened' || purchase.day === later) continue;
      if (later !== null) gaps.push(later - purchase.day);
      later = purchase.day;
    }
    if (gaps.length === 0 || gaps.length + 1 < daysNeeded) return null;
    gaps.sort((a, b) => a - b);
    const middle = gaps.length >> 1;
    const upper = gaps[middle] ?? 0;
    return gaps.length % 2 === 1 ? upper : Math.ceil(((gaps[middle - 1] ?? 0) + upper) / 2);
  }

  /** The surviving order before this place among the surviving (by default the last), and its place; null at the start. */
  orderBefore(place = this.surviving.length): { readonly order: Purchase; readonly place: number } | null {
    for (let i = place - 1; i >= 0; i -= 1) {
      const order = this.surviving[i];
      if (order !== undefined && order.kind === 'order') return { order, place: i };
    }
    return null;
  }

  /** How many surviving orders in the currency there are beside these two, and the median of their values as placed. */
  medianWithout(one: Purchase, other: Purchase): { readonly count: number; readonly median: number } {
    const values = this.valuesOf(one.currency);
    const first = lowerBound(values, Math.min(one.amountMinor, other.amountMinor));
    let second = lowerBound(values, Math.max(one.amountMinor, other.amountMinor));
    if (second === first) second += 1;
    return medianWithout(values, [first, second]);
  }

  /** The values of the surviving orders in a currency, sorted. */
  valuesOf(currency: string): readonly number[] {
    if (this.values === null) {
      this.values = new Map();
      for (const purchase of this.surviving) if (purchase.kind === 'order') insert(this.values, purchase);
    }
    return this.values.get(currency) ?? [];
  }

  /** Computes the calendar days again, after the time zone of the business changed. */
  recomputeDays(timeZone: string): void {
    for (const purchase of this.all) purchase.day = dayOf(purchase.at, timeZone);
  }
}

function remember(byId: Map<string, Purchase[]>, purchase: Purchase): void {
  const same = byId.get(purchase.id);
  if (same === undefined) byId.set(purchase.id, [purchase]);
  else same.push(purchase);
}

function insert(values: Map<string, number[]>, { currency, amountMinor }: Purchase): void {
  const sorted = values.get(currency);
  if (sorted === undefined) values.set(currency, [amountMinor]);
  else sorted.splice(lowerBound(sorted, amountMinor), 0, amountMinor);
}

/** The median of sorted values without those at these places, which are sorted too; of an even number the mean of the middle two. */
export function medianWithout(
  sorted: readonly number[],
  places: readonly number[],
): { readonly count: number; readonly median: number } {
  const count = sorted.length - places.length;
  const at = (index: number): number => {
    let place = index;
    for (const without of places) {
      if (without > place) break;
      place += 1;
    }
    return sorted[place] ?? 0;
  };
  const middle = count >> 1;
  return { count, median: count % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2 };
}

/** The first place whose value is not below this one. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
