/// <reference lib="es2024.string" />
import type { AppendItem, Expected, Verdict } from './port.js';

// The rules of appending that every adapter applies, so that all give the same verdicts.

/** What an event may measure. An adapter may not allow less. */
export const LIMITS = {
  /** UTF-8 bytes of an event, its names included: 1 MiB less 16 KiB of room for what an adapter writes beside it. */
  eventBytes: 1_048_576 - 16_384,
  /** UTF-8 bytes of a stream, a source, an id or a type: two of them still fit one index row of PostgreSQL. */
  nameBytes: 1_024,
  contentHashBytes: 16,
} as const;

const LATEST = 8.64e15;

/**
 * Why an item cannot be stored, in words that say how to fix it; null when it can.
 * Every adapter asks this, so that an item rejected by one is rejected by all.
 */
export function rejectionOf({ stream, event, expected }: AppendItem): string | null {
  const reason =
    nameRejection('stream', stream) ??
    nameRejection('source', event.source) ??
    nameRejection('id', event.id) ??
    nameRejection('type', event.type) ??
    textRejection('meta', event.meta) ??
    textRejection('data', event.data);
  if (reason !== null) return reason;
  if (!Number.isInteger(event.schemaVersion) || event.schemaVersion < 1 || event.schemaVersion > 65_535)
    return `The schemaVersion ${event.schemaVersion} is not a whole number from 1 to 65535.`;
  if (!Number.isInteger(event.occurredAt) || Math.abs(event.occurredAt) > LATEST)
    return `The occurredAt ${event.occurredAt} is not an instant: give whole milliseconds since 1970-01-01T00:00:00Z.`;
  if (!(event.contentHash instanceof Uint8Array) || event.contentHash.length !== LIMITS.contentHashBytes)
    return `The contentHash must be ${LIMITS.contentHashBytes} bytes.`;
  if (typeof expected === 'number' && (!Number.isSafeInteger(expected) || expected < 0))
    return `The expected revision ${expected} is not a whole number from 0 on: for a stream without events say 'no-stream'.`;
  return sizeRejection(stream, event);
}

function nameRejection(field: string, name: string): string | null {
  if (typeof name !== 'string' || name.length === 0) return `The ${field} is empty: every event names one.`;
  if (name.length * 3 > LIMITS.nameBytes && Buffer.byteLength(name) > LIMITS.nameBytes)
    return `The ${field} is ${Buffer.byteLength(name)} bytes long, at most ${LIMITS.nameBytes} are allowed: shorten it, by a hash for instance.`;
  return textRejection(field, name);
}

function textRejection(field: string, text: string): string | null {
  if (typeof text !== 'string') return `The ${field} is not text: serialise it first.`;
  if (!text.isWellFormed())
    return `The ${field} holds half a character (a lone surrogate), which UTF-8 cannot carry: send whole characters.`;
  if (text.includes('\0')) return `The ${field} holds a NUL character: remove it, or escape it where it is JSON.`;
  return null;
}

function sizeRejection(stream: string, { source, id, type, meta, data }: AppendItem['event']): string | null {
  const names = stream.length + source.length + id.length + type.length;
  if ((names + meta.length + data.length) * 3 <= LIMITS.eventBytes) return null;
  const bytes = [stream, source, id, type, meta, data].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= LIMITS.eventBytes) return null;
  return `The event has ${bytes} bytes, at most ${LIMITS.eventBytes} are allowed: send what is large elsewhere and name it by a link, or split the event.`;
}

/** What the log holds under an event's (source, id): null when nothing. */
export type Found = { readonly position: number; readonly sameContent: boolean } | null;

/** Whether a stream whose last revision is `actual` (null: no stream) is where `expected` says. */
export function meets(expected: Expected, actual: number | null): boolean {
  switch (expected) {
    case 'any':
      return true;
    case 'no-stream':
      return actual === null;
    case 'exists':
      return actual !== null;
    default:
      return actual === expected;
  }
}

/** The verdict on an event whose id is on record already. */
export function verdictOnFound(found: NonNullable<Found>): Verdict {
  return { status: found.sameContent ? 'duplicate' : 'id-reused', position: found.position };
}

/**
 * Decides on an append of all or nothing. Null: store all of them. Otherwise nothing is stored, and these are the verdicts.
 * `find` looks up what is on record; it and `lastRevision` are called only for events that could be stored.
 */
export function decideWhole(
  items: readonly AppendItem[],
  expected: Expected,
  lastRevision: () => number | null,
  find: (item: AppendItem) => Found,
): readonly Verdict[] | null {
  const rejections = items.map((item) => rejectionOf({ ...item, expected }));
  if (rejections.some((reason) => reason !== null))
    return withNeighbours(
      rejections.map((reason) => (reason === null ? null : { status: 'rejected', reason })),
      'was rejected',
    );

  const found = items.map(find);
  if (found.every((one) => one !== null && one.sameContent))
    return found.map((one) => verdictOnFound(one as NonNullable<Found>));

  const firstOf = new Map<string, number>();
  const culprits = items.map(({ event }, index): Verdict | null => {
    const known = found[index];
    if (known) return verdictOnFound(known);
    const name = JSON.stringify([event.source, event.id]);
    const twin = firstOf.get(name);
    if (twin === undefined) {
      firstOf.set(name, index);
      return null;
    }
    return { status: 'rejected', reason: `It names the same event as item ${twin} of the same append: leave one out.` };
  });
  if (culprits.some((verdict) => verdict !== null)) return withNeighbours(culprits, 'is on record or named twice');

  const actual = lastRevision();
  if (!meets(expected, actual)) return items.map(() => ({ status: 'wrong-revision', expected, actual }));
  return null;
}

function withNeighbours(culprits: readonly (Verdict | null)[], what: string): Verdict[] {
  const culprit = culprits.findIndex((verdict) => verdict !== null);
  const reason = `Not stored, because item ${culprit} of the same append ${what}: append the rest without it.`;
  return culprits.map((verdict) => verdict ?? { status: 'rejected', reason });
}
