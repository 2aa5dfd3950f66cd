import { parseInstant, type Instant } from '#contracts';
import { Rejection } from './rejection.js';

const HOUR = 3_600_000;
const FUTURE_MAX = 24 * HOUR;
const EARLIEST = Date.UTC(1900, 0, 1);

/** When a touchpoint happened. */
export interface Moment {
  readonly occurredAt: Instant;
  /** What the source states; null where it states nothing. A retry states the same again, whatever its clocks do. */
  readonly stated: Instant | null;
  readonly sentAt: Instant | null;
}

/** The instants of an envelope, which its contract let through. */
interface Times {
  readonly time?: unknown;
  readonly occurredAt?: unknown;
  readonly originalTimestamp?: unknown;
  readonly sentAt?: unknown;
}

/**
 * The step: places a touchpoint in time. Where a sender states when its own clock sent the event (`sentAt`), its clock is
 * corrected: receivedAt − (sentAt − originalTimestamp), where the original is `originalTimestamp`, or the time stated.
 */
export function placeInTime(times: Times, receivedAt: Instant): Moment | Rejection {
  const original = instant(times.originalTimestamp, '#/originalTimestamp');
  if (original instanceof Rejection) return original;
  const stated = original ?? instant(times.occurredAt ?? times.time, '#/time');
  if (stated instanceof Rejection) return stated;
  const sentAt = instant(times.sentAt, '#/sentAt');
  if (sentAt instanceof Rejection) return sentAt;
  const occurredAt = stated === null ? receivedAt : sentAt === null ? stated : receivedAt - (sentAt - stated);
  if (occurredAt > receivedAt + FUTURE_MAX)
    return Rejection.of(
      'time-in-future',
      '#/time',
      'must not be more than 24 hours in the future',
      'fix the clock of the sender, or send sentAt so that ingestion can correct it',
    );
  if (occurredAt < EARLIEST)
    return Rejection.of(
      'time-too-early',
      '#/time',
      'must not be before 1900',
      'state when it happened, in UTC or with its offset',
    );
  return { occurredAt, stated, sentAt };
}

function instant(value: unknown, pointer: string): Instant | null | Rejection {
  if (value === undefined) return null;
  const at = typeof value === 'string' ? parseInstant(value) : null;
  return (
    at ?? Rejection.of('envelope-invalid', pointer, 'must be an RFC 3339 date-time', 'write it as 2026-01-31T12:00:00Z')
  );
}
