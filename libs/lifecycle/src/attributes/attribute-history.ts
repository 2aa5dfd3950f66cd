import type { Instant } from '#contracts';
import { compareAge, heldAt } from './attribute-at.js';
import type { AttributeFact, AttributeValue } from './attribute-facts.js';
import type { ProfilePart } from './definition.js';

/** A time in which one value held, from one source. */
export interface HeldValue {
  readonly value: AttributeValue;
  readonly source: string;
  /** The touchpoint that stated it first in this time. */
  readonly id: string;
  readonly since: Instant;
  /** Null while it holds. */
  readonly until: Instant | null;
}

/**
 * Which stated value held when, up to an instant, the earliest first: times without a value are left out. The same value stated again by the same source goes on;
 * a time begins when the value or the source that it comes from changes.
 */
export function attributeHistory(
  profile: ProfilePart,
  facts: readonly AttributeFact[],
  asOf: Instant,
): readonly HeldValue[] {
  const history: HeldValue[] = [];
  let open: Omit<HeldValue, 'until'> | null = null;
  const inOrder = [...facts].sort(compareAge);
  let next = 0;
  // Of each source its newest touchpoint alone can hold: the bands of one touchpoint cover all time.
  const newest = new Map<string, AttributeFact[]>();
  for (const since of instantsOf(facts, asOf)) {
    for (let fact = inOrder[next]; fact !== undefined && fact.at <= since; fact = inOrder[++next]) {
      const known = newest.get(fact.source);
      if (known?.[0]?.id === fact.id) known.push(fact);
      else newest.set(fact.source, [fact]);
    }
    const held = heldAt(profile, [...newest.values()].flat(), since);
    const value = held?.value ?? null;
    if (open !== null && open.value === value && open.source === held?.source) continue;
    if (open !== null) history.push({ ...open, until: since });
    open = held === null || value === null ? null : { value, source: held.source, id: held.id, since };
  }
  if (open !== null) history.push({ ...open, until: null });
  return history;
}

/** The instants at which the value can change: when something was stated, and when a band begins or ends after that. */
function instantsOf(facts: readonly AttributeFact[], asOf: Instant): readonly Instant[] {
  const instants = new Set<Instant>();
  for (const { at, from, until } of facts)
    for (const instant of [at, from, until])
      if (Number.isFinite(instant) && instant <= asOf && instant >= at) instants.add(instant);
  return [...instants].sort((a, b) => a - b);
}
