import type { RecordedEvent } from '../port.js';
import { entryBytes, type Entry, type Stretch } from './shared-feed.js';
import type { StreamRange } from './kept-streams.js';

interface CachedStream {
  /** All of them from the first on, in their order. */
  readonly events: RecordedEvent[];
  /** As far as it was read. What the feeds received above it was added. */
  readonly readUpTo: number;
  bytes: number;
}

/** A stream takes so much in memory beside its events, about. */
const STREAM_BYTES = 200;
/** No stream takes more than this share of the room. */
const SHARE_MAX = 1 / 8;

/**
 * Whole streams in memory: those that were read, and those whose first event was received here. Each is extended by what the feeds receive, so that a
 * customer who comes back costs no round trip; that a stream is empty is remembered too. The streams that were not asked for the longest are dropped.
 */
export class StreamCache {
  /** The one that was not used for the longest comes first. */
  readonly #streams = new Map<string, CachedStream>();
  /** Every stream is complete up to here, or as far as it was read. */
  #upTo = -1;
  #bytes = 0;

  constructor(private readonly bytesMax: number) {}

  get size(): { readonly streams: number; readonly bytes: number } {
    return { streams: this.#streams.size, bytes: this.#bytes };
  }

  /** Adds what a feed received to the streams that it belongs to. Where something is missing before it, all that is held may be incomplete, and is dropped. */
  received({ from, upTo, entries }: Stretch): void {
    if (upTo <= this.#upTo) return;
    if (from > this.#upTo) this.#clear();
    for (const entry of entries) if (entry.position > this.#upTo) this.#add(entry);
    this.#upTo = upTo;
    this.#makeRoom();
  }

  /**
   * Holds a stream that was read whole up to a position. `later` is what the feeds received since: only with that is the stream as complete as the others.
   */
  remember(stream: string, events: readonly RecordedEvent[], readUpTo: number, later: Stretch): void {
    if (later.from > readUpTo || later.upTo < this.#upTo) return;
    const whole = events.filter(({ position }) => position <= readUpTo);
    for (const { event } of later.entries) if (event?.stream === stream && event.position > readUpTo) whole.push(event);
    const bytes = whole.reduce((sum, event) => sum + entryBytes(event), STREAM_BYTES);
    if (bytes > this.bytesMax * SHARE_MAX) return;
    this.#drop(stream);
    this.#streams.set(stream, { events: whole, readUpTo: Math.max(readUpTo, later.upTo), bytes });
    this.#bytes += bytes;
    this.#makeRoom();
  }

  /** The events of a stream in a range, in their order; null where they are not all held. */
  read(stream: string, { after, upTo }: StreamRange): readonly RecordedEvent[] | null {
    const cached = this.#streams.get(stream);
    if (cached === undefined || upTo > Math.max(this.#upTo, cached.readUpTo)) return null;
    this.#streams.delete(stream);
    this.#streams.set(stream, cached);
    return cached.events.filter(({ position }) => position > after && position <= upTo);
  }

  #add({ event }: Entry): void {
    if (event === null) return;
    let cached = this.#streams.get(event.stream);
    if (cached === undefined) {
      if (event.revision !== 0) return;
      cached = { events: [], readUpTo: 0, bytes: STREAM_BYTES };
      this.#streams.set(event.stream, cached);
      this.#bytes += STREAM_BYTES;
    }
    if (event.position <= cached.readUpTo) return;
    const bytes = entryBytes(event);
    cached.events.push(event);
    cached.bytes += bytes;
    this.#bytes += bytes;
    if (cached.bytes > this.bytesMax * SHARE_MAX) this.#drop(event.stream);
  }

  #drop(stream: string): void {
    this.#bytes -= this.#streams.get(stream)?.bytes ?? 0;
    this.#streams.delete(stream);
  }

  #clear(): void {
    this.#streams.clear();
    this.#bytes = 0;
  }

  #makeRoom(): void {
    for (const stream of this.#streams.keys()) {
      if (this.#bytes <= this.bytesMax) return;
      this.#drop(stream);
    }
  }
}
