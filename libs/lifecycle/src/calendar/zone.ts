import { DAY } from '#contracts/basics';
import { Temporal } from 'temporal-polyfill';
import type { Instant } from '#contracts/basics';

/** A span of time in which a zone keeps one offset: `from` included, `until` not. */
interface OffsetSpan {
  readonly from: Instant;
  readonly until: Instant;
  readonly offset: number;
}

/** Temporal represents instants within 10^8 days of the epoch. */
const FURTHEST: Instant = 8.64e15;

/**
 * Spans already looked up, by zone. The time-zone database does not change while a process runs, so the cache changes no
 * result: it saves all but one call of the library per span, each of which costs 14–25 µs.
 */
const spansByZone = new Map<string, OffsetSpan[]>();

/** True for the zone in which every day has 24 h, so that integers suffice. */
export function isUtc(timeZone: string): boolean {
  return timeZone === 'UTC';
}

/** Milliseconds by which the zone's wall clock is ahead of UTC at an instant. */
export function offsetAt(at: Instant, timeZone: string): number {
  if (isUtc(timeZone)) return 0;
  let spans = spansByZone.get(timeZone);
  if (spans === undefined) spansByZone.set(timeZone, (spans = []));
  for (let i = spans.length - 1; i >= 0; i -= 1) {
    const span = spans[i];
    if (span !== undefined && at >= span.from && at < span.until) return span.offset;
  }
  const span = askSpan(at, timeZone);
  spans.push(span);
  return span.offset;
}

function askSpan(at: Instant, timeZone: string): OffsetSpan {
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const next = there.getTimeZoneTransition('next');
  // "Previous" is strictly before, so look from one millisecond later: an instant on a transition belongs to what follows.
  const previous = there.add({ milliseconds: 1 }).getTimeZoneTransition('previous');
  return {
    from: previous === null ? -FURTHEST : previous.epochMilliseconds,
    until: next === null ? FURTHEST : next.epochMilliseconds,
    offset: there.offsetNanoseconds / 1_000_000,
  };
}

/** The wall clock of the zone at an instant, written as if it were UTC milliseconds. */
export function toWall(at: Instant, timeZone: string): number {
  return at + offsetAt(at, timeZone);
}

/**
 * The instant at which the zone's wall clock shows this. In a gap the clock has jumped: the time after the jump is
 * taken by keeping the offset from before; where the wall time occurs twice, the first (Temporal's `compatible`).
 */
export function fromWall(wall: number, timeZone: string): Instant {
  if (isUtc(timeZone)) return wall;
  const before = offsetAt(wall - DAY, timeZone);
  const after = offsetAt(wall + DAY, timeZone);
  if (before === after) return wall - before;
  // A transition is near: only here does the library decide.
  return Temporal.Instant.fromEpochMilliseconds(wall)
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime()
    .toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds;
}

/** A name, and no offset such as +02:00: what PostgreSQL reads under that is the opposite. */
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;

/** True when the time-zone database knows the name. */
export function isTimeZone(name: string): boolean {
  if (!NAME.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
