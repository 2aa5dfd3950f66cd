import type { Instant } from '#contracts';
import { compareUtf8 } from '../event-order.js';
import type { AttributeFact, AttributeValue } from './attribute-facts.js';
import type { AttributeDefinition, ComputedPart, ProfilePart } from './definition.js';
import { exactSum } from './exact-sum.js';

/** The value of an attribute at an instant, and where it comes from. */
export interface AttributeState {
  /** Null where none holds. */
  readonly value: AttributeValue | null;
  /** The touchpoint that states it; null of a count, a sum, a score, and where none holds. */
  readonly source: string | null;
  readonly id: string | null;
  /** The next instant at which it can change by the passing of time alone; ∞ without one. */
  readonly changesAt: Instant;
}

const NOTHING = { value: null, source: null, id: null };

/** The value of an attribute at an instant, from all that is known of it in any order. */
export function attributeAt(
  definition: AttributeDefinition,
  facts: readonly AttributeFact[],
  asOf: Instant,
): AttributeState {
  const changesAt = nextChange(facts, asOf);
  if (definition.computed !== undefined) return { ...computedAt(definition.computed, facts, asOf), changesAt };
  const held = heldAt(definition.profile, facts, asOf);
  return held === null ? { ...NOTHING, changesAt } : { value: held.value, source: held.source, id: held.id, changesAt };
}

/** The next instant after `asOf` at which one of the facts begins or ceases to count. */
export function nextChange(facts: readonly AttributeFact[], asOf: Instant): Instant {
  let next = Infinity;
  for (const { at, from, until } of facts)
    for (const instant of [at, from, until]) if (instant > asOf && instant < next) next = instant;
  return next;
}

/**
 * Which statement holds. Of each source its newest word counts, if it states a value; of several sources the one that the definition names first, then the higher
 * precedence, then the newest.
 */
export function heldAt(profile: ProfilePart, facts: readonly AttributeFact[], asOf: Instant): AttributeFact | null {
  const newest = new Map<string, AttributeFact>();
  for (const fact of facts) {
    if (!countsAt(fact, asOf)) continue;
    const known = newest.get(fact.source);
    if (known === undefined || compareAge(fact, known) > 0) newest.set(fact.source, fact);
  }
  let held: AttributeFact | null = null;
  for (const fact of newest.values())
    if (fact.stated && (held === null || goesBefore(fact, held, profile))) held = fact;
  return held;
}

/** Whether the fact counts at an instant. */
const countsAt = ({ at, from, until }: AttributeFact, asOf: Instant): boolean =>
  at <= asOf && from <= asOf && asOf < until;

/** The order in which things were stated. */
export const compareAge = (a: AttributeFact, b: AttributeFact): number =>
  a.at - b.at || compareUtf8(a.source, b.source) || compareUtf8(a.id, b.id) || a.seq - b.seq;

function goesBefore(a: AttributeFact, b: AttributeFact, { sources = [] }: ProfilePart): boolean {
  const rank = ({ source }: AttributeFact): number => {
    const at = sources.indexOf(source);
    return at === -1 ? sources.length : at;
  };
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank < 0;
  return a.precedence === b.precedence ? compareAge(a, b) > 0 : a.precedence > b.precedence;
}

function computedAt(
  part: ComputedPart,
  facts: readonly AttributeFact[],
  asOf: Instant,
): Omit<AttributeState, 'changesAt'> {
  const counted = facts.filter((fact) => countsAt(fact, asOf));
  switch (part.function) {
    case 'count':
      return { ...NOTHING, value: counted.length };
    case 'score':
      return { ...NOTHING, value: scoreOf(part, counted.length) };
    case 'sum':
      return { ...NOTHING, value: exactSum(counted.map(({ value }) => Number(value))) };
    case 'first':
      return stateOf(best(counted, (a, b) => compareAge(a, b) < 0));
    case 'last':
      return stateOf(best(counted, (a, b) => compareAge(a, b) > 0));
    case 'most-frequent':
      return stateOf(mostFrequent(counted));
  }
}

/** The points of so many touchpoints: none outside the bounds, else once or for each. */
function scoreOf(
  { value = 0, minimumCount = 1, maximumCount = Infinity, per = 'once' }: ComputedPart,
  count: number,
): number {
  if (count < minimumCount || count > maximumCount) return 0;
  return per === 'once' ? value : value * count;
}

/** Of the values that come most often, the one that was used last: the newest touchpoint with it. */
function mostFrequent(facts: readonly AttributeFact[]): AttributeFact | null {
  const groups = new Map<string, { count: number; last: AttributeFact }>();
  for (const fact of facts) {
    const key = `${typeof fact.value}:${String(fact.value)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { count: 1, last: fact });
    else {
      group.count += 1;
      if (compareAge(fact, group.last) > 0) group.last = fact;
    }
  }
  const winner = best(
    [...groups.values()],
    (a, b) => a.count > b.count || (a.count === b.count && compareAge(a.last, b.last) > 0),
  );
  return winner?.last ?? null;
}

function best<T>(items: readonly T[], isBetter: (a: T, b: T) => boolean): T | null {
  let found: T | null = null;
  for (const item of items) if (found === null || isBetter(item, found)) found = item;
  return found;
}

const stateOf = (fact: AttributeFact | null): Omit<AttributeState, 'changesAt'> =>
  fact === null ? NOTHING : { value: fact.value, source: fact.source, id: fact.id };
