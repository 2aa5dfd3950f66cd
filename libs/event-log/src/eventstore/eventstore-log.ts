import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BACKWARDS, END, FORWARDS, type ResolvedEvent } from '@eventstore/db-client';
import type { Instant } from '#contracts';
import { newCopyOf, type LogIdentity, type StoreWatch } from '#platform';
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
import { logAt } from './connection-string.js';
import { drained, TIMEOUTS, type Connection, type Timeouts } from './connection.js';
import type { Diagnosis } from './diagnosis.js';
import { isInvalidPosition, unreachable } from './failures.js';
import { Duplicates } from './duplicates.js';
import { Feed } from './feed.js';
import { eventUuid, type IdTable } from './ids.js';
import { LogHead } from './log-head.js';
import { acquire, release } from './shared-connections.js';
import { identityOnServer, replaceIdentity } from './server-identity.js';
import { SharedFeed } from './shared-feed.js';
import { SharedFeeds } from './shared-feeds.js';
import { positionOf, recordedEvent } from './stored-event.js';
import { streamPage } from './stream-page.js';
import { as, pages, WholeLog } from './whole-log.js';
import { BatchAppender } from './batch-appender.js';

export interface EventStoreLogOptions {
  /**
   * As EventStoreDB writes it: `esdb://user:password@host:2113?tls=true&tlsCAFile=/path/ca.crt`, several hosts by commas,
   * `esdb+discover://` for DNS. All calls go to the leader. `#name` at its end is the log's name, where none is given below.
   */
  readonly connectionString: string;
  /** Which event has which id: written by the indexer. */
  readonly ids: IdTable;
  /**
   * The name of this log among others on the server: its streams are called `<name>.<stream>`, and it reads those only.
   * Letters, digits, `-` and `_`; so no log's name plus its dot begins another's. Default `perennial`.
   */
  readonly name?: string;
  readonly timeouts?: Partial<Timeouts>;
  /** Makes each append a call of its own, as with servers that have no BatchAppend: for a proxy that ends long calls. Slower. */
  readonly callByCall?: boolean;
  /**
   * How long the first answer may take, in milliseconds: at a terminal, an unreachable server should be reported soon.
   * Default: as long as any call.
   */
  readonly openMs?: number;
  /** Who is told of waiting for the server; by default nothing is logged. */
  readonly watch?: StoreWatch;
}

const PAGE_SIZE = 1_000;
/** So many events of the end of a stream are read first: what came since a customer was folded is mostly less. */
const TAIL_SIZE = 20;
/** What each feed keeps for consumers that are not as far: so many events, and so many bytes. */
const KEPT = { keptMax: 2_048, keptBytesMax: 8 * 1_048_576 };

/** Opens the log on a server that is there. Several processes may have it open; several logs may lie on one server. */
export async function openLogOnServer(options: EventStoreLogOptions): Promise<EventStoreLog> {
  const { connectionString, name: named } = logAt(options.connectionString);
  const name = options.name ?? named ?? 'perennial';
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name))
    throw new RangeError(`A log cannot be called ${JSON.stringify(name)}: use letters, digits, - and _.`);
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const connection = acquire(connectionString, timeouts, options);
  try {
    const log = new EventStoreLog(connection, options.ids, `${name}.`);
    await answered(log.begin(), options.openMs ?? timeouts.callMs, connection);
    return log;
  } catch (error) {
    release(connection);
    throw error;
  }
}

/** A server that has not answered for so long is looked at, and again after as long. */
const DIAGNOSE_MS = 700;

/** @throws EventLogError `unavailable`: at once where waiting does not help */
async function answered(first: Promise<unknown>, withinMs: number, connection: Connection): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let found: Diagnosis | null = null;
  const over = new AbortController();
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(connection.server, withinMs, found?.text)), withinMs);
    const look = async (): Promise<void> => {
      while (!over.signal.aborted) {
        await sleep(DIAGNOSE_MS, undefined, { signal: over.signal });
        found = await connection.diagnose();
        if (found === null || over.signal.aborted) continue;
        if (found.lasting) return reject(new EventLogError('unavailable', found.text));
        connection.waits.read.failed(new Error(found.text));
      }
    };
    look().catch(() => undefined);
  });
  // The call goes on until the connection is closed, and its outcome is no longer needed.
  first.catch(() => undefined);
  try {
    await Promise.race([first, late]);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

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

  /** Made by `openLogOnServer`. */
  constructor(
    private readonly connection: Connection,
    private readonly ids: IdTable,
    private readonly prefix: string,
  ) {
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
      const page = await this.#streamPage(stream, next, size);
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
    const read = await Promise.all(
      [...new Set(streams)].map((stream) =>
        after > 0 ? this.#streamAbove(stream, after) : this.#streamUpTo(stream, seen),
      ),
    );
    return (await this.#ours(read.flat()))
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
      prefix: this.prefix,
      signal: this.#closing.signal,
      head: async () => (await this.#head.read()).position,
    });
    return new SharedFeed(feed, after, { ...KEPT, prefix: this.prefix, onAdded });
  }

  /** Events of ours with their content hashes, without those that repeat an event id recorded lower. */
  #ours(events: readonly ResolvedEvent[]): Promise<readonly RecordedEvent[]> {
    const ours = events.map((each) => recordedEvent(each, this.prefix, true)).filter((event) => event !== null);
    return this.#duplicates.without(ours);
  }

  /** A stream from its beginning to a position, and what stands with it on its last page. */
  async #streamUpTo(stream: string, upTo: number): Promise<ResolvedEvent[]> {
    const events: ResolvedEvent[] = [];
    for (let next = 0; ;) {
      const page = await this.#streamPage(stream, next, PAGE_SIZE);
      for (const event of page) events.push(event);
      const last = page.at(-1)?.event;
      if (last === undefined || page.length < PAGE_SIZE || positionOf(last) > upTo) return events;
      next = Number(last.revision) + 1;
    }
  }

  /** The end of a stream above a position, and what stands with it on its first page: from the end, since it is a small part of most streams. */
  async #streamAbove(stream: string, above: number): Promise<ResolvedEvent[]> {
    const events: ResolvedEvent[] = [];
    for (let before: number | typeof END = END, size = TAIL_SIZE; ; size = PAGE_SIZE) {
      const page = await this.#streamPage(stream, before, size, BACKWARDS);
      for (const event of page) events.push(event);
      const first = page.at(-1)?.event;
      if (first === undefined || page.length < size || positionOf(first) <= above || first.revision === 0n)
        return events;
      before = Number(first.revision) - 1;
    }
  }

  #streamPage(
    stream: string,
    from: number | typeof END,
    maxCount: number,
    direction: typeof FORWARDS | typeof BACKWARDS = FORWARDS,
  ): Promise<ResolvedEvent[]> {
    return streamPage(this.connection, `${this.prefix}${stream}`, { from, maxCount, direction });
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
