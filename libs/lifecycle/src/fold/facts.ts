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
  /** A number that stands for the content: it tells an order that was sent twice from one that was sent with other content. */
  readonly content: number;
}

/** What an amendment says of its order; null where it says nothing. */
export interface AmendmentFact {
  readonly orderId: string | null;
  readonly currency: string | null;
  /** The whole amount from then on. */
  readonly amountMinor: number | null;
  readonly costMinor: number | null;
  /** What its lines say; null without lines. */
  readonly lines: { readonly categories: readonly string[]; readonly articles: readonly ArticleLeft[] } | null;
}

/** What a payment says. */
export interface PaymentFact {
  readonly orderId: string | null;
  readonly contractId: string | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
}

export interface ReturnFact {
  readonly orderId: string | null;
  /** Whether the event states that the whole order is returned; null where it states neither. */
  readonly whole: boolean | null;
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly amountMinor: number | null }[];
  readonly amountMinor: number | null;
  readonly currency: string | null;
}

/** Of an order that was stored without a currency, which no version of the contract allows. */
const NO_CURRENCY = 'XXX';
const NOTHING: readonly never[] = [];

export function orderOf(event: LifecycleEvent): OrderFact {
  const { data } = event;
  const { categories, articles, content } = linesOf(data);
  const amountMinor = orderAmountMinor(data) ?? 0;
  const costMinor = orderCostMinor(data);
  const currency = textOf(data['currency']) ?? NO_CURRENCY;
  return {
    orderId: textOf(data['orderId']) ?? event.id,
    amountMinor,
    currency,
    costMinor,
    categories,
    articles,
    content: mixNumber(mixNumber(mixText(content, currency), amountMinor), costMinor ?? -1),
  };
}

export function amendmentOf({ data }: LifecycleEvent): AmendmentFact {
  return {
    orderId: textOf(data['orderId']),
    currency: textOf(data['currency']),
    amountMinor: orderAmountMinor(data),
    costMinor: orderCostMinor(data),
    lines: Array.isArray(data['lines']) ? linesOf(data) : null,
  };
}

export function paymentOf({ data }: LifecycleEvent): PaymentFact {
  return {
    orderId: textOf(data['orderId']),
    contractId: textOf(data['contractId']),
    amountMinor: numberOf(data['amountMinor']),
    currency: textOf(data['currency']),
  };
}

function linesOf(data: LifecycleEvent['data']): {
  readonly categories: string[];
  readonly articles: ArticleLeft[];
  readonly content: number;
} {
  const articles: ArticleLeft[] = [];
  const categories: string[] = [];
  let content = 0;
  for (const line of listOf(data['lines'])) {
    const quantity = numberOf(line['quantity']) ?? 0;
    const category = textOf(line['category']);
    const sku = textOf(line['sku']);
    const unitPriceMinor = numberOf(line['unitPriceMinor']) ?? 0;
    content = mixNumber(mixNumber(mixText(mixText(content, sku ?? ''), category ?? ''), quantity), unitPriceMinor);
    // A line without pieces, or with pieces taken back on the same receipt, is not a purchase.
    if (quantity <= 0) continue;
    if (category !== null && !categories.includes(category)) categories.push(category);
    if (sku !== null) articles.push({ sku, left: quantity, taken: 0, unitPriceMinor });
  }
  return { categories, articles, content };
}

/** FNV-1a over the UTF-16 units of a text and its length, going on from a number. */
function mixText(from: number, text: string): number {
  let mixed = mixNumber(from, text.length);
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  return mixed;
}

/** The same for an integer. */
function mixNumber(from: number, value: number): number {
  const low = Math.imul(from ^ value, 0x01000193);
  return Math.imul(low ^ Math.floor(value / 2 ** 32), 0x01000193);
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

/** A finite number, or null. */
export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A text that is not empty, or null. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return NOTHING;
  return (value as readonly unknown[]).filter(
    (item): item is Readonly<Record<string, unknown>> => typeof item === 'object' && item !== null,
  );
}
