import type { Instant } from '#contracts';
import type { LogIdentity } from '#platform';

/** An event ready to be appended: everything is serialised, so that nothing can fail inside a commit. */
export interface NewEvent {
  /** (source, id) identifies an event for ever. */
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly occurredAt: Instant;
  /**
   * 16 bytes that stand for the content, keyed by the caller: the same id with the same hash again is a duplicate,
   * with another hash it is `id-reused`.
   */
  readonly contentHash: Uint8Array;
  /** JSON text. */
  readonly meta: string;
  /** JSON text. */
  readonly data: string;
}

/** An event as the log holds it. */
export interface RecordedEvent {
  /**
   * Place in the whole log: a whole number from 1 on, total, always rising. The next event may lie more than 1 above
   * (EventStoreDB counts bytes), so never compute with positions: compare them, and pass them back.
   */
  readonly position: number;
  readonly stream: string;
  /** Place in the stream: from 0. */
  readonly revision: number;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly occurredAt: Instant;
  /** When the log recorded it: never decreases along the log. */
  readonly recordedAt: Instant;
  readonly meta: string;
  readonly data: string;
  /** The 16 bytes of `NewEvent.contentHash`; only where the reader asked for them (`with: 'contentHash'`). */
  readonly contentHash?: Uint8Array;
}

/** What the caller expects of the stream that it appends to. */
export type Expected = 'any' | 'no-stream' | 'exists' | number;

/** One item of `appendMany`: an event and its stream; `expected` is 'any' by default. */
export interface AppendItem {
  readonly stream: string;
  readonly event: NewEvent;
  readonly expected?: Expected;
}

/** Whether a verdict names the place of an accepted event, or one that is not below it. */
export type Positions = 'exact' | 'not-below';

export interface AppendManyOptions {
  /**
   * `exact` by default. With `not-below` the position of an accepted event may be that of a later one of the same stream and batch, which the store
   * confirmed with it: on a server that is one reading less for each stream of the batch. The verdicts are the same, and so are all other positions.
   */
  readonly positions?: Positions;
}

/** What became of one event. */
export type Verdict =
  | {
      readonly status: 'accepted';
      readonly position: number;
      readonly revision: number;
      /** Absent where the store does not return it with its acknowledgement: read the event for it. */
      readonly recordedAt?: Instant;
    }
  /** The same (source, id) and content was recorded before, at this position (maybe earlier in this very batch). */
  | { readonly status: 'duplicate'; readonly position: number }
  /** The same (source, id) was recorded before with other content, at this position. */
  | { readonly status: 'id-reused'; readonly position: number }
  /** The stream was not where `expected` said; `actual` is its last revision, or null where there is no stream. */
  | { readonly status: 'wrong-revision'; readonly expected: Expected; readonly actual: number | null }
  /** The item itself cannot be stored (too large, malformed): the reason says what and how to fix it. */
  | { readonly status: 'rejected'; readonly reason: string };

/**
 * The receipt of one source in an ingested batch: written in the same commit, or right after it where a store has no commit over
 * several streams.
 * A receipt that would count nothing is not written. One whose id is on record already is not written again:
 * every attempt, a repeated one too, brings a new id.
 */
export interface ReceiptDraft {
  /** Stream and id of the receipt event itself; its source is `perennial/intake`, its meta `{}`. */
  readonly stream: string;
  readonly id: string;
  /** The source whose events are counted. */
  readonly source: string;
  readonly receivedAt: Instant;
  /**
   * For every item of the batch that belongs to this receipt: its index in `items` and what it is if the log accepts it.
   * An item with the verdict `duplicate` counts as duplicate; `id-reused` and `rejected` items are not counted (the caller
   * quarantines them in a batch of its own, with its own receipt).
   */
  readonly items: readonly { readonly index: number; readonly outcome: 'accepted' | 'quarantined' }[];
  /** Events of this source that were suppressed, by reason: nothing of them is stored. */
  readonly suppressed: Readonly<Record<string, number>>;
}

/** The data of a receipt event (`type: 'intake-receipt'`): received = accepted + duplicate + quarantined + suppressed. */
export interface Receipt {
  readonly source: string;
  readonly receivedAt: Instant;
  readonly received: number;
  readonly accepted: number;
  readonly quarantined: number;
  readonly suppressed: Readonly<Record<string, number>>;
  /** Ids of the duplicates, with the position that each repeats. */
  readonly duplicates: readonly (readonly [id: string, position: number])[];
}

export interface ReadOptions {
  /** At most this many events in a page. Default 1,000. */
  readonly pageSize?: number;
  /** Nothing above this position. */
  readonly upTo?: number;
  /** Ends the reading, without an error, before the next page. */
  readonly signal?: AbortSignal;
  /** Leaves `data` out (it is then `{}`), which a first pass over a long log does not need. */
  readonly without?: 'data';
  /** Returns the `contentHash` of each event as well: the indexer deduplicates by it, and a copy of the log keeps it. */
  readonly with?: 'contentHash';
}

/**
 * The event log: append, read, follow. The semantics below hold for every adapter and are stated by the conformance suite.
 * - Positions are total and rising: no reader sees position n before everything below it. They may have gaps.
 * - `recordedAt` never decreases along the log.
 * - `expected` is enforced in the store, right under concurrent creators.
 * - An acknowledged append survives kill -9 and power loss.
 * - A bad item never fails its neighbours.
 * - When the answer got lost, call `find`: never append again blindly.
 * - What is on record decides first: the same (source, id) again is `duplicate` or `id-reused` whatever the stream or
 *   `expected` says; then `expected` decides.
 * - After `close`, and on a log whose store is gone, every call fails with an `EventLogError`.
 */
export interface EventLog {
  /** What the difference of two positions counts: `events` by default, or `bytes` of the server's log. */
  readonly counts?: 'events' | 'bytes';
  /** What reading a stream costs: a look into a `local` file by default, or a `round-trip` to a server. Then what is needed of most streams is better read once for all. */
  readonly streamRead?: 'local' | 'round-trip';
  /**
   * Appends all events to one stream, or none. Three outcomes: all `accepted`; all `duplicate` (a repeat of the whole,
   * whatever `expected` says); or nothing is stored: all `wrong-revision`, or each culprit has its own verdict and its
   * neighbours are `rejected` with a reason that names the culprit.
   */
  append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<readonly Verdict[]>;
  /**
   * Appends each item by itself, each stream's in their order, and then the receipts; a verdict for each item. In one
   * commit, and all in their order, where the store can do so.
   */
  appendMany(
    items: readonly AppendItem[],
    receipts?: readonly ReceiptDraft[],
    options?: AppendManyOptions,
  ): Promise<readonly Verdict[]>;
  /** A stream's events from a revision on, in revision order; a missing stream is empty. */
  read(stream: string, from?: number, options?: ReadOptions): AsyncIterable<readonly RecordedEvent[]>;
  /** All events of several streams in one query, in position order. The caller bounds the number of streams. */
  readStreams(
    streams: readonly string[],
    options?: { readonly upTo?: number; readonly after?: number },
  ): Promise<RecordedEvent[]>;
  /** All events above a position, page by page, up to the head at the time each page is read; then ends. */
  readAll(after: number, options?: ReadOptions): AsyncIterable<readonly RecordedEvent[]>;
  /** As readAll, and then waits for more until the signal aborts. Misses nothing while appends go on. */
  follow(
    after: number,
    options: ReadOptions & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly RecordedEvent[]>;
  /** The recorded event of each (source, id), or null. */
  find(ids: readonly { readonly source: string; readonly id: string }[]): Promise<readonly (RecordedEvent | null)[]>;
  /** The highest position a reader can see (0 when empty), and when it was recorded. */
  head(): Promise<{ readonly position: number; readonly recordedAt: Instant }>;
  /** The event at a position, with its content hash; null where no event of this log stands. */
  at(position: number): Promise<RecordedEvent | null>;
  /** What a log on a server was sent, since this process opened it. */
  readonly received?: ReceivedEvents;
  /** Which log this is, and which copy of it: assigned when it was created, or when it was first opened by a program that knows of identities. */
  identity(): Promise<LogIdentity>;
  /**
   * Makes this log another copy of itself: every store that keeps positions of it is archived and rebuilt. For an operator who accepts that the end
   * of the log is lost, and for a restore.
   */
  becomeAnotherCopy(): Promise<LogIdentity>;
  /** The highest position recorded at or before an instant: what was known then (0 when nothing was). */
  positionAt(knownAt: Instant): Promise<number>;
  close(): Promise<void>;
}

/** The events that a server sent to the subscriptions of a process: as many as there were where each was read once. */
export interface ReceivedEvents {
  readonly received: number;
  /** Each event once, however often it came. */
  readonly distinct: number;
}

/** An error of the log as a whole, by its code: the data folder is owned by another process, torn, full, and so on. */
export class EventLogError extends Error {
  constructor(
    readonly code:
      | 'locked'
      | 'torn'
      | 'full'
      | 'closed'
      | 'wrong-version'
      | 'timeout'
      | 'unavailable'
      /** What was on record when the process started is not indexed yet: a repetition cannot be told from a new event. */
      | 'catching-up',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'EventLogError';
  }
}
