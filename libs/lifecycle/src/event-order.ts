import { rankOf, type Instant } from '#contracts';
import type { LifecycleEvent } from './model.js';

/** What decides the place of an event: the four fields that every reader of the log knows. */
export interface EventPlace {
  readonly occurredAt: Instant;
  readonly type: string;
  readonly source: string;
  readonly id: string;
}

/** The order in which events are folded: by instant, then rank in the catalogue, then source, then id, as UTF-8 bytes. */
export function compareEvents(a: LifecycleEvent, b: LifecycleEvent): number {
  return comparePlaces(a, b);
}

/** As `compareEvents`, for anything that has an event's place: a snapshot's key, a row of an index. */
export function comparePlaces(a: EventPlace, b: EventPlace): number {
  if (a.occurredAt !== b.occurredAt) return a.occurredAt - b.occurredAt;
  if (a.type !== b.type) {
    const byRank = rankOf(a.type) - rankOf(b.type);
    if (byRank !== 0) return byRank;
  }
  return compareUtf8(a.source, b.source) || compareUtf8(a.id, b.id);
}

/**
 * Compares as UTF-8 bytes do. Code units give the same order except where a surrogate meets U+E000–U+FFFF:
 * a surrogate stands for a code point above them, and its bytes are higher.
 */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      const highX = x >= 0xd800 && x <= 0xdfff;
      const highY = y >= 0xd800 && y <= 0xdfff;
      return highX === highY ? x - y : highX ? 1 : -1;
    }
  }
  return a.length - b.length;
}
