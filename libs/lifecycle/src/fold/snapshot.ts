import type { Instant } from '#contracts';
import { dayOf } from '../calendar/calendar.js';
import type { EventPlace } from '../event-order.js';
import { PurchaseBook, type Purchase, type PurchaseKind } from './purchases.js';
import { initialState, type State, type Waiting } from './state.js';

/** The format of snapshots. A snapshot of another format is not read: fold from the beginning instead. */
export const SNAPSHOT_FORMAT = 10;

/**
 * The fold's state after its last event, never advanced by the clock: a plain JSON value. Purchases are rows of numbers
 * and texts, so that a long history stays small.
 */
export interface Snapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly state: Omit<State, 'purchases' | 'clock' | 'waiting'> & { readonly clock: Instant | null };
  readonly waiting: readonly Waiting[];
  readonly sources: readonly string[];
  readonly currencies: readonly string[];
  readonly brands: readonly string[];
  readonly purchases: readonly PurchaseRow[];
}

type PurchaseRow = readonly [
  kind: 0 | 1 | 2,
  id: string,
  source: number,
  at: Instant,
  cycle: number,
  survives: 0 | 1,
  amountMinor: number,
  netMinor: number,
  costMinor: number | null,
  currency: number,
  categories: readonly string[],
  articles: readonly (readonly [sku: string, left: number, unitPriceMinor: number, taken?: number])[],
  content: number,
  amended: 0 | 1,
  brand: number | null,
];

const NONE: readonly never[] = [];
const KINDS: readonly PurchaseKind[] = ['order', 'contract', 'reopened'];

/** The place of the last event folded: an event that compares after it can be folded on top. Null before the first event. */
export function snapshotKey(snapshot: Snapshot): EventPlace | null {
  return snapshot.state.key;
}

export function toSnapshot(state: State): Snapshot {
  const sources: string[] = [];
  const currencies: string[] = [];
  const brands: string[] = [];
  const rows = state.purchases.all.map((purchase): PurchaseRow => [
    KINDS.indexOf(purchase.kind) as 0 | 1 | 2,
    purchase.id,
    intern(sources, purchase.source),
    purchase.at,
    purchase.cycle,
    purchase.survives ? 1 : 0,
    purchase.amountMinor,
    purchase.netMinor,
    purchase.costMinor,
    intern(currencies, purchase.currency),
    purchase.categories,
    purchase.articles.map(({ sku, left, unitPriceMinor, taken }) =>
      taken > 0 ? ([sku, left, unitPriceMinor, taken] as const) : ([sku, left, unitPriceMinor] as const),
    ),
    purchase.content,
    purchase.amended ? 1 : 0,
    purchase.brand === null ? null : intern(brands, purchase.brand),
  ]);
  const { purchases: _purchases, waiting, clock, ...rest } = state;
  return {
    format: SNAPSHOT_FORMAT,
    state: {
      ...rest,
      clock: Number.isFinite(clock) ? clock : null,
      // What the fold changes in place is copied; the rest it replaces, so that it may be shared.
      // Only a period entered at the last instant can still be undone, and only rejections of that instant still count.
      previous: state.current?.enteredAt === clock ? state.previous : null,
      rejections: state.rejections?.at === clock ? state.rejections : null,
      quotes: state.quotes.map((quote) => ({ ...quote })),
      contracts: state.contracts.map((contract) => ({ ...contract })),
      adrift: { ...state.adrift },
      paid: { ...state.paid },
    },
    waiting: waiting.size === 0 ? NONE : [...waiting.values()].flat(),
    sources,
    currencies,
    brands,
    purchases: rows,
  };
}

/** The state that a snapshot holds, as a copy that the fold may change. */
export function fromSnapshot(snapshot: Snapshot): State {
  const { state, sources, currencies, brands } = snapshot;
  const purchases = new PurchaseBook();
  for (const row of snapshot.purchases) {
    const [kind, id, source, at, cycle, survives, amountMinor, netMinor, costMinor, currency, categories, articles] =
      row;
    const [, , , , , , , , , , , , content, amended, brand] = row;
    const purchase: Purchase = {
      kind: KINDS[kind] ?? 'order',
      id,
      source: sources[source] ?? '',
      at,
      day: dayOf(at, state.timeZone),
      cycle,
      survives: survives === 1,
      amountMinor,
      netMinor,
      costMinor,
      currency: currencies[currency] ?? '',
      categories,
      articles: articles.map(([sku, left, unitPriceMinor, taken = 0]) => ({ sku, left, taken, unitPriceMinor })),
      content,
      amended: amended === 1,
      brand: brand === null ? null : (brands[brand] ?? null),
    };
    purchases.add(purchase);
  }
  return {
    ...initialState(state.policyVersion, state.timeZone),
    ...state,
    clock: state.clock ?? -Infinity,
    quotes: state.quotes.map((quote) => ({ ...quote })),
    contracts: state.contracts.map((contract) => ({ ...contract })),
    adrift: { ...state.adrift },
    paid: { ...state.paid },
    waiting: byOrder(snapshot.waiting),
    purchases,
  };
}

function byOrder(all: readonly Waiting[]): Map<string, Waiting[]> {
  const waiting = new Map<string, Waiting[]>();
  for (const one of all) {
    const same = waiting.get(one.orderId);
    if (same === undefined) waiting.set(one.orderId, [one]);
    else same.push(one);
  }
  return waiting;
}

function intern(names: string[], name: string): number {
  const known = names.lastIndexOf(name);
  return known >= 0 ? known : names.push(name) - 1;
}
