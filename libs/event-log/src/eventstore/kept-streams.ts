import type { RecordedEvent } from '../port.js';
import type { Stretch } from './shared-feed.js';

/** Positions: nothing at or below `after`, nothing above `upTo`. */
export interface StreamRange {
  readonly after: number;
  readonly upTo: number;
}

/**
 * The events of single streams as far as they are held, in their order, for those streams of which none is missing: those that begin among what
 * is held, and all where the range does. The others are to be read.
 */
export function keptStreams(
  { from, upTo: keptUpTo, entries }: Stretch,
  streams: readonly string[],
  { after, upTo }: StreamRange,
): ReadonlyMap<string, readonly RecordedEvent[]> {
  const held = new Map<string, RecordedEvent[]>();
  if (keptUpTo < upTo) return held;
  const wanted = new Set(streams);
  for (const { event } of entries) {
    if (event === null || !wanted.has(event.stream)) continue;
    const events = held.get(event.stream);
    if (events === undefined) held.set(event.stream, [event]);
    else events.push(event);
  }
  const whole = new Map<string, readonly RecordedEvent[]>();
  for (const stream of wanted) {
    const events = held.get(stream) ?? [];
    if (after < from && events[0]?.revision !== 0) continue;
    whole.set(
      stream,
      events.filter(({ position }) => position > after && position <= upTo),
    );
  }
  return whole;
}
