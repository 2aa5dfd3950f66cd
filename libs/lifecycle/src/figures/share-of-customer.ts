import { parseInstant, type Instant } from '#contracts';
import { walletShare } from '#models';
import type { EventRef, LifecycleEvent, Money } from '../model.js';

/** What the customer spends with all suppliers in a category and a period, or our place among the brands that they use. */
export interface WalletEstimate {
  readonly category: string;
  /** The first day, and the first day after the period, as days since 1970-01-01. */
  readonly from: number;
  readonly until: number;
  readonly source: 'bureau' | 'survey' | 'model';
  readonly at: Instant;
  readonly total: Money | null;
  readonly rank: number | null;
  readonly brands: number | null;
  readonly event: EventRef;
}

/** The share of one category and period. */
export interface CategoryShare {
  readonly estimate: WalletEstimate;
  /** Our net spend in the category and period; null where only ranks are known. */
  readonly ours: Money | null;
  /** Of the estimate; above 1 where it is too low. Null where our spend is in another currency. */
  readonly share: number | null;
}

/** The share of what the customer spends that is ours. */
export interface ShareOfCustomer {
  /** Over those categories and periods only for which there is an estimate; null without one: not known, never 0. */
  readonly share: number | null;
  /** Whether a share above 1 shows that an estimate is too low. */
  readonly isAboveOne: boolean;
  /** `spend`: our spend ÷ the estimated spend. `rank`: the Wallet Allocation Rule, where only ranks are known (Keiningham et al. 2011). */
  readonly by: 'spend' | 'rank' | null;
  readonly categories: readonly CategoryShare[];
}

/** Our net spend on the customer's orders in a category, over days [from, until): in one currency, or null where it is in several. */
export type NetSpend = (category: string, from: number, until: number, currency: string) => number | null;

const PRECEDENCE = { bureau: 0, survey: 1, model: 2 } as const;
const DAY = 86_400_000;

/**
 * For each category and period one estimate counts: a bureau before a survey before a model, then the newest. Where two periods of a category overlap, the one of the better
 * estimate counts and the other is left out, so that no spend counts twice.
 */
export function shareOfCustomer(events: readonly LifecycleEvent[], asOf: Instant, netSpend: NetSpend): ShareOfCustomer {
  const categories = estimatesInForce(events, asOf).map((estimate): CategoryShare => {
    const { category, from, until, total, rank, brands } = estimate;
    if (total === null)
      return { estimate, ours: null, share: rank === null || brands === null ? null : walletShare(rank, brands) };
    const ours = netSpend(category, from, until, total.currency);
    if (ours === null || total.amountMinor <= 0) return { estimate, ours: null, share: null };
    return {
      estimate,
      ours: { amountMinor: ours, currency: total.currency },
      share: Math.max(ours, 0) / total.amountMinor,
    };
  });
  const bySpend = categories.filter(({ ours }) => ours !== null);
  const currencies = new Set(bySpend.map(({ ours }) => (ours as Money).currency));
  if (bySpend.length > 0 && currencies.size === 1) {
    const sum = (amounts: readonly number[]): number => amounts.reduce((total, each) => total + each, 0);
    const share =
      Math.max(sum(bySpend.map(({ ours }) => (ours as Money).amountMinor)), 0) /
      sum(bySpend.map(({ estimate }) => (estimate.total as Money).amountMinor));
    return { share, isAboveOne: share > 1, by: 'spend', categories };
  }
  const byRank = categories.filter(({ estimate, share }) => estimate.total === null && share !== null);
  if (byRank.length === 0) return { share: null, isAboveOne: false, by: null, categories };
  const share = byRank.reduce((sum, each) => sum + (each.share as number), 0) / byRank.length;
  return { share, isAboveOne: false, by: 'rank', categories };
}

/** The estimates that count: the best first, and of those that overlap only the best. */
function estimatesInForce(events: readonly LifecycleEvent[], asOf: Instant): readonly WalletEstimate[] {
  const kept: WalletEstimate[] = [];
  const all = events
    .filter(({ type, test, occurredAt }) => type === 'wallet-estimated' && !test && occurredAt <= asOf)
    .map(estimateOf)
    .filter((estimate): estimate is WalletEstimate => estimate !== null)
    // The events stand in their order: the later of two alike is the newer.
    .reverse()
    .sort((a, b) => PRECEDENCE[a.source] - PRECEDENCE[b.source] || b.at - a.at);
  for (const estimate of all)
    if (!kept.some((other) => other.category === estimate.category && overlaps(other, estimate))) kept.push(estimate);
  return kept.sort((a, b) => (a.category < b.category ? -1 : a.category > b.category ? 1 : a.from - b.from));
}

const overlaps = (a: WalletEstimate, b: WalletEstimate): boolean => a.from < b.until && b.from < a.until;

/** A stored estimate that says neither a spend nor a rank, or has no period, reads as absent. */
function estimateOf({ data, occurredAt, source: eventSource, id }: LifecycleEvent): WalletEstimate | null {
  const { category, source, totalMinor, currency, rank, brands } = data;
  const [from, until] = [dayOfText(data['from']), dayOfText(data['until'])];
  if (typeof category !== 'string' || from === null || until === null || until <= from) return null;
  if (source !== 'bureau' && source !== 'survey' && source !== 'model') return null;
  const total =
    typeof totalMinor === 'number' && typeof currency === 'string' ? { amountMinor: totalMinor, currency } : null;
  const ranked = typeof rank === 'number' && typeof brands === 'number' && rank >= 1 && rank <= brands;
  if (total === null && !ranked) return null;
  return {
    ...{ category, from, until, source, at: occurredAt, total },
    ...{ rank: ranked ? rank : null, brands: ranked ? brands : null },
    event: { source: eventSource, id },
  };
}

function dayOfText(text: unknown): number | null {
  const at = typeof text === 'string' ? parseInstant(`${text}T00:00:00Z`) : null;
  return at === null ? null : at / DAY;
}
