import { verdictOnFound, type Found } from '../append-rules.js';
import { EventLogError } from '../port.js';
import type { AppendItem, Verdict } from '../port.js';
import { BACKWARDS, FORWARDS } from '@eventstore/db-client';
import { drained, endOf, type Connection } from './connection.js';
import type { IdTable, KnownId } from './ids.js';
import { contentHashOf, positionOf } from './stored-event.js';

/** Event ids appended here that the table may not hold yet: beyond so many the oldest are left to the indexer. */
const RECENT_MAX = 500_000;

/** The newest events of a stream that are searched for ids which the server recognised. */
const NEWEST = 4_096;

/** What is known before an append: the event ids on record, and a position that the log had reached. */
export interface KnownIds {
  readonly known: ReadonlyMap<string, KnownId>;
  readonly floor: number;
}

/**
 * The event ids on record: what the id table knows, and what this process appended since the table was last
 * written. The lowest position counts.
 */
export class Deduplication {
  readonly #cache = new Map<string, KnownId>();

  /** Up to where the id table is complete, as it last said. */
  #upTo = 0;
  /** What was on record when this process opened the log: until the table has reached it, an id that it does not hold may be on record. */
  #onRecord = 0;

  constructor(
    private readonly connection: Connection,
    private readonly ids: IdTable,
  ) {}

  /** Nothing at or below this position may be taken for new. */
  startsFrom(position: number): void {
    this.#onRecord = position;
  }

  /**
   * To be called for what no expectation guards, after `of`. @throws EventLogError `catching-up` while the table lags behind what was on record
   * when the process started: an event that it does not know may be on record, in whichever stream
   */
  mustHaveCaughtUp(): void {
    const missing = this.#onRecord - this.#upTo;
    if (missing <= 0) return;
    throw new EventLogError(
      'catching-up',
      `The read models have not indexed the last ${missing} bytes of the event log that were on record when this process started, so an event that is repeated cannot be told from a new one. ` +
        'Nothing of this batch was stored: send it again in a few seconds.',
    );
  }

  /** Called once for each batch. */
  async of(uuids: readonly string[]): Promise<KnownIds> {
    const [known, end] = await Promise.all([
      this.lookup(uuids),
      this.connection.reading((client, call) => endOf(client, call)),
    ]);
    return { known, floor: end?.event === undefined ? 0 : positionOf(end.event) };
  }

  async lookup(uuids: readonly string[]): Promise<ReadonlyMap<string, KnownId>> {
    const result = new Map<string, KnownId>();
    if (uuids.length === 0) return result;
    const { known, upTo } = await this.ids.lookup(uuids);
    this.#upTo = Math.max(this.#upTo, upTo);
    uuids.forEach((uuid, index) => {
      const one = lowest(known[index] ?? null, this.#cache.get(uuid) ?? null);
      if (one !== null) result.set(uuid, one);
    });
    // In the order of appending, which is nearly that of positions: a few stay a little longer.
    for (const [uuid, { position }] of this.#cache) {
      if (position > upTo) break;
      this.#cache.delete(uuid);
    }
    return result;
  }

  /** What this process remembers of an event id: the indexer may know a lower position. */
  remembered(uuid: string): KnownId | null {
    return this.#cache.get(uuid) ?? null;
  }

  /** Which of these event ids are among the newest events of a stream, and what is stored there. */
  async inStream(stream: string, uuids: readonly string[]): Promise<ReadonlyMap<string, KnownId>> {
    const wanted = new Set(uuids);
    const found = new Map<string, KnownId>();
    const newest = await this.connection.reading((client, call) =>
      drained(
        client.readStream(stream, {
          direction: BACKWARDS,
          fromRevision: 'end',
          maxCount: NEWEST,
          requiresLeader: true,
        }),
        call,
      ),
    );
    for (const each of newest) {
      const contentHash = contentHashOf(each);
      if (each.event === undefined || contentHash === null || !wanted.has(each.event.id)) continue;
      // Backwards: the lowest is met last, and counts.
      found.set(each.event.id, { position: positionOf(each.event), contentHash });
    }
    return found;
  }

  /** The content hash of the event of ours at a position. */
  async contentAt(position: number): Promise<Uint8Array | null> {
    const fromPosition = { commit: BigInt(position), prepare: BigInt(position) };
    const [event] = await this.connection.reading((client, call) =>
      drained(client.readAll({ direction: FORWARDS, fromPosition, maxCount: 1, requiresLeader: true }), call),
    );
    return event === undefined ? null : contentHashOf(event);
  }

  remember(uuid: string, known: KnownId): void {
    if (this.#cache.has(uuid)) return;
    this.#cache.set(uuid, known);
    if (this.#cache.size > RECENT_MAX) this.#cache.delete(this.#cache.keys().next().value as string);
  }
}

export function foundById(known: KnownId | undefined, { event }: AppendItem): Found {
  if (known === undefined) return null;
  return { position: known.position, sameContent: Buffer.compare(known.contentHash, event.contentHash) === 0 };
}

export function verdictOnKnown(known: KnownId, item: AppendItem): Verdict {
  return verdictOnFound(foundById(known, item) as NonNullable<Found>);
}

function lowest(a: KnownId | null, b: KnownId | null): KnownId | null {
  if (a === null || b === null) return a ?? b;
  return a.position <= b.position ? a : b;
}
