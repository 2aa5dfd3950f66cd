import { setMaxListeners } from 'node:events';
import { FORWARDS, type ResolvedEvent } from '@eventstore/db-client';
import type { Instant } from '#contracts';
import { newCopyOf, type LogIdentity } from '#platform';
import { EventLogError } from '../port.js';
import type {
  AppendItem,
  AppendManyOptions,
  EventLog,
  Expected,
  NewEvent,
  ReadOptions,
  ReceiptDraft,
  RecordedEvent,
  Verdict,
} from '../port.js';
import type { MovedEvent, MoveTarget } from '../moving/moved-event.js';
import { drained } from './call.js';
import type { Connection } from './connection.js';
import { isInvalidPosition } from './failures.js';
import { Duplicates } from './duplicates.js';
import { Feed } from './feed.js';
import { eventUuid, type IdTable } from './ids.js';
import { keptStreams, type StreamRange } from './kept-streams.js';
import { LogHead } from './log-head.js';
import { LogStreams } from './log-streams.js';
import { ReceivedCounts } from './received-counts.js';
import { release } from './shared-connections.js';
import { identityOnServer, replaceIdentity } from './server-identity.js';
import { SharedFeed } from './shared-feed.js';
import { SharedFeeds } from './shared-feeds.js';
import { positionOf, recordedEvent } from './stored-event.js';
import { StreamCache } from './stream-cache.js';
import { as, pages, WholeLog } from './whole-log.js';
import { BatchAppender } from './batch-appender.js';

/** What each feed keeps for consumers that are not as far: so many events, and so many bytes. */
const KEPT = { keptMax: 2_048, keptBytesMax: 8 * 1_048_576 };
/** What the whole streams that are held in memory take at most, in bytes. */
const CACHE_BYTES_MAX = 32 * 1_048_576;

/** The EventStoreDB adapter of the port. Positions are commit positions. */
export class EventStoreLog implements EventLog, MoveTarget {
  readonly counts = 'bytes';
  readonly streamRead = 'round-trip';
  readonly #appender: BatchAppender;
  readonly #closing = new AbortController();
  #closed: Promise<void> | null = null;
  #identity: LogIdentity | null = null;
  readonly #duplicates: Duplicates;
  readonly #head: LogHead;
  readonly #feeds: SharedFeeds;
  readonly #whole: WholeLog;
  readonly #streams: LogStreams;
  readonly #cache = new StreamCache(CACHE_BYTES_MAX);
  readonly received = new ReceivedCounts();

  /** Made by `openLogOnServer`, which has it begun. */
  constructor(
    private readonly connection: Connection,
    private readonly ids: IdTable,
    private readonly prefix: string,
  ) {
    this.#streams = new LogStreams(connection, prefix);
    this.#appender = new BatchAppender(connection, ids, prefix);
    setMaxListeners(0, this.#closing.signal);
    this.#duplicates = new Duplicates(ids);
    this.#head = new LogHead(connection, prefix, this.#duplicates);
    this.#feeds = new SharedFeeds((after, onAdded) => this.#feed(after, onAdded));
    this.#whole = new WholeLog({
      ...{ feeds: this.#feeds, head: this.#head, ids, duplicates: this.#duplicates },
      stands: async (position) => (await this.#at(position)) !== null,
      mustBeOpen: () => this.#mustBeOpen(),
      closing: this.#closing.signal,
    });
  }

  /** Reads what is on record as the log is opened: nothing of it may be taken for new later. */
  async begin(): Promise<void> {
    this.#appender.deduplication.startsFrom((await this.head()).position);
  }

  async append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<readonly Verdict[]> {
    this.#mustBeOpen();
    if (events.length === 0) return [];
    return this.#appender.whole(
      expected,
      events.map((event) => ({ stream, event })),
    );
  }

  async appendMany(
    items: readonly AppendItem[],
    receipts: readonly ReceiptDraft[] = [],
    { positions = 'exact' }: AppendManyOptions = {},
  ): Promise<readonly Verdict[]> {
    this.#mustBeOpen();
    if (items.length === 0 && receipts.length === 0) return [];
    return this.#appender.each(items, receipts, positions);
  }

  /** Their recordedAt stands in the metadata: the server gives events no time but its own. */
  async importEvents(events: readonly MovedEvent[]): Promise<void> {
    this.#mustBeOpen();
    await this.#appender.import(events);
  }

  async *read(stream: string, from = 0, options: ReadOptions = {}): AsyncIterable<readonly RecordedEvent[]> {
    const { upTo, size } = pages(options);
    for (let next = from; ;) {
      this.#mustBeOpen();
      if (options.signal?.aborted) return;
      const page = await this.#streams.page(stream, { from: next, maxCount: size, direction: FORWARDS });
      const last = page.at(-1)?.event;
      if (last === undefined) return;
      const events = (await this.#ours(page)).filter(({ position }) => position <= upTo);
      if (events.length > 0) yield events.map((event) => as(event, options));
      if (page.length < size || positionOf(last) > upTo) return;
      next = Number(last.revision) + 1;
    }
  }

  async readStreams(
    streams: readonly string[],
    { upTo, after = 0 }: { readonly upTo?: number; readonly after?: number } = {},
  ): Promise<RecordedEvent[]> {
    this.#mustBeOpen();
    // One moment for all streams: what is appended in the meantime is above it.
    const seen = upTo ?? (await this.head()).position;
    const range = { after, upTo: seen };
    const cached = new Map([...new Set(streams)].map((stream) => [stream, this.#cache.read(stream, range)] as const));
    const missing = [...cached].flatMap(([stream, events]) => (events === null ? [stream] : []));
    const kept = missing.length === 0 ? null : this.#feeds.kept(seen);
    const held = kept === null ? null : keptStreams(kept, missing, range);
    const read = await Promise.all(
      missing.filter((stream) => held?.has(stream) !== true).map((stream) => this.#readStream(stream, range)),
    );
    const ours = [...read, ...cached.values(), ...(held?.values() ?? [])].flatMap((events) => events ?? []);
    return (await this.#duplicates.without(ours))
      .filter(({ position }) => position > after && position <= seen)
      .map((event) => as(event, {}))
      .sort((a, b) => a.position - b.position);
  }

  readAll(after: number, options: ReadOptions = {}): AsyncIterable<readonly RecordedEvent[]> {
    return this.#whole.readAll(after, options);
  }

  follow(
    after: number,
    options: ReadOptions & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly RecordedEvent[]> {
    return this.#whole.follow(after, options);
  }

  /** What the indexer has not seen yet is found only where this process appended it. */
  async find(
    ids: readonly { readonly source: string; readonly id: string }[],
  ): Promise<readonly (RecordedEvent | null)[]> {
    this.#mustBeOpen();
    const uuids = ids.map(eventUuid);
    const known = await this.#appender.deduplication.lookup(uuids);
    return Promise.all(
      uuids.map(async (uuid) => {
        const one = known.get(uuid);
        return one === undefined ? null : this.#at(one.position);
      }),
    );
  }

  async head(): Promise<{ readonly position: number; readonly recordedAt: Instant }> {
    this.#mustBeOpen();
    return this.#head.read();
  }

  async at(position: number): Promise<RecordedEvent | null> {
    this.#mustBeOpen();
    return position > 0 ? this.#at(position, true) : null;
  }

  async identity(): Promise<LogIdentity> {
    this.#mustBeOpen();
    return (this.#identity ??= await identityOnServer(this.connection, this.#name));
  }

  async becomeAnotherCopy(): Promise<LogIdentity> {
    const before = await this.identity();
    return (this.#identity = await replaceIdentity(this.connection, this.#name, (last) => newCopyOf(last ?? before)));
  }

  async belongTo(log: LogIdentity): Promise<void> {
    this.#mustBeOpen();
    this.#identity = await replaceIdentity(this.connection, this.#name, (own) =>
      own?.logId === log.logId && own.copyId !== log.copyId ? own : newCopyOf(log),
    );
  }

  async positionAt(knownAt: Instant): Promise<number> {
    this.#mustBeOpen();
    const mark = await this.ids.markBy(knownAt);
    let known = mark.position;
    for await (const page of this.readAll(mark.position))
      for (const { position, recordedAt } of page) {
        if (recordedAt > knownAt) return known;
        known = position;
      }
    return known;
  }

  /** Ends when everything appended before was answered. Followers end with an error `closed`: abort them first. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#feeds.close();
    await this.#appender.settled();
    release(this.connection);
  }

  #feed(after: number, onAdded: () => void): SharedFeed {
    const feed = new Feed(this.connection, after, {
      ...{ prefix: this.prefix, counts: this.received },
      signal: this.#closing.signal,
      head: async () => (await this.#head.read()).position,
    });
    return new SharedFeed(feed, after, {
      ...KEPT,
      ...{ prefix: this.prefix, onAdded },
      onReceived: (received) => this.#cache.received(received),
    });
  }

  /** A stream from the server, whole or its end; a whole one is held from then on. */
  async #readStream(stream: string, { after, upTo }: StreamRange): Promise<readonly RecordedEvent[]> {
    if (after > 0) return this.#recorded(await this.#streams.above(stream, after));
    const events = this.#recorded(await this.#streams.upTo(stream, upTo));
    const later = this.#feeds.received(upTo);
    if (later !== null) this.#cache.remember(stream, events, upTo, later);
    return events;
  }

  /** Events of ours with their content hashes, without those that repeat an event id recorded lower. */
  #ours(events: readonly ResolvedEvent[]): Promise<readonly RecordedEvent[]> {
    return this.#duplicates.without(this.#recorded(events));
  }

  #recorded(events: readonly ResolvedEvent[]): RecordedEvent[] {
    return events.map((each) => recordedEvent(each, this.prefix, true)).filter((event) => event !== null);
  }

  async #at(position: number, withHash = false): Promise<RecordedEvent | null> {
    const fromPosition = { commit: BigInt(position), prepare: BigInt(position) };
    try {
      const [event] = await this.connection.reading((client, call) =>
        drained(client.readAll({ direction: FORWARDS, fromPosition, maxCount: 1, requiresLeader: true }), call),
      );
      const found = event === undefined ? null : recordedEvent(event, this.prefix, withHash);
      return found?.position === position ? found : null;
    } catch (error) {
      // A position at which no record begins: of another log, or beyond the end of this one.
      if (isInvalidPosition(error)) return null;
      throw error;
    }
  }

  get #name(): string {
    return this.prefix.slice(0, -1);
  }

  #mustBeOpen(): void {
    if (this.#closed !== null)
      throw new EventLogError(
        'closed',
        `The event log ${this.prefix.slice(0, -1)} at ${this.connection.server} is closed.`,
      );
  }
}
