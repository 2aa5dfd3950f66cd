import {
  EventLogError,
  decideWhole,
  meets,
  receiptsOf,
  rejectionOf,
  verdictOnFound,
  type AppendItem,
  type EventLog,
  type Expected,
  type Found,
  type NewEvent,
  type ReadOptions,
  type ReceiptDraft,
  type RecordedEvent,
  type Verdict,
} from '#event-log';
import { newCopyOf, newLogIdentity, type LogIdentity } from '#platform';

/**
 * An event log in plain arrays: the model that the real adapters are compared with, and a quick log for specs.
 * It passes the conformance suite but for what only a file can do.
 */
export function memoryLog(options: { readonly clock?: { now(): number } } = {}): EventLog {
  return new MemoryLog(options.clock ?? { now: () => Date.now() });
}

class MemoryLog implements EventLog {
  readonly #events: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #names = new Map<string, { readonly event: RecordedEvent; readonly hash: Buffer }>();
  readonly #waiting = new Set<() => void>();
  #closed = false;
  #identity = newLogIdentity();

  constructor(private readonly clock: { now(): number }) {}

  async append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<readonly Verdict[]> {
    this.#mustBeOpen();
    const items = events.map((event) => ({ stream, event }));
    if (items.length === 0) return [];
    const verdicts = decideWhole(
      items,
      expected,
      () => this.#lastRevision(stream),
      (item) => this.#lookUp(item.event),
    );
    if (verdicts !== null) return verdicts;
    const now = this.#now();
    const stored = items.map((item) => this.#store(item, now));
    this.#wake();
    return stored;
  }

  async appendMany(items: readonly AppendItem[], receipts: readonly ReceiptDraft[] = []): Promise<readonly Verdict[]> {
    this.#mustBeOpen();
    const now = this.#now();
    const verdicts = items.map((item) => this.#appendOne(item, now));
    for (const draft of receipts) for (const item of receiptsOf(draft, items, verdicts)) this.#appendOne(item, now);
    this.#wake();
    return verdicts;
  }

  async *read(stream: string, from = 0, options: ReadOptions = {}): AsyncIterable<readonly RecordedEvent[]> {
    let next = from;
    for (;;) {
      this.#mustBeOpen();
      const page = (this.#streams.get(stream) ?? [])
        .filter((event) => event.revision >= next && event.position <= (options.upTo ?? Infinity))
        .slice(0, pageSize(options))
        .map(this.#as(options));
      const last = page.at(-1);
      if (last === undefined || options.signal?.aborted) return;
      yield page;
      next = last.revision + 1;
    }
  }

  async readStreams(
    streams: readonly string[],
    { upTo = Infinity, after = 0 }: { readonly upTo?: number; readonly after?: number } = {},
  ): Promise<RecordedEvent[]> {
    this.#mustBeOpen();
    return [...new Set(streams)]
      .flatMap((stream) => this.#streams.get(stream) ?? [])
      .filter((event) => event.position > after && event.position <= upTo)
      .sort((a, b) => a.position - b.position);
  }

  async *readAll(after: number, options: ReadOptions = {}): AsyncIterable<readonly RecordedEvent[]> {
    let last = after;
    for (;;) {
      this.#mustBeOpen();
      const page = this.#page(last, options);
      if (page.length === 0 || options.signal?.aborted) return;
      yield page;
      last += page.length;
    }
  }

  async *follow(
    after: number,
    options: ReadOptions & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly RecordedEvent[]> {
    let last = after;
    while (!options.signal.aborted && last < (options.upTo ?? Infinity)) {
      this.#mustBeOpen();
      const page = this.#page(last, options);
      if (page.length === 0) await this.#somethingNew(options.signal);
      else {
        yield page;
        last += page.length;
      }
    }
  }

  async find(
    ids: readonly { readonly source: string; readonly id: string }[],
  ): Promise<readonly (RecordedEvent | null)[]> {
    this.#mustBeOpen();
    return ids.map((id) => this.#names.get(nameOf(id))?.event ?? null);
  }

  async head(): Promise<{ readonly position: number; readonly recordedAt: number }> {
    this.#mustBeOpen();
    return { position: this.#events.length, recordedAt: this.#events.at(-1)?.recordedAt ?? 0 };
  }

  async at(position: number): Promise<RecordedEvent | null> {
    this.#mustBeOpen();
    const event = this.#events[position - 1];
    return event === undefined ? null : this.#as({ with: 'contentHash' })(event);
  }

  async identity(): Promise<LogIdentity> {
    this.#mustBeOpen();
    return this.#identity;
  }

  async becomeAnotherCopy(): Promise<LogIdentity> {
    this.#mustBeOpen();
    return (this.#identity = newCopyOf(this.#identity));
  }

  async positionAt(knownAt: number): Promise<number> {
    this.#mustBeOpen();
    return this.#events.findLast((event) => event.recordedAt <= knownAt)?.position ?? 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
  }

  #appendOne(item: AppendItem, now: number): Verdict {
    const reason = rejectionOf(item);
    if (reason !== null) return { status: 'rejected', reason };
    const found = this.#lookUp(item.event);
    if (found !== null) return verdictOnFound(found);
    const expected = item.expected ?? 'any';
    const actual = this.#lastRevision(item.stream);
    if (!meets(expected, actual)) return { status: 'wrong-revision', expected, actual };
    return this.#store(item, now);
  }

  #store({ stream, event }: AppendItem, recordedAt: number): Verdict {
    const { contentHash, ...rest } = event;
    const position = this.#events.length + 1;
    const earlier = this.#streams.get(stream) ?? [];
    const recorded: RecordedEvent = Object.freeze({
      position,
      stream,
      revision: earlier.length,
      source: rest.source,
      id: rest.id,
      type: rest.type,
      schemaVersion: rest.schemaVersion,
      occurredAt: rest.occurredAt,
      recordedAt,
      meta: rest.meta,
      data: rest.data,
    });
    this.#events.push(recorded);
    earlier.push(recorded);
    this.#streams.set(stream, earlier);
    this.#names.set(nameOf(event), { event: recorded, hash: Buffer.from(contentHash) });
    return { status: 'accepted', position, revision: recorded.revision, recordedAt };
  }

  #lookUp(event: NewEvent): Found {
    const known = this.#names.get(nameOf(event));
    if (known === undefined) return null;
    return { position: known.event.position, sameContent: known.hash.equals(event.contentHash) };
  }

  #lastRevision(stream: string): number | null {
    return this.#streams.get(stream)?.at(-1)?.revision ?? null;
  }

  #page(after: number, options: ReadOptions): readonly RecordedEvent[] {
    return this.#events
      .slice(after, Math.min(after + pageSize(options), options.upTo ?? Infinity))
      .map(this.#as(options));
  }

  #as({ without, with: also }: ReadOptions): (event: RecordedEvent) => RecordedEvent {
    return (event) => {
      const hash = also === 'contentHash' ? this.#names.get(nameOf(event))?.hash : undefined;
      if (without === undefined && hash === undefined) return event;
      return {
        ...event,
        ...(without === 'data' ? { data: '{}' } : {}),
        ...(hash === undefined ? {} : { contentHash: new Uint8Array(hash) }),
      };
    };
  }

  #now(): number {
    return Math.max(this.clock.now(), this.#events.at(-1)?.recordedAt ?? -Infinity);
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new EventLogError('closed', 'The event log is closed.');
  }

  #wake(): void {
    for (const resume of [...this.#waiting]) resume();
  }

  async #somethingNew(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const resume = () => {
        this.#waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.#waiting.add(resume);
      signal.addEventListener('abort', resume);
    });
  }
}

const nameOf = ({ source, id }: { readonly source: string; readonly id: string }) => JSON.stringify([source, id]);

function pageSize({ pageSize: size = 1_000 }: ReadOptions): number {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`A page of ${size} events cannot be read.`);
  return size;
}
