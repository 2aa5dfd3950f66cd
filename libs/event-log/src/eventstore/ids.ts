import { hash } from 'node:crypto';
import type { Instant } from '#contracts';

/** What the log holds under an event id: its lowest position, and the hash of the content at that position. */
export interface KnownId {
  readonly position: number;
  /** 16 bytes, as in `NewEvent`. */
  readonly contentHash: Uint8Array;
}

/** How far recordedAt had come at a position: the running maximum over everything up to it. */
export interface Mark {
  readonly position: number;
  readonly recordedAt: Instant;
}

/** The beginning of every log: nothing is below it, nothing was known before it. */
export const NO_MARK: Mark = { position: 0, recordedAt: Number.NEGATIVE_INFINITY };

/**
 * The event ids of the whole log: no stream of EventStoreDB can look an id up. Kept by the indexer, which
 * follows the log (`with: 'contentHash'`) in order and in one transaction a page does three things:
 * - for each event it writes uuid → (position, contentHash) where the uuid is new. Where it stands already at a lower
 *   position, the event is a repetition: its position joins the duplicates. The lowest position counts, for ever.
 * - it writes one mark: the page's last position, and the highest recordedAt of all events up to there.
 * - it moves its own position, up to which all of this is known.
 *
 * The log asks it once per batch. It is not asked to write: an event that is on record but not yet indexed is known to
 * the process that appended it, and to the server while it is recent; what slips through both becomes a duplicate here.
 */
export interface IdTable {
  /** For each uuid (`eventUuid`) what the log holds, or null; and the position up to which that is complete. */
  lookup(uuids: readonly string[]): Promise<{ readonly known: readonly (KnownId | null)[]; readonly upTo: number }>;
  /** Positions above `after` that repeat an event id recorded lower, ascending: few, if any. No reader gets them. */
  duplicates(after: number): Promise<readonly number[]>;
  /** The highest mark at or below a position; NO_MARK where there is none. */
  markAt(position: number): Promise<Mark>;
  /** The highest mark with recordedAt at or before an instant; NO_MARK where there is none. */
  markBy(knownAt: Instant): Promise<Mark>;
}

/** The four first digits that the fourth group of such a UUID may have. */
const VARIANTS = '89ab';

/**
 * The UUID of an event on the server, always the same for the same (source, id): so that the server itself recognises
 * a retry that follows soon. Laid out as version 5 (a UUID from a name by a hash); the hash is SHA-256, cut.
 */
export function eventUuid({ source, id }: { readonly source: string; readonly id: string }): string {
  const hex = hash('sha256', JSON.stringify([source, id]), 'hex');
  const variant = VARIANTS[Number.parseInt(hex.charAt(16), 16) & 0x3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
