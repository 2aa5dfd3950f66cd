import type { Instant } from '#contracts';
import { orderAmountMinor } from '#contracts';
import { addDays } from '../calendar/calendar.js';
import { addPeriod, periodOf } from '../calendar/period.js';
import type { Comparison } from '../policy/policy.js';
import { holds } from '../policy/compiled.js';
import type { NewLot } from './points.js';

/** How points are earned, kept and spent: a part of the policy. */
export interface PointsRules {
  /** What earns points. Rules add up: a campaign that doubles points is a rule of its own, for its time. */
  readonly earn: readonly EarningRule[];
  /** Points of an order are pending for so many days: while it can be returned. */
  readonly pendingDays: number;
  /** After what period (ISO 8601) a lot expires, counted from when it was earned; absent: never. */
  readonly expireAfter?: string;
  /** How long a reservation holds. */
  readonly reserveMinutes: number;
  /** What one point is worth in minor units of the policy's currency: for the liability. */
  readonly worthMinor: number;
}

export type EarningRule = SpendRule | TouchpointRule;

interface RuleWindow {
  /** As the statement of a member shows it. */
  readonly name: string;
  /** The rule holds from this instant on, and before the other; absent: always. */
  readonly from?: Instant;
  readonly until?: Instant;
}

/** Points for what is bought: `points` for each full `perMinor` that an order comes to. */
export interface SpendRule extends RuleWindow {
  readonly for: 'spend';
  readonly points: number;
  readonly perMinor: number;
  /** In which currency; orders in another earn nothing by this rule. */
  readonly currency: string;
  /** Only for lines of these categories; absent: for the whole order. */
  readonly categories?: readonly string[];
}

/** Points for an act, such as a review or a referral that converted. */
export interface TouchpointRule extends RuleWindow {
  readonly for: 'touchpoint';
  readonly points: number;
  readonly type: string;
  readonly when?: readonly Comparison[];
  /** Only the first so many count; absent: all. */
  readonly atMostTimes?: number;
}

/** A touchpoint as the rules read it. */
export interface EarningTouchpoint {
  readonly type: string;
  readonly at: Instant;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Points by rule. */
export interface EarnedPoints {
  readonly rule: string;
  readonly points: number;
}

/** What an order earns, rule by rule, at its instant. Rules that earn nothing are left out. */
export function pointsOfOrder(rules: readonly EarningRule[], order: EarningTouchpoint): readonly EarnedPoints[] {
  const amount = orderAmountMinor(order.data) ?? 0;
  const earned: EarnedPoints[] = [];
  for (const rule of rules) {
    if (rule.for !== 'spend' || !isInWindow(rule, order.at) || rule.currency !== order.data['currency']) continue;
    const base = rule.categories === undefined ? amount : amountIn(rule.categories, amount, order.data);
    const points = Math.floor(base / rule.perMinor) * rule.points;
    if (points > 0) earned.push({ rule: rule.name, points });
  }
  return earned;
}

/** What another touchpoint earns. `times`: how often each rule has counted for the customer before. */
export function pointsOfTouchpoint(
  rules: readonly EarningRule[],
  touchpoint: EarningTouchpoint,
  times: ReadonlyMap<string, number>,
): readonly EarnedPoints[] {
  return rules
    .filter(
      (rule): rule is TouchpointRule =>
        rule.for === 'touchpoint' &&
        rule.type === touchpoint.type &&
        isInWindow(rule, touchpoint.at) &&
        (times.get(rule.name) ?? 0) < (rule.atMostTimes ?? Infinity) &&
        (rule.when ?? []).every((comparison) => holds(comparison, touchpoint.data)),
    )
    .map(({ name, points }) => ({ rule: name, points }));
}

/** The lots of an order or an act: one for each rule. Only the points of an order are pending. */
export function lotsOf(
  earned: readonly EarnedPoints[],
  { key, at, isOrder }: { readonly key: string; readonly at: Instant; readonly isOrder: boolean },
  rules: PointsRules,
  timeZone: string,
): readonly NewLot[] {
  const availableAt = isOrder ? addDays(at, rules.pendingDays, timeZone) : null;
  const expiresAt = rules.expireAfter === undefined ? null : addPeriod(at, periodOf(rules.expireAfter), timeZone);
  return earned.map(({ rule, points }) => ({ id: `${key}/${rule}`, points, availableAt, expiresAt }));
}

const isInWindow = ({ from, until }: RuleWindow, at: Instant): boolean =>
  at >= (from ?? -Infinity) && at < (until ?? Infinity);

/** What the lines of some categories come to. A discount of the whole order, or a total that differs from its lines, is shared out in proportion. */
function amountIn(categories: readonly string[], total: number, { lines }: EarningTouchpoint['data']): number {
  if (!Array.isArray(lines)) return 0;
  let [all, some] = [0, 0];
  for (const line of lines as readonly Readonly<Record<string, unknown>>[]) {
    const amount = numberOf(line['quantity']) * numberOf(line['unitPriceMinor']) - numberOf(line['discountMinor']);
    all += amount;
    if (categories.includes(line['category'] as string)) some += amount;
  }
  return all <= 0 || some <= 0 ? 0 : Math.min(Number((BigInt(some) * BigInt(total)) / BigInt(all)), total);
}

const numberOf = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) ? value : 0);
