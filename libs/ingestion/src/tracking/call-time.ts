import { formatInstant, parseInstant, type Instant } from '#contracts';
import { placeInTime } from '../pipeline/moment.js';
import { Rejection } from '../pipeline/rejection.js';

/** The times of a touchpoint that a call becomes. */
export interface CallTimes {
  readonly time?: string;
  readonly sentAt?: string;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * When a call happened. `timestamp` counts, else `originalTimestamp`: of the same clock as `sentAt`, by which ingestion corrects it. A call that states
 * `receivedAt` was received by another server before, which has compared the clocks: its `timestamp` stands, and a time that it did not correct is
 * corrected by that `receivedAt`.
 *
 * @param sentAt that of the call, else of its batch
 * @param hasZone whether the source has a time zone: then a time without an offset is left to it, else it is UTC
 */
export function timesOf(fields: Json, sentAt: unknown, hasZone: boolean): CallTimes | Rejection {
  const field = isGiven(fields['timestamp']) ? 'timestamp' : 'originalTimestamp';
  const stated = textOf(fields[field]);
  const time = stated === null ? null : readableTime(stated, hasZone);
  if (stated !== null && time === null) return unreadable(field);
  if (isGiven(fields[field]) && stated === null) return unreadable(field);
  const sent = readableTime(textOf(sentAt) ?? '', hasZone);
  if (isGiven(sentAt) && sent === null) return unreadable('sentAt');
  const received = parseInstant(textOf(fields['receivedAt']) ?? '');
  if (received !== null) return receivedBefore(field, time, sent, received);
  return { ...(time === null ? {} : { time }), ...(sent === null ? {} : { sentAt: sent }) };
}

function receivedBefore(
  field: 'timestamp' | 'originalTimestamp',
  time: string | null,
  sentAt: string | null,
  received: Instant,
): CallTimes | Rejection {
  if (time === null) return { time: formatInstant(received) };
  if (field === 'timestamp' || sentAt === null) return { time };
  const moment = placeInTime({ time, sentAt }, received, received);
  return moment instanceof Rejection ? moment : { time: formatInstant(moment.occurredAt) };
}

/** Whether a call, or its batch, states any time: without one it cannot be told from another that says the same. */
export const statesTime = (fields: Json): boolean =>
  isGiven(fields['timestamp']) || isGiven(fields['originalTimestamp']) || isGiven(fields['sentAt']);

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const unreadable = (field: string): Rejection =>
  Rejection.of('envelope-invalid', `#/${field}`, 'must be an ISO 8601 date-time', 'write it as 2026-01-31T12:00:00Z');

/** ISO 8601 as libraries and people write it: digits of month and day without a leading zero, a space before the time, no seconds, an offset without colon. */
const LENIENT =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)? ?(?:([Zz])|([+-])(\d{2}):?(\d{2})?)?$/;

/** The time as RFC 3339 has it; null where it is none. */
function readableTime(text: string, hasZone: boolean): string | null {
  if (parseInstant(text) !== null) return text;
  const match = LENIENT.exec(text.trim());
  if (match === null) return null;
  const [, year, month = '', day = '', hour = '0', minute = '00', second = '00', fraction, zulu, sign, oh, om = '00'] =
    match;
  const local =
    `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${hour.padStart(2, '0')}:${minute}:${second}` +
    (fraction === undefined ? '' : `.${fraction}`);
  if (zulu === undefined && sign === undefined && hasZone) return parseInstant(`${local}Z`) === null ? null : local;
  const whole = `${local}${sign === undefined ? 'Z' : `${sign}${oh}:${om}`}`;
  return parseInstant(whole) === null ? null : whole;
}
