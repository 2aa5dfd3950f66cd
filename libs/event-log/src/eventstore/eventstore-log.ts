import { setMaxListeners } from 'node:events';
import { BACKWARDS, END, FORWARDS, type ResolvedEvent } from '@eventstore/db-client';
import type { Instant } from '#contracts';
import { newCopyOf, type LogIdentity, type StoreWatch } from '#platform';
import { EventLogError } from '../port.js';
import type {
  AppendItem,
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
import { failureOf, isInvalidPosition, unreachable } from './failures.js';
import { Feed } from './feed.js';
import { eventUuid, type IdTable, type Mark } from './ids.js';
import { acquire, release } from './shared-connections.js';
import { newestBelow } from './filtered-all.js';
import { identityOnServer, replaceIdentity } from './server-identity.js';
import { positionOf, recordedEvent } from './stored-event.js';
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
/** How many events of the whole server are looked at for the last one of ours, at first and then. */
const HEAD_STEPS = [1, 16, 128, 1_024];
/** How many of ours the server is asked for when it looks for the last one: the newest may be repetitions. */
const OURS_AT_ONCE = 16;

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
    await answered(log.begin(), options.openMs ?? timeouts.callMs, connection.server);
    return log;
  } catch (error) {
    release(connection);
    throw error;
  }
}

/** @throws EventLogError `unavailable` */
async function answered(first: Promise<unknown>, withinMs: number, server: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(server, withinMs)), withinMs);
  });
  // The call goes on until the connection is closed, and its outcome is no longer needed.
  first.catch(() => undefined);
  try {
    await Promise.race([first, late]);
  } finally {
    clearTimeout(timer);
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
  readonly #duplicates = new Set<number>();
  #duplicatesUpTo = 0;
  /** The last event of ours that was seen, and how far the server's log was looked through for a later one. */
  #head: { readonly position: number; readonly recordedAt: Instant; readonly lookedUpTo: number } = {
    position: 0,
    recordedAt: 0,
    lookedUpTo: 0,
  };

  /** Made by `openLogOnServer`. */
  constructor(
    private readonly connection: Connection,
    private readonly ids: IdTable,
    private readonly prefix: string,
  ) {
    this.#appender = new BatchAppender(connection, ids, prefix);
    setMaxListeners(0, this.#closing.signal);
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

  async appendMany(items: readonly AppendItem[], receipts: readonly ReceiptDraft[] = []): Promise<readonly Verdict[]> {
    this.#mustBeOpen();
    if (items.length === 0 && receipts.length === 0) return [];
    return this.#appender.each(items, receipts);
  }

  /** Their recordedAt stands in the metadata: the server gives events no time but its own. */
  async importEvents(events: readonly MovedEvent[]): Promise<void> {
    this.#mustBeOpen();
    await this.#appender.import(events);
  }

  async *read(stream: string, from = 0, options: ReadOptions = {}): AsyncIterable<readonly RecordedEvent[]> {
    const { upTo, size, withHash } = pages(options);
    for (let next = from; ;) {
      this.#mustBeOpen();
      if (options.signal?.aborted) return;
      const page = await this.#streamPage(stream, next, size);
      const last = page.at(-1)?.event;
      if (last === undefined) return;
      const events = (await this.#ours(page, withHash)).filter(({ position }) => position <= upTo);
      if (events.length > 0) yield events.map(as(options));
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
    return (await this.#ours(read.flat(), false))
      .filter(({ position }) => position > after && position <= seen)
      .sort((a, b) => a.position - b.position);
  }

  async *readAll(after: number, options: ReadOptions = {}): AsyncIterable<readonly RecordedEvent[]> {
    const { upTo, size, withHash } = pages(options);
    this.#mustBeOpen();
    if (options.signal?.aborted) return;
    let { position: head } = await this.head();
    if (head <= after || after >= upTo) return;
    const time = await this.#timeAt(after);
    const feed = this.#feed(after, options.signal);
    let page: RecordedEvent[] = [];
    try {
      while (feed.position < Math.min(head, upTo)) {
        const taken = await feed.take(size - page.length);
        this.#mustBeOpen();
        if (options.signal?.aborted) return;
        for (const event of await this.#ours(taken, withHash)) if (event.position <= upTo) page.push(time.along(event));
        if (feed.position >= head && feed.position < upTo) head = (await this.head()).position;
        if (page.length < size && feed.position < Math.min(head, upTo)) continue;
        if (page.length > 0) yield page.map(as(options));
        page = [];
        this.#mustBeOpen();
        if (options.signal?.aborted) return;
        // While the page was in use the log may have grown.
        if (feed.position >= head && feed.position < upTo) head = (await this.head()).position;
      }
    } finally {
      feed.close();
    }
  }

  async *follow(
    after: number,
    options: ReadOptions & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly RecordedEvent[]> {
    const { upTo, size, withHash } = pages(options);
    this.#mustBeOpen();
    if (options.signal.aborted || after >= upTo) return;
    const time = await this.#timeAt(after);
    const feed = this.#feed(after, options.signal);
    try {
      while (!options.signal.aborted && feed.position < upTo) {
        const taken = await feed.take(size);
        this.#mustBeOpen();
        const page = (await this.#ours(taken, withHash)).filter(({ position }) => position <= upTo);
        if (page.length > 0 && !options.signal.aborted) yield page.map((event) => time.along(event)).map(as(options));
        this.#mustBeOpen();
      }
    } finally {
      feed.close();
    }
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
    const { lookedUpTo } = this.#head;
    let highest = 0;
    let from: typeof END | { readonly commit: bigint; readonly prepare: bigint } = END;
    for (let step = 0; ; step += 1) {
      // The first time the server looks, where we would have to look through all that others ever wrote.
      const searched = lookedUpTo === 0 && step >= HEAD_STEPS.length;
      const maxCount = searched ? OURS_AT_ONCE : (HEAD_STEPS[Math.min(step, HEAD_STEPS.length - 1)] as number);
      const fromPosition = from;
      const page: ResolvedEvent[] =
        searched && fromPosition !== END
          ? await this.connection.reading(
              (client, call) => newestBelow(client, this.prefix, fromPosition, maxCount, call),
              this.connection.timeouts.callMs,
            )
          : await this.connection.reading((client, call) =>
              drained(client.readAll({ direction: BACKWARDS, fromPosition, maxCount, requiresLeader: true }), call),
            );
      highest = Math.max(highest, ...page.map(({ event }) => (event === undefined ? 0 : positionOf(event))));
      const [last] = await this.#ours(page, false);
      const lowest: PlacedEvent | undefined = page.at(-1)?.event;
      const done = lowest === undefined || page.length < maxCount || positionOf(lowest) <= lookedUpTo;
      if (last !== undefined || done) {
        const { position, recordedAt } = last !== undefined && last.position > this.#head.position ? last : this.#head;
        this.#head = {
          position,
          recordedAt: Math.max(recordedAt, this.#head.recordedAt),
          lookedUpTo: Math.max(highest, this.#head.lookedUpTo),
        };
        return { position: this.#head.position, recordedAt: this.#head.recordedAt };
      }
      // With both numbers: events of one transaction, as older clients wrote them, share the first.
      from = placeOf(lowest);
    }
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
    await this.#appender.settled();
    release(this.connection);
  }

  #feed(after: number, signal: AbortSignal | undefined): Feed {
    const signals = signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal];
    return new Feed(this.connection, after, {
      prefix: this.prefix,
      signal: AbortSignal.any(signals),
      head: async () => (await this.head()).position,
    });
  }

  /** Events of ours, without those that repeat an event id recorded lower. */
  async #ours(events: readonly ResolvedEvent[], withHash: boolean): Promise<RecordedEvent[]> {
    if (events.length === 0) return [];
    for (const position of await this.ids.duplicates(this.#duplicatesUpTo)) {
      this.#duplicates.add(position);
      this.#duplicatesUpTo = Math.max(this.#duplicatesUpTo, position);
    }
    const ours: RecordedEvent[] = [];
    for (const each of events) {
      const event = recordedEvent(each, this.prefix, withHash);
      if (event !== null && !this.#duplicates.has(event.position)) ours.push(event);
    }
    return ours;
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

  async #streamPage(
    stream: string,
    from: number | typeof END,
    maxCount: number,
    direction: typeof FORWARDS | typeof BACKWARDS = FORWARDS,
  ): Promise<ResolvedEvent[]> {
    try {
      return await this.connection.reading((client, call) =>
        drained(
          client.readStream(`${this.prefix}${stream}`, {
            fromRevision: from === END ? END : BigInt(from),
            direction,
            maxCount,
            requiresLeader: true,
          }),
          call,
        ),
      );
    } catch (error) {
      // A missing stream is empty; so is one that was deleted on the server.
      const { kind } = failureOf(error);
      if (kind === 'missing-stream' || kind === 'deleted-stream') return [];
      throw error;
    }
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

  async #timeAt(after: number): Promise<RunningTime> {
    return new RunningTime(await this.ids.markAt(after));
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

type PlacedEvent = NonNullable<ResolvedEvent['event']>;

function placeOf(event: PlacedEvent): { readonly commit: bigint; readonly prepare: bigint } {
  const commit = BigInt(positionOf(event));
  return { commit, prepare: event.position?.prepare ?? commit };
}

/** recordedAt along the log never decreases, whatever the clocks of the servers did: the running maximum, from a mark on. */
class RunningTime {
  #latest: Instant;

  constructor({ recordedAt }: Mark) {
    this.#latest = recordedAt;
  }

  along(event: RecordedEvent): RecordedEvent {
    if (event.recordedAt >= this.#latest) {
      this.#latest = event.recordedAt;
      return event;
    }
    return { ...event, recordedAt: this.#latest };
  }
}

function as({ without }: ReadOptions): (event: RecordedEvent) => RecordedEvent {
  return (event) => (without === 'data' ? { ...event, data: '{}' } : event);
}

function pages({ pageSize: size = PAGE_SIZE, upTo = Number.MAX_SAFE_INTEGER, with: also }: ReadOptions) {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`A page of ${size} events cannot be read.`);
  return { size, upTo, withHash: also === 'contentHash' };
}
