import { orderAmountMinor, orderCostMinor, parseInstant, type Instant } from '#contracts';
import type { LifecycleEvent } from '../model.js';
import type { ArticleLeft } from './purchases.js';

/**
 * What the rules read from a touchpoint's data, in one place: the shapes are those of the catalogue. A value that is
 * missing or of another kind reads as absent, so that no event can stop a fold.
 */
export interface OrderFact {
  readonly orderId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly costMinor: number | null;
  readonly categories: readonly string[];
  /** Pieces by line: what can be returned. */
  readonly articles: readonly ArticleLeft[];
}

export interface ReturnFact {
  readonly orderId: string | null;
  /** Whether the event states that the whole order is returned; null where it states neither. */
  readonly whole: boolean | null;
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly amountMinor: number | null }[];
  readonly amountMinor: number | null;
  readonly currency: string | null;
}

const NO_CURRENCY = 'XXX';
const NOTHING: readonly never[] = [];

export function orderOf(event: LifecycleEvent): OrderFact {
  const { data } = event;
  const articles: ArticleLeft[] = [];
  const categories: string[] = [];
  for (const line of listOf(data['lines'])) {
    const quantity = numberOf(line['quantity']) ?? 0;
    // A line without pieces, or with pieces taken back on the same receipt, is not a purchase.
    if (quantity <= 0) continue;
    const category = textOf(line['category']);
    if (category !== null && !categories.includes(category)) categories.push(category);
    const sku = textOf(line['sku']);
    if (sku !== null) articles.push({ sku, left: quantity, unitPriceMinor: numberOf(line['unitPriceMinor']) ?? 0 });
  }
  return {
    orderId: textOf(data['orderId']) ?? event.id,
    amountMinor: orderAmountMinor(data) ?? 0,
    currency: textOf(data['currency']) ?? NO_CURRENCY,
    costMinor: orderCostMinor(data),
    categories,
    articles,
  };
}

export function returnOf({ data }: LifecycleEvent): ReturnFact {
  return {
    orderId: textOf(data['orderId']),
    whole: typeof data['whole'] === 'boolean' ? data['whole'] : null,
    lines: listOf(data['lines']).map((line) => ({
      sku: textOf(line['sku']) ?? '',
      quantity: numberOf(line['quantity']) ?? 0,
      amountMinor: numberOf(line['amountMinor']),
    })),
    amountMinor: numberOf(data['amountMinor']),
    currency: textOf(data['currency']),
  };
}

export function contractIdOf({ data }: LifecycleEvent): string | null {
  return textOf(data['contractId']);
}

export function orderIdOf({ data }: LifecycleEvent): string | null {
  return textOf(data['orderId']);
}

export function quoteIdOf(event: LifecycleEvent): string {
  return textOf(event.data['quoteId']) ?? event.id;
}

/** When the validity of the quote ends; the instant of the event where none is given. */
export function validUntilOf(event: LifecycleEvent): Instant {
  const text = textOf(event.data['validUntil']);
  return (text === null ? null : parseInstant(text)) ?? event.occurredAt;
}

/** The score, where it answers how likely they are to recommend us. */
export function npsOf({ data }: LifecycleEvent): number | null {
  return data['kind'] === 'nps' ? numberOf(data['score']) : null;
}

export function starsOf({ data }: LifecycleEvent): number | null {
  return numberOf(data['stars']);
}

/** The category of what a contract supplies. */
export function categoryOf({ data }: LifecycleEvent): string | null {
  return textOf(data['category']);
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return NOTHING;
  return (value as readonly unknown[]).filter(
    (item): item is Readonly<Record<string, unknown>> => typeof item === 'object' && item !== null,
  );
}
