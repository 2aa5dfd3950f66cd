import { hash } from 'node:crypto';
import { canonical } from '../pipeline/canonical.js';
import { Rejection } from '../pipeline/rejection.js';

/** As Segment's specification has it: shorter than 100 characters. */
export const MESSAGE_ID_MAX = 99;

/** The id that a call states; null where it states none. */
export function statedId(messageId: unknown): string | null | Rejection {
  if (messageId === undefined || messageId === null || messageId === '') return null;
  const text = typeof messageId === 'number' && Number.isSafeInteger(messageId) ? String(messageId) : messageId;
  if (typeof text === 'string' && text.length <= MESSAGE_ID_MAX) return text;
  return Rejection.of(
    'envelope-invalid',
    '#/messageId',
    'must be text of fewer than 100 characters',
    'give each call an id of its own, such as a UUID, or leave it out: then one is made of the call',
  );
}

/**
 * Makes ids for calls that state none: a hash of the source and the call as it was received, so that a request that is sent again gives the same. Of two
 * calls of one request that say the same, the second gets another. `stamp`: what tells two requests apart where the call states no time of its own.
 */
export class MadeIds {
  private readonly seen = new Map<string, number>();

  constructor(private readonly source: string) {}

  of(call: unknown, stamp: string | null): string {
    const text = `${this.source}\0${JSON.stringify(canonical(call))}\0${stamp ?? ''}`;
    const digest = hash('sha256', text, 'hex').slice(0, 32);
    const ordinal = (this.seen.get(digest) ?? 0) + 1;
    this.seen.set(digest, ordinal);
    return ordinal === 1 ? `call-${digest}` : `call-${digest}-${ordinal}`;
  }
}
