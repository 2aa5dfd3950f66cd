/** What the stand-in keeps: one log, as EventStoreDB's own storage writer would judge and number it. */

/** An event as a client proposes it. */
export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event in the log. Its commit and prepare position are one number: it was written with its commit. */
export interface Stored extends Proposed {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: bigint;
  /** .NET ticks (100 ns) since 1970. */
  readonly createdTicks: bigint;
}

export type ExpectedVersion = 'any' | 'no-stream' | 'exists' | bigint;

export type Appended =
  | { readonly result: 'success'; readonly lastRevision: bigint; readonly position: bigint; readonly written: boolean }
  | { readonly result: 'wrong-expected-version'; readonly current: bigint | null }
  | { readonly result: 'stream-deleted' };

interface Stream {
  readonly events: Stored[];
  /** Events below are gone from reads of the stream (soft delete); they stay in $all until a scavenge. */
  truncateBefore: bigint;
  tombstoned: boolean;
}

/** The revision of a tombstone: the largest that there is. */
const TOMBSTONE_REVISION = 0x7fffffffffffffffn;
/** Where the first event of a new database lies: before it stand an epoch and what the server writes for itself. */
const FIRST_POSITION = 1_327n;
/** What a record takes beside its names and bytes, about. */
const RECORD_BYTES = 87;

export interface StoredLogOptions {
  /** The server's clock, in milliseconds. */
  readonly now?: () => number;
  /** How many event ids the server remembers for `any`: its memory is bounded, so its idempotency is weak. */
  readonly idMemory?: number;
}

/**
 * The log of one database: appends are judged as EventStoreDB's index writer does it, with all of its weaknesses:
 * - `any` and `exists` know an id again only while it is in a bounded memory, and only in the same stream; the first
 *   event decides, so that a batch whose first event is new is written whole, repetitions included;
 * - an exact revision below the current one compares the ids that stand there, for ever;
 * - an exact revision that is the current one compares nothing.
 */
export class StoredLog {
  readonly events: Stored[] = [];
  readonly #streams = new Map<string, Stream>();
  readonly #remembered = new Map<string, Stored>();
  readonly #waiting = new Set<() => void>();
  readonly #now: () => number;
  readonly #idMemory: number;
  #next = FIRST_POSITION;
  #ticks = 0n;

  constructor({ now = Date.now, idMemory = 50_000 }: StoredLogOptions = {}) {
    this.#now = now;
    this.#idMemory = idMemory;
    this.append('$settings', 'any', [system('$UserCreated', '00000000-0000-4000-8000-000000000001')]);
  }

  append(stream: string, expected: ExpectedVersion, proposed: readonly Proposed[]): Appended {
    const known = this.#streams.get(stream);
    if (known?.tombstoned === true) return { result: 'stream-deleted' };
    const last = known?.events.at(-1);
    const current = last === undefined ? null : last.revision;
    const currentOr = current ?? -1n;
    const softDeleted = last !== undefined && known !== undefined && known.truncateBefore > last.revision;
    const wrong = { result: 'wrong-expected-version', current } as const;

    if (expected === 'exists' && softDeleted) return { result: 'stream-deleted' };
    if (expected === 'exists' && current === null) return wrong;
    if (expected === 'any' || expected === 'exists') {
      const stands: Stored[] = [];
      for (const [index, { id }] of proposed.entries()) {
        const before = this.#remembered.get(id);
        if (before === undefined || before.stream !== stream) {
          if (index > 0) return wrong;
          break;
        }
        stands.push(before);
      }
      const end = stands.at(-1);
      if (end !== undefined && stands.length === proposed.length) return alreadyThere(end);
      return this.#write(stream, proposed);
    }

    const asked = expected === 'no-stream' ? -1n : expected;
    if (asked < currentOr) {
      let end: Stored | undefined;
      for (const [index, { id }] of proposed.entries()) {
        end = known?.events[Number(asked) + 1 + index];
        if (end?.id === id) continue;
        return index === 0 && asked === -1n && softDeleted ? this.#write(stream, proposed) : wrong;
      }
      return end === undefined ? wrong : alreadyThere(end);
    }
    if (asked > currentOr) return wrong;
    return this.#write(stream, proposed);
  }

  /** Soft: the stream reads as missing, and goes on from its next revision when somebody appends. */
  delete(stream: string): bigint | null {
    const known = this.#streams.get(stream);
    const last = known?.events.at(-1);
    if (known === undefined || last === undefined) return null;
    known.truncateBefore = TOMBSTONE_REVISION;
    const written = this.append(`$$${stream}`, 'any', [
      system('$metadata', crypto.randomUUID(), '{"$tb":9223372036854775807}'),
    ]);
    return written.result === 'success' ? written.position : null;
  }

  /** Hard: the stream can never be appended to again. */
  tombstone(stream: string): bigint {
    const known = this.#stream(stream);
    known.tombstoned = true;
    return this.#store(stream, system('$streamDeleted', crypto.randomUUID()), TOMBSTONE_REVISION).position;
  }

  /** A stream's events that reads give; null for a stream that is missing (or softly deleted). */
  read(stream: string): readonly Stored[] | 'deleted' | null {
    const known = this.#streams.get(stream);
    if (known === undefined || (known.events.length === 0 && !known.tombstoned)) return null;
    if (known.tombstoned) return 'deleted';
    const kept = known.events.filter(({ revision }) => revision >= known.truncateBefore);
    return kept.length === 0 ? null : kept;
  }

  /** The place in `events` of the first one at or above a position. */
  indexAt(position: bigint): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle] as Stored).position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Ends at the next append, or when the signal aborts. */
  async somethingNew(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
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

  #write(stream: string, proposed: readonly Proposed[]): Appended {
    const known = this.#stream(stream);
    if (known.truncateBefore === TOMBSTONE_REVISION) known.truncateBefore = (known.events.at(-1)?.revision ?? -1n) + 1n;
    let end: Stored | undefined;
    for (const event of proposed) {
      end = this.#store(stream, event, (known.events.at(-1)?.revision ?? -1n) + 1n);
      known.events.push(end);
      this.#remembered.delete(event.id);
      this.#remembered.set(event.id, end);
      if (this.#remembered.size > this.#idMemory)
        this.#remembered.delete(this.#remembered.keys().next().value as string);
    }
    // An append of nothing is taken and answered, and leaves a record that no reader sees.
    if (end === undefined) return { result: 'success', lastRevision: -1n, position: this.#next, written: false };
    for (const resume of [...this.#waiting]) resume();
    return { result: 'success', lastRevision: end.revision, position: end.position, written: true };
  }

  #store(stream: string, event: Proposed, revision: bigint): Stored {
    const now = BigInt(Math.trunc(this.#now())) * 10_000n;
    // Two events of one millisecond differ in their ticks, as the server's do; a clock set back shows.
    this.#ticks = now / 10_000n === this.#ticks / 10_000n ? this.#ticks + 1n : now;
    const stored: Stored = { ...event, stream, revision, position: this.#next, createdTicks: this.#ticks };
    this.#next += BigInt(
      RECORD_BYTES +
        Buffer.byteLength(stream) +
        Buffer.byteLength(event.type) +
        event.data.length +
        event.metadata.length,
    );
    this.events.push(stored);
    return stored;
  }

  #stream(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = { events: [], truncateBefore: 0n, tombstoned: false };
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

function alreadyThere(end: Stored): Appended {
  return { result: 'success', lastRevision: end.revision, position: end.position, written: false };
}

function system(type: string, id: string, data = '{}'): Proposed {
  return { id, type, json: true, data: Buffer.from(data), metadata: new Uint8Array() };
}
