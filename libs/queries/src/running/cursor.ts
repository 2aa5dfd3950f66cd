import { createHash } from 'node:crypto';
import type { Instant } from '#contracts';
import { reject } from './query-rejected.js';

/** Where a page ended: the key of its last row, in the order of the query. */
export type Key = readonly (string | number)[];

/** What a cursor carries: every page of an answer is about the same moment as the first. */
export interface Place {
  readonly after: Key;
  readonly asOf: Instant;
  /** Nothing above this position belongs to the answer, where the answer is read from the log; null elsewhere. */
  readonly position: number | null;
  /** What the pages of an answer are recorded under, where they show personal data; null where nothing was asked for. */
  readonly requestId?: string | null;
}

/**
 * A cursor is opaque to the client and bound to its query: name and filters are part of the check, so a cursor of another query
 * and an altered one are rejected instead of giving wrong rows.
 * They hold no secret and grant nothing: the check is a checksum, not a signature.
 */
export function writeCursor(query: string, filters: string, place: Place): string {
  const body = JSON.stringify([
    ...[place.after, place.asOf, place.position],
    ...(place.requestId === undefined || place.requestId === null ? [] : [place.requestId]),
  ]);
  return Buffer.from(check(query, filters, body) + body).toString('base64url');
}

/** @throws QueryRejected when the text is not a cursor of this query with these filters. */
export function readCursor(query: string, filters: string, cursor: string): Place {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const body = text.slice(CHECK_LENGTH);
  if (Buffer.from(text).toString('base64url') !== cursor || check(query, filters, body) !== text.slice(0, CHECK_LENGTH))
    throw reject(
      'cursor',
      'is not a cursor of this query with these parameters',
      'send nextCursor unchanged, with the parameters of the first page; or leave it out to begin again',
    );
  const [after, asOf, position, requestId] = JSON.parse(body) as [Key, Instant, number | null, string?];
  return { after, asOf, position, ...(requestId === undefined ? {} : { requestId }) };
}

const CHECK_LENGTH = 12;

function check(query: string, filters: string, body: string): string {
  return createHash('sha256').update(`${query}\0${filters}\0${body}`).digest('hex').slice(0, CHECK_LENGTH);
}
