import type { Instant } from '#contracts';
import { newCopyOf, SYSTEM_CLOCK, type Clock, type LogIdentity } from '#platform';
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
import { SqliteReader } from './reader.js';
import { InlineLogWriter } from './inline-log-writer.js';
import type { LogWriter } from './log-writer.js';
import { ThreadedLogWriter } from './threaded-log-writer.js';

export interface SqliteLogOptions {
  /** The log's file: made where it is missing; its folder must be there. */
  readonly file: string;
  /** Tells recordedAt. Without one (or with SYSTEM_CLOCK) the writer reads the system's clock as it commits. */
  readonly clock?: Clock;
  /**
   * Where commits run: in a `thread` of their own (the default: a server's event loop stays free), or `here`, which
   * starts quicker and suits a short program.
   */
  readonly writing?: 'thread' | 'here';
}

/** The longest wait of a follower that is not woken. The writer wakes it after each commit; the poll is a safeguard. */
const POLL_MS = 1_000;
const PAGE_SIZE = 1_000;
/** Streams read between two turns of the event loop. */
const STREAMS_A_TURN = 250;

/** Opens the event log in a SQLite file. One process at a time: hold the data folder's lock (`lockDataFolder`). */
export async function openSqliteLog(options: SqliteLogOptions): Promise<SqliteLog> {
  const wake = new Wake();
  const committed = () => wake.all();
  const writer =
    options.writing === 'here'
      ? new InlineLogWriter(options.file, committed)
      : await ThreadedLogWriter.start(options.file, committed);
  try {
    return new SqliteLog(options, writer, new SqliteReader(options.file), wake);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** The SQLite adapter of the port. */
export class SqliteLog implements EventLog {
  readonly #clock: Clock | null;
  #closing: Promise<void> | null = null;

  /** Made by `openSqliteLog`. */
  constructor(
    readonly options: SqliteLogOptions,
    private readonly writer: LogWriter,
    private readonly reader: SqliteReader,
    private readonly wake: Wake,
  ) {
    const { clock = SYSTEM_CLOCK } = options;
    this.#clock = clock === SYSTEM_CLOCK ? null : clock;
  }

  async append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<readonly Verdict[]> {
    this.#mustBeOpen();
    if (events.length === 0) return [];
    const items = events.map((event) => ({ stream, event }));
    return this.writer.write({ kind: 'whole', now: this.#clock?.now(), expected, items });
  }

  async appendMany(items: readonly AppendItem[], receipts: readonly ReceiptDraft[] = []): Promise<readonly Verdict[]> {
    this.#mustBeOpen();
    if (items.length === 0 && receipts.length === 0) return [];
    return this.writer.write({ kind: 'each', now: this.#clock?.now(), items, receipts });
  }

  async *read(stream: string, from = 0, options: ReadOptions = {}): AsyncIterable<readonly RecordedEvent[]> {
    const { upTo, size, wanted } = pages(options);
    let next = from;
    for (;;) {
      this.#mustBeOpen();
      if (options.signal?.aborted) return;
      const page = this.reader.streamPage(stream, next, upTo, size, wanted);
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      next = last.revision + 1;
    }
  }

  async readStreams(
    streams: readonly string[],
    { upTo = Number.MAX_SAFE_INTEGER, after = 0 }: { readonly upTo?: number; readonly after?: number } = {},
  ): Promise<RecordedEvent[]> {
    // One moment for all turns: what is appended in the meantime is above it.
    this.#mustBeOpen();
    const seen = Math.min(upTo, this.reader.head().position);
    const names = [...new Set(streams)];
    const events: RecordedEvent[] = [];
    for (let i = 0; i < names.length; i += STREAMS_A_TURN) {
      if (i > 0) await new Promise((resolve) => setImmediate(resolve));
      this.#mustBeOpen();
      for (const event of this.reader.ofStreams(names.slice(i, i + STREAMS_A_TURN), after, seen)) events.push(event);
    }
    return events.sort((a, b) => a.position - b.position);
  }

  async *readAll(after: number, options: ReadOptions = {}): AsyncIterable<readonly RecordedEvent[]> {
    const { upTo, size, wanted } = pages(options);
    let last = after;
    for (;;) {
      this.#mustBeOpen();
      if (options.signal?.aborted) return;
      const page = this.reader.page(last, upTo, size, wanted);
      if (page.length === 0) return;
      yield page;
      last = page.at(-1)?.position ?? last;
    }
  }

  async *follow(
    after: number,
    options: ReadOptions & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly RecordedEvent[]> {
    const { upTo, size, wanted } = pages(options);
    let last = after;
    while (!options.signal.aborted && last < upTo) {
      this.#mustBeOpen();
      // Listening begins before reading, so that a commit between the two is not slept through.
      const woken = this.wake.next(options.signal, POLL_MS);
      const page = this.reader.page(last, upTo, size, wanted);
      if (page.length === 0) {
        await woken.promise;
        continue;
      }
      woken.cancel();
      yield page;
      last = page.at(-1)?.position ?? last;
    }
  }

  async find(
    ids: readonly { readonly source: string; readonly id: string }[],
  ): Promise<readonly (RecordedEvent | null)[]> {
    this.#mustBeOpen();
    return ids.map(({ source, id }) => this.reader.find(source, id));
  }

  async head(): Promise<{ readonly position: number; readonly recordedAt: Instant }> {
    this.#mustBeOpen();
    return this.reader.head();
  }

  async at(position: number): Promise<RecordedEvent | null> {
    this.#mustBeOpen();
    return this.reader.at(position);
  }

  async identity(): Promise<LogIdentity> {
    this.#mustBeOpen();
    const identity = this.reader.identity();
    if (identity === null) throw new EventLogError('torn', `The event log ${this.options.file} lost its identity.`);
    return identity;
  }

  async becomeAnotherCopy(): Promise<LogIdentity> {
    const identity = newCopyOf(await this.identity());
    await this.writer.identify(identity);
    return identity;
  }

  async positionAt(knownAt: Instant): Promise<number> {
    this.#mustBeOpen();
    return this.reader.positionAt(knownAt);
  }

  /** Lets the file grow to at most so many pages: how a test makes the disk full, and frees it again. */
  async allowPages(pagesMax: number): Promise<void> {
    await this.writer.allowPages(pagesMax);
  }

  /** Ends when everything appended before is on the disk. Followers end with an error `closed`: abort them first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.wake.all();
    this.reader.close();
    await this.writer.close();
  }

  #mustBeOpen(): void {
    if (this.#closing !== null) throw new EventLogError('closed', `The event log ${this.options.file} is closed.`);
  }
}

/** Wakes those who wait for a commit. */
class Wake {
  readonly #sleepers = new Set<() => void>();

  all(): void {
    for (const resume of [...this.#sleepers]) resume();
  }

  next(signal: AbortSignal, timeoutMs: number): { readonly promise: Promise<void>; cancel(): void } {
    let resume = () => {};
    const promise = new Promise<void>((resolve) => {
      const timer = setTimeout(() => resume(), timeoutMs);
      resume = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', resume);
        this.#sleepers.delete(resume);
        resolve();
      };
      signal.addEventListener('abort', resume);
      this.#sleepers.add(resume);
    });
    return { promise, cancel: resume };
  }
}

function pages({ pageSize: size = PAGE_SIZE, upTo = Number.MAX_SAFE_INTEGER, without, with: also }: ReadOptions) {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`A page of ${size} events cannot be read.`);
  return { size, upTo, wanted: { data: without !== 'data', hash: also === 'contentHash' } };
}
