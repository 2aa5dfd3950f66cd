import { verdictOnFound, type Found } from '../append-rules.js';
import { EventLogError } from '../port.js';
import type { AppendItem, Verdict } from '../port.js';
import { BACKWARDS, END, FORWARDS } from '@eventstore/db-client';
import { drained, endOf } from './call.js';
import type { Connection } from './connection.js';
import type { IdTable, KnownId } from './ids.js';
import { contentHashOf, positionOf } from './stored-event.js';
import { SharedReading } from './shared-reading.js';
import { streamPage } from './stream-page.js';

/** Event ids appended here that the table may not hold yet: beyond so many the oldest are left to the indexer. */
const RECENT_MAX = 500_000;

/** The newest events of a stream that are searched for ids which the server recognised. */
const NEWEST = 4_096;

/** What is known before an append: the event ids on record, and a position that the log had reached. */
export interface KnownIds {
  readonly known: ReadonlyMap<string, KnownId>;
  readonly floor: number;
}

/** Where an event of this process stands whose position is only known not to lie above the one remembered. */
export interface Bound {
  /** As it is called on the server. */
  readonly stream: string;
  readonly revision: number;
}

/**
 * The event ids on record: what the id table knows, and what this process appended since the table was last
 * written. The lowest position counts.
 */
export class Deduplication {
  readonly #cache = new Map<string, KnownId & { readonly bound?: Bound }>();

  /** Up to where the id table is complete, as it last said. */
  #upTo = 0;
  /** What was on record when this process opened the log: until the table has reached it, an id that it does not hold may be on record. */
  #onRecord = 0;
  /**
   * One at a time: two look-ups whose answers overtook each other could both miss an id that was indexed in between, since the later one takes it
   * out of the cache.
   */
  readonly #lookups = new SharedReading((take: () => readonly (readonly string[])[]) => this.#lookupAll(take));
  readonly #ends = new SharedReading<void, number>((take) =>
    this.connection.reading(async (client, call) => {
      take();
      const end = await endOf(client, call);
      return end?.event === undefined ? 0 : positionOf(end.event);
    }),
  );

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
    const [known, floor] = await Promise.all([this.lookup(uuids), this.end()]);
    return { known, floor };
  }

  /** The position of the server's last event, of any log; 0 when there is none. */
  end(): Promise<number> {
    return this.#ends.ask();
  }

  async lookup(uuids: readonly string[]): Promise<ReadonlyMap<string, KnownId>> {
    const result = new Map<string, KnownId>();
    if (uuids.length === 0) return result;
    const { known, upTo } = await this.#lookups.ask(uuids);
    this.#upTo = Math.max(this.#upTo, upTo);
    const bounded = new Map<string, Bound>();
    uuids.forEach((uuid) => {
      const own = this.#cache.get(uuid) ?? null;
      const one = lowest(known.get(uuid) ?? null, own);
      if (one === null) return;
      result.set(uuid, one);
      if (one === own && own.bound !== undefined) bounded.set(uuid, own.bound);
    });
    for (const [uuid, position] of await this.#positionsOf(bounded)) {
      const { contentHash } = this.#cache.get(uuid) ?? (result.get(uuid) as KnownId);
      const exact = { position, contentHash };
      result.set(uuid, exact);
      if (this.#cache.has(uuid)) this.#cache.set(uuid, exact);
    }
    // In the order of appending, which is nearly that of positions: a few stay a little longer.
    for (const [uuid, { position }] of this.#cache) {
      if (position > upTo) break;
      this.#cache.delete(uuid);
    }
    return result;
  }

  async #lookupAll(
    take: () => readonly (readonly string[])[],
  ): Promise<{ readonly known: ReadonlyMap<string, KnownId>; readonly upTo: number }> {
    // Batches that begin in the same turn go along.
    await Promise.resolve();
    const uuids = [...new Set(take().flat())];
    const { known, upTo } = await this.ids.lookup(uuids);
    const found = new Map<string, KnownId>();
    uuids.forEach((uuid, index) => {
      const one = known[index] ?? null;
      if (one !== null) found.set(uuid, one);
    });
    return { known: found, upTo };
  }

  /** The positions of what this process appended without reading them back. One that is not where it should be (a deleted stream) is left out. */
  async #positionsOf(bounded: ReadonlyMap<string, Bound>): Promise<ReadonlyMap<string, number>> {
    const streams = new Map<string, { from: number; to: number; readonly uuids: string[] }>();
    for (const [uuid, { stream, revision }] of bounded) {
      const range = streams.get(stream) ?? { from: revision, to: revision, uuids: [] };
      range.from = Math.min(range.from, revision);
      range.to = Math.max(range.to, revision);
      range.uuids.push(uuid);
      streams.set(stream, range);
    }
    const found = new Map<string, number>();
    await Promise.all(
      [...streams].map(async ([stream, { from, to, uuids }]) => {
        const wanted = new Set(uuids);
        const part = { from, maxCount: to - from + 1, direction: FORWARDS } as const;
        for (const { event } of await streamPage(this.connection, stream, part))
          if (event !== undefined && wanted.delete(event.id)) found.set(event.id, positionOf(event));
        // Known again by the server, they need not stand side by side.
        if (wanted.size > 0)
          for (const [uuid, { position }] of await this.inStream(stream, [...wanted])) found.set(uuid, position);
      }),
    );
    return found;
  }

  /** What this process remembers of an event id: the indexer may know a lower position. */
  remembered(uuid: string): KnownId | null {
    return this.#cache.get(uuid) ?? null;
  }

  /** Which of these event ids are among the newest events of a stream, and what is stored there. */
  async inStream(stream: string, uuids: readonly string[]): Promise<ReadonlyMap<string, KnownId>> {
    const wanted = new Set(uuids);
    const found = new Map<string, KnownId>();
    const newest = await streamPage(this.connection, stream, { from: END, maxCount: NEWEST, direction: BACKWARDS });
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

  /** @param bound where it stands, if its position is that of a later event: it is read once it is asked for */
  remember(uuid: string, known: KnownId, bound?: Bound): void {
    if (this.#cache.has(uuid)) return;
    this.#cache.set(uuid, bound === undefined ? known : { ...known, bound });
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
