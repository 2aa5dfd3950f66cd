import type { Instant } from '#contracts';
import { dayOf, dayStart, monthOf, monthStart } from '../calendar/calendar.js';

/**
 * Tiers of a loyalty scheme. A tier is reached when what qualifies within the qualifying period passes its threshold, at that very instant, and is kept to the end of the
 * next period. Where it was not reached again by then, the member steps down, by one tier at most (a soft landing), at the end of that period.
 */
export interface LoyaltyTierRules {
  /** What qualifies: points earned, or net spend in minor units of the policy's currency. */
  readonly by: 'points' | 'spend';
  /** The length of a qualifying period in calendar months: 12 is a calendar year. Periods follow one another from January 1970. */
  readonly months: number;
  /** The lowest first; a member who reaches none has no tier. */
  readonly tiers: readonly LoyaltyTierRule[];
}

export interface LoyaltyTierRule {
  readonly name: string;
  /** Reached with so much in a period. */
  readonly atLeast: number;
}

/** Something that qualifies; negative where it was taken back. */
export interface QualifyingAmount {
  readonly at: Instant;
  readonly amount: number;
}

/** A stay in a tier. */
export interface LoyaltyTierPeriod {
  /** Null: none. */
  readonly tier: string | null;
  readonly from: Instant;
  /** Null while it lasts. */
  readonly until: Instant | null;
  readonly cause: 'reached' | 'not-reached-again';
}

/** Where a member stands at an instant. */
export interface LoyaltyTierView {
  readonly tier: string | null;
  readonly since: Instant | null;
  /** Until when it is kept at least; null without a tier. */
  readonly keptUntil: Instant | null;
  /** What counts in the running period. */
  readonly qualified: number;
  readonly periodEndsAt: Instant;
  /** The next tier up, and what is missing to it in the running period; null on the highest. */
  readonly upward: { readonly tier: string; readonly missing: number } | null;
  /** What is missing in the running period to keep the tier beyond `keptUntil`; 0 where it is reached, null without a tier. */
  readonly missingToKeep: number | null;
  readonly periods: readonly LoyaltyTierPeriod[];
  /** When the member stands elsewhere if nothing happens; null where never. */
  readonly next: Instant | null;
}

/** Where a member stands at an instant, from all that qualified until then, in order of time. Nothing after the instant may be among it. */
export function loyaltyTier(
  { months, tiers }: Pick<LoyaltyTierRules, 'months' | 'tiers'>,
  amounts: readonly QualifyingAmount[],
  asOf: Instant,
  timeZone: string,
): LoyaltyTierView {
  const periods: LoyaltyTierPeriod[] = [];
  /** Places in `tiers`; −1: none. */
  let place = -1;
  let keptUntil: Instant | null = null;
  let index = periodIndex(amounts[0]?.at ?? asOf, months, timeZone);
  let endsAt = periodStart(index + 1, months, timeZone);
  let qualified = 0;

  const moveTo = (to: number, at: Instant, cause: LoyaltyTierPeriod['cause']): void => {
    const last = periods.pop();
    // A stay of length zero is none; and a member who is back at the instant of leaving has not left.
    if (last !== undefined && last.from < at) periods.push({ ...last, until: at });
    const before = periods.at(-1);
    const tier = tiers[to]?.name ?? null;
    if (before !== undefined && before.tier === tier) periods.splice(-1, 1, { ...before, until: null });
    else periods.push({ tier, from: at, until: null, cause });
    place = to;
  };

  /** Ends periods until an instant, which is included. Once nothing can change, those in between are passed over. */
  const endPeriods = (until: Instant): void => {
    while (endsAt <= until) {
      const again = placeOf(tiers, qualified);
      const following = periodStart(index + 2, months, timeZone);
      if (place >= 0 && again >= place) keptUntil = following;
      else if (place >= 0 && (keptUntil as Instant) <= endsAt) {
        const to = Math.max(again, place - 1);
        moveTo(to, endsAt, 'not-reached-again');
        keptUntil = to < 0 ? null : following;
      }
      qualified = 0;
      index = place < 0 ? periodIndex(until, months, timeZone) : index + 1;
      endsAt = periodStart(index + 1, months, timeZone);
    }
  };

  for (const { at, amount } of amounts) {
    endPeriods(at);
    qualified += amount;
    const reached = placeOf(tiers, qualified);
    if (reached > place) moveTo(reached, at, 'reached');
    if (reached >= 0 && reached >= place) keptUntil = periodStart(index + 2, months, timeZone);
  }
  endPeriods(asOf);

  const above = tiers[place + 1];
  return {
    tier: tiers[place]?.name ?? null,
    since: place < 0 ? null : (periods.at(-1)?.from ?? null),
    keptUntil,
    qualified,
    periodEndsAt: endsAt,
    upward: above === undefined ? null : { tier: above.name, missing: above.atLeast - qualified },
    missingToKeep: place < 0 ? null : Math.max((tiers[place] as LoyaltyTierRule).atLeast - qualified, 0),
    periods,
    next: keptUntil,
  };
}

/** The highest tier that an amount reaches; −1 for none. */
function placeOf(tiers: readonly LoyaltyTierRule[], amount: number): number {
  return tiers.findLastIndex(({ atLeast }) => amount >= atLeast);
}

const periodIndex = (at: Instant, months: number, timeZone: string): number =>
  Math.floor(monthOf(dayOf(at, timeZone)) / months);

const periodStart = (index: number, months: number, timeZone: string): Instant =>
  dayStart(monthStart(index * months), timeZone);
