import { HOUR, MINUTE, parseInstant, type Instant } from '#contracts';
import type { Envelope } from './envelope.js';
import type { Provenance } from './item.js';
import { Rejection } from './rejection.js';

/** When a touchpoint happened. */
export interface Moment {
  readonly occurredAt: Instant;
  /** What the source states; null where it states nothing. A retry states the same again, whatever its clocks do. */
  readonly stated: Instant | null;
  readonly sentAt: Instant | null;
}

/**
 * How events reach the process: `live` from a client that sent them at this moment, or `kept` in between, in a file or an archive. Only a live
 * client's clock can be compared with ours.
 */
export type Arrival = 'live' | 'kept';

/** An event may lie so far ahead of our clock, and so may the timestamp of a message. */
const AHEAD_MAX = 24 * HOUR;
/** A sender's clock that differs by less is not corrected: the network and the queue of the sender take that long. */
const SKEW_MIN = 5 * MINUTE;
/** A sender that states `sentAt` in whole seconds may name an instant up to so much before the event. */
const ROUNDING_MAX = 1_000;
/** Years before it are slips: a year of two digits, or 1900 and 1904, which a spreadsheet writes for an empty date. */
const EARLIEST = Date.UTC(1950, 0, 1);

/**
 * The instant at which an event left its sender, by a clock that can be trusted: what `sentAt` is compared with. For a message it is the record's
 * timestamp, whenever we read it. Null where it is not known: for what lay in a file, and for a message without a credible timestamp.
 */
export function arrivalOf(provenance: Provenance | undefined, arrival: Arrival, receivedAt: Instant): Instant | null {
  if (provenance === undefined) return arrival === 'live' ? receivedAt : null;
  const { timestamp } = provenance;
  return timestamp !== undefined && timestamp > 0 && timestamp <= receivedAt + AHEAD_MAX ? timestamp : null;
}

/**
 * The step: places a touchpoint in time. Where the sender's clock (`sentAt`) and the arrival differ by five minutes or more, the clock was wrong
 * and is corrected: arrivedAt − (sentAt − original), where the original is `originalTimestamp`, or the time stated. Without an arrival nothing is
 * corrected.
 *
 * @param receivedAt when this process read it
 * @param arrivedAt see `arrivalOf`
 */
export function placeInTime(
  times: Pick<Envelope, 'time' | 'occurredAt' | 'originalTimestamp' | 'sentAt'>,
  receivedAt: Instant,
  arrivedAt: Instant | null,
): Moment | Rejection {
  const field = statedField(times);
  const pointer = `#/${field}`;
  const stated = instant(times[field], pointer);
  if (stated instanceof Rejection) return stated;
  const sentAt = instant(times.sentAt, '#/sentAt');
  if (sentAt instanceof Rejection) return sentAt;
  if (stated === null || sentAt === null) {
    const occurredAt = stated ?? arrivedAt ?? sentAt ?? receivedAt;
    return credible({ occurredAt, stated, sentAt }, receivedAt, stated === null ? '#/sentAt' : pointer);
  }
  if (sentAt <= stated - ROUNDING_MAX)
    return Rejection.of(
      'time-impossible',
      '#/sentAt',
      `must not be before ${field}: an event is sent after it happened`,
      'send the sender’s clock at the moment of sending, or leave sentAt out',
    );
  if (arrivedAt === null || Math.abs(arrivedAt - sentAt) < SKEW_MIN)
    return credible({ occurredAt: stated, stated, sentAt }, receivedAt, pointer);
  const occurredAt = arrivedAt - Math.max(0, sentAt - stated);
  return credible({ occurredAt, stated, sentAt }, receivedAt, '#/sentAt');
}

/** The moment, or a rejection where it lies too far away: `pointer` is the field that puts it there. */
function credible(moment: Moment, receivedAt: Instant, pointer: string): Moment | Rejection {
  if (moment.occurredAt > receivedAt + AHEAD_MAX)
    return Rejection.of(
      'time-in-future',
      pointer,
      'must not be more than 24 hours in the future',
      'fix the clock of the sender, or send sentAt so that ingestion can correct it',
    );
  if (moment.occurredAt < EARLIEST)
    return Rejection.of(
      'time-too-early',
      pointer,
      pointer === '#/sentAt' ? 'must not move the event to before 1950' : 'must not be before 1950',
      'state when it happened, in UTC or with its offset; 1900 or 1904 is often an empty date of a spreadsheet',
    );
  return moment;
}

/** The field that states when the event happened, by the clock that also wrote `sentAt` where there is one. */
function statedField({
  originalTimestamp,
  occurredAt,
}: Pick<Envelope, 'occurredAt' | 'originalTimestamp'>): 'originalTimestamp' | 'occurredAt' | 'time' {
  if (originalTimestamp !== undefined) return 'originalTimestamp';
  return occurredAt === undefined ? 'time' : 'occurredAt';
}

function instant(value: unknown, pointer: string): Instant | null | Rejection {
  if (value === undefined) return null;
  const at = typeof value === 'string' ? parseInstant(value) : null;
  return (
    at ?? Rejection.of('envelope-invalid', pointer, 'must be an RFC 3339 date-time', 'write it as 2026-01-31T12:00:00Z')
  );
}
