import type { ResolvedEvent } from '@eventstore/db-client';
import type { RecordedEvent } from '../port.js';
import type { Feed } from './feed.js';
import { positionOf, recordedEvent } from './stored-event.js';

/** What one place of the log holds: `event` is null where another program wrote into a stream of ours. */
export interface Entry {
  readonly position: number;
  /** With its content hash. */
  readonly event: RecordedEvent | null;
  readonly bytes: number;
}

/** A stretch of the log without a gap: no event above `from`, up to `upTo`, is missing. */
export interface Stretch {
  readonly from: number;
  readonly upTo: number;
  readonly entries: readonly Entry[];
}

export interface SharedFeedOptions {
  readonly prefix: string;
  /** The newest events are kept for consumers that are not as far, up to so many and so many bytes. */
  readonly keptMax: number;
  readonly keptBytesMax: number;
  /** Called with the events that came, before those who wait are told. */
  readonly onReceived?: (received: Stretch) => void;
  /** Called after events were added. */
  readonly onAdded: () => void;
}

/** Events taken from the feed at once: so many more than are kept may be there. */
export const PULL_MAX = 512;
/** What an event takes in memory beside its texts, about. */
const EVENT_BYTES = 400;

interface Waiter {
  settle(error?: unknown): void;
}

/**
 * A feed with the newest of its events, for several consumers at their own places. It reads on only when a consumer has come to its
 * end and waits: so a single consumer is never overrun, and of several the fastest decides; a slower one loses its place when the
 * events behind it are no longer kept.
 */
export class SharedFeed {
  /** No event above here, up to `upTo`, is missing. */
  from: number;
  upTo: number;
  /** How many consumers are in it. */
  consumers = 0;
  /** Since when no consumer is. */
  idleSince = 0;
  /** It has lost events, and gives no more. */
  broken = false;
  #entries: Entry[] = [];
  /** The first that is kept: those before it were given up, and are cut off now and then. */
  #first = 0;
  #bytes = 0;
  #pulling = false;
  readonly #waiters = new Set<Waiter>();

  constructor(
    private readonly feed: Pick<Feed, 'take' | 'close'>,
    after: number,
    private readonly options: SharedFeedOptions,
  ) {
    this.from = after;
    this.upTo = after;
  }

  /** How many events it holds. */
  get kept(): number {
    return this.#entries.length - this.#first;
  }

  covers(position: number): boolean {
    return !this.broken && position >= this.from && position <= this.upTo;
  }

  /** The entries above a position that it covers, at most `limit`. */
  above(position: number, limit: number): readonly Entry[] {
    if (position >= this.upTo) return [];
    const first = firstAbove(this.#entries, this.#first, position);
    return this.#entries.slice(first, first + limit);
  }

  /** Waits until more was added, the signal aborts, or so long. @throws what the feed throws */
  more(signal: AbortSignal, withinMs = Infinity): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = {
        settle: (error?: unknown) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', leave);
          clearTimeout(timer);
          if (error === undefined) resolve();
          else reject(error as Error);
        },
      };
      const leave = () => waiter.settle();
      this.#waiters.add(waiter);
      signal.addEventListener('abort', leave);
      const timer = withinMs === Infinity ? undefined : setTimeout(leave, withinMs);
      void this.#pull();
    });
  }

  /** Has the next events fetched before a consumer waits for them: at most as many as one pull gives. */
  readAhead(): void {
    void this.#pull();
  }

  /** Has those that wait look again. */
  rouse(failure?: unknown): void {
    for (const waiter of [...this.#waiters]) waiter.settle(failure);
  }

  close(): void {
    this.feed.close();
    this.#entries = [];
  }

  /** One at a time, for all that wait. It goes on when they have left: what comes is kept for the next. */
  async #pull(): Promise<void> {
    if (this.#pulling) return;
    this.#pulling = true;
    let failure: unknown;
    try {
      this.#add(await this.feed.take(PULL_MAX));
    } catch (error) {
      failure = error;
    }
    this.#pulling = false;
    this.rouse(failure);
    this.options.onAdded();
  }

  #add(events: readonly ResolvedEvent[]): void {
    const entries: Entry[] = [];
    try {
      for (const { event } of events) if (event !== undefined) entries.push(entryOf(event, this.options.prefix));
    } catch (error) {
      // The feed has passed over what was not kept: a consumer needs another one, from its own place on.
      this.broken = true;
      throw error;
    }
    this.#giveUp();
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.bytes;
    }
    const from = this.upTo;
    this.upTo = this.#entries.at(-1)?.position ?? this.upTo;
    this.options.onReceived?.({ from, upTo: this.upTo, entries });
  }

  /** Gives up the oldest, beyond what is kept: a consumer at the end has them all. */
  #giveUp(): void {
    const { keptMax, keptBytesMax } = this.options;
    while (this.#entries.length - this.#first > keptMax || this.#bytes > keptBytesMax) {
      const oldest = this.#entries[this.#first];
      if (oldest === undefined) break;
      this.#first += 1;
      this.#bytes -= oldest.bytes;
      this.from = oldest.position;
    }
    if (this.#first <= keptMax) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}

function entryOf(event: NonNullable<ResolvedEvent['event']>, prefix: string): Entry {
  const position = positionOf(event);
  const recorded = recordedEvent({ event }, prefix, true);
  return { position, event: recorded, bytes: recorded === null ? EVENT_BYTES : entryBytes(recorded) };
}

/** What an event takes in memory, about. */
export function entryBytes({ data, meta }: RecordedEvent): number {
  return EVENT_BYTES + data.length + meta.length;
}

/** The place of the first entry above a position, from a place on. */
function firstAbove(entries: readonly Entry[], from: number, position: number): number {
  let [low, high] = [from, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as Entry).position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
