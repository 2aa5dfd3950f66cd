import { createHash } from 'node:crypto';
import type { Instant } from '#contracts';
import { reject } from './query-rejected.js';

/** Where a page ended: the key of its last row, by the question's own order. */
export type Key = readonly (string | number)[];

/** What a cursor carries: a page further is asked of the same moment as the first. */
export interface Place {
  readonly after: Key;
  readonly asOf: Instant;
  /** Nothing above this position belongs to the answer, where the answer is read from the log; null elsewhere. */
  readonly position: number | null;
}

/**
 * Cursors are opaque to the asker and bound to their question: name and filters are part of the check, so that a cursor cannot
 * be carried over to another question, and a mangled one is rejected instead of giving rows that nobody asked for.
 * They hold no secret and grant nothing: the check is a checksum, not a signature.
 */
export function writeCursor(query: string, filters: string, place: Place): string {
  const body = JSON.stringify([place.after, place.asOf, place.position]);
  return Buffer.from(check(query, filters, body) + body).toString('base64url');
}

/** @throws QuestionRefused where the text is no cursor of this question with these filters. */
export function readCursor(query: string, filters: string, cursor: string): Place {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const body = text.slice(CHECK_LENGTH);
  if (Buffer.from(text).toString('base64url') !== cursor || check(query, filters, body) !== text.slice(0, CHECK_LENGTH))
    throw reject(
      'cursor',
      'is not a cursor of this question with these parameters',
      'Send nextCursor as it was given, with the parameters of the first page; or leave it out to begin again.',
    );
  const [after, asOf, position] = JSON.parse(body) as [Key, Instant, number | null];
  return { after, asOf, position };
}

const CHECK_LENGTH = 12;

function check(query: string, filters: string, body: string): string {
  return createHash('sha256').update(`${query}\0${filters}\0${body}`).digest('hex').slice(0, CHECK_LENGTH);
}
