import type { Instant } from '#contracts';
import type { ReadOptions, RecordedEvent } from '../port.js';
import type { Duplicates } from './duplicates.js';
import type { IdTable, Mark } from './ids.js';
import type { LogHead } from './log-head.js';
import type { Entry } from './shared-feed.js';
import type { SharedFeeds } from './shared-feeds.js';

export interface WholeLogOptions {
  readonly feeds: SharedFeeds;
  readonly head: LogHead;
  readonly ids: IdTable;
  readonly duplicates: Duplicates;
  /** Whether the event of ours at a position is still there. */
  readonly stands: (position: number) => Promise<boolean>;
  /** @throws EventLogError `closed` */
  readonly mustBeOpen: () => void;
  /** Aborts when the log is closed. */
  readonly closing: AbortSignal;
}

const PAGE_SIZE = 1_000;
/** After so long without a message, a reader that knows of an event ahead asks whether it is still there. */
const PATIENCE_MS = 2_000;

/** Reads the whole log in order: up to its head, or on and on. */
export class WholeLog {
  constructor(private readonly options: WholeLogOptions) {}

  async *readAll(after: number, options: ReadOptions): AsyncIterable<readonly RecordedEvent[]> {
    const { head, feeds, mustBeOpen } = this.options;
    const { upTo, size } = pages(options);
    mustBeOpen();
    if (options.signal?.aborted || after >= upTo) return;
    // What was received already costs no question, and may lie above the head that was read last.
    const received = feeds.holdsAbove(after);
    if (!received && head.known <= after && (await head.read()).position <= after) return;
    const along = await this.#runningTime(after);
    const signal = this.#endedBy(options.signal);
    const consumer = feeds.consumer(after);
    let page: RecordedEvent[] = [];
    try {
      while (consumer.position < upTo) {
        let entries = consumer.here(size - page.length);
        if (entries.length === 0 && page.length > 0 && head.known <= consumer.position) {
          yield page;
          page = [];
        } else if (entries.length === 0 && (await this.#isBelowHead(consumer.position))) {
          entries = await consumer.next(size - page.length, signal, PATIENCE_MS);
          if (entries.length === 0 && !signal.aborted) await this.#checkHead();
        } else if (entries.length === 0) {
          return;
        }
        mustBeOpen();
        if (options.signal?.aborted) return;
        for (const event of await this.#seen(entries, upTo)) page.push(as(along(event), options));
        if (page.length < size) continue;
        yield page;
        page = [];
        mustBeOpen();
        if (options.signal?.aborted) return;
      }
      if (page.length > 0) yield page;
    } finally {
      consumer.close();
    }
  }

  async *follow(
    after: number,
    options: ReadOptions & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly RecordedEvent[]> {
    const { feeds, mustBeOpen } = this.options;
    const { upTo, size } = pages(options);
    mustBeOpen();
    if (options.signal.aborted || after >= upTo) return;
    const along = await this.#runningTime(after);
    const signal = this.#endedBy(options.signal);
    const consumer = feeds.consumer(after);
    try {
      while (!options.signal.aborted && consumer.position < upTo) {
        const entries = await consumer.next(size, signal);
        mustBeOpen();
        const page = await this.#seen(entries, upTo);
        if (page.length > 0 && !options.signal.aborted) yield page.map((event) => as(along(event), options));
        mustBeOpen();
      }
    } finally {
      consumer.close();
    }
  }

  /** The head is read where it is not known that there is more. */
  async #isBelowHead(position: number): Promise<boolean> {
    const { head } = this.options;
    return head.known > position || (await head.read()).position > position;
  }

  /** The event that a reader waits for may have been scavenged in the meantime. */
  async #checkHead(): Promise<void> {
    const { head, stands } = this.options;
    if (!(await stands(head.known))) head.forget();
  }

  async #seen(entries: readonly Entry[], upTo: number): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for (const { event } of entries) if (event !== null && event.position <= upTo) events.push(event);
    return this.options.duplicates.without(events);
  }

  #endedBy(signal: AbortSignal | undefined): AbortSignal {
    const { closing } = this.options;
    return signal === undefined ? closing : AbortSignal.any([closing, signal]);
  }

  async #runningTime(after: number): Promise<(event: RecordedEvent) => RecordedEvent> {
    return runningTime(await this.options.ids.markAt(after));
  }
}

/** recordedAt along the log never decreases, whatever the clocks of the servers did: the running maximum, from a mark on. */
function runningTime({ recordedAt }: Mark): (event: RecordedEvent) => RecordedEvent {
  let latest: Instant = recordedAt;
  return (event) => {
    if (event.recordedAt < latest) return { ...event, recordedAt: latest };
    latest = event.recordedAt;
    return event;
  };
}

/** An event as the reader wants it. */
export function as(event: RecordedEvent, { without, with: also }: ReadOptions): RecordedEvent {
  if (without !== 'data' && (also === 'contentHash' || event.contentHash === undefined)) return event;
  const { contentHash, ...rest } = event;
  const data = without === 'data' ? '{}' : rest.data;
  return also === 'contentHash' && contentHash !== undefined ? { ...rest, data, contentHash } : { ...rest, data };
}

export function pages({ pageSize: size = PAGE_SIZE, upTo = Number.MAX_SAFE_INTEGER }: ReadOptions) {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`A page of ${size} events cannot be read.`);
  return { size, upTo };
}
