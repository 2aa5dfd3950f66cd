import { holds } from '../policy/compiled.js';
import type { LifecycleEvent } from '../model.js';
import type { Occurrence } from './definition.js';

/** Which touchpoints count, prepared for matching. Two that say the same have the same key. */
export interface OccurrencePattern {
  readonly key: string;
  /** The touchpoint type; null for any. */
  readonly type: string | null;
  matches(event: LifecycleEvent): boolean;
}

/** Which of the touchpoints of a pattern conditions look at: the latest so many, of the last so many days; Infinity for all. */
export interface AskedPattern extends OccurrencePattern {
  readonly latest: number;
  readonly withinDays: number;
}

/** The pattern of what a condition says about touchpoints. Test traffic never counts. */
export function patternOf({ did, source, channel, brand, where = [] }: Occurrence): OccurrencePattern {
  const type = did === '*' ? null : did;
  return {
    key: JSON.stringify([
      did,
      source ?? null,
      channel ?? null,
      brand ?? null,
      where.map(({ field, op, value }) => [field, op, value]),
    ]),
    type,
    matches: (event) =>
      !event.test &&
      (type === null || event.type === type) &&
      (source === undefined || event.source === source) &&
      (channel === undefined || event.channel === channel) &&
      (brand === undefined || event.brand === brand) &&
      where.every((comparison) => holds(comparison, event.data)),
  };
}

/** How many of these instants, sorted, lie at or before another one. */
export function countUntil(instants: readonly number[], at: number): number {
  let from = 0;
  let to = instants.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((instants[middle] as number) <= at) from = middle + 1;
    else to = middle;
  }
  return from;
}
