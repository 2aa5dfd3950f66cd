/** What the fake server keeps: one log, as EventStoreDB's own storage writer would judge and number it. */

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

/** The revision of a tombstone, and the mark of a soft deletion: the largest that there is. */
const TOMBSTONE_REVISION = 0x7fffffffffffffffn;
/** Where the first event of a new database lies: before it stand an epoch and what the server writes for itself. */
const FIRST_POSITION = 1_327n;
/** What a record takes beside its names and bytes, about. */
const RECORD_BYTES = 87;
/** What the server's memory of committed ids may take, and what one takes beside its stream's name, about. */
const ID_MEMORY_BYTES = 8 * 1_048_576;
const ID_BYTES = 52;

export interface StoredLogOptions {
  /** The server's clock, in milliseconds. */
  readonly now?: () => number;
  /** What the event ids may take that the server remembers for `any`, in bytes: so its idempotency is weak. */
  readonly idMemoryBytes?: number;
}

/**
 * The log of one database: appends are judged as EventStoreDB's index writer does it (IndexWriter.CheckCommit, alike from
 * 22.10 to 26.1), with all of its weaknesses:
 * - `any` and `exists` know an id again only while it is in a bounded memory, and only in the stream that had it first; the
 *   first event decides, so that a batch whose first event is new is written whole, repetitions included;
 * - an exact revision below the current one compares the ids that stand there, for ever;
 * - an exact revision that is the current one compares nothing.
 */
export class StoredLog {
  readonly events: Stored[] = [];
  readonly #streams = new Map<string, Stream>();
  #remembered: RememberedIds;
  readonly #idMemoryBytes: number;
  readonly #waiting = new Set<() => void>();
  readonly #now: () => number;
  #next = FIRST_POSITION;
  #ticks = 0n;

  constructor({ now = Date.now, idMemoryBytes = ID_MEMORY_BYTES }: StoredLogOptions = {}) {
    this.#now = now;
    this.#idMemoryBytes = idMemoryBytes;
    this.#remembered = new RememberedIds(idMemoryBytes);
    this.append('$settings', 'any', [system('$UserCreated', '00000000-0000-4000-8000-000000000001')]);
  }

  /** As a server that was restarted: it knows recent ids from memory alone. */
  forgetIds(): void {
    this.#remembered = new RememberedIds(this.#idMemoryBytes);
  }

  append(stream: string, expected: ExpectedVersion, proposed: readonly Proposed[]): Appended {
    const known = this.#streams.get(stream);
    if (known?.tombstoned === true) return { result: 'stream-deleted' };
    const last = known?.events.at(-1);
    const current = last === undefined ? null : last.revision;
    const currentOr = current ?? -1n;
    const softDeleted = known?.truncateBefore === TOMBSTONE_REVISION;
    const wrong = { result: 'wrong-expected-version', current } as const;

    if (expected === 'exists' && softDeleted) return { result: 'stream-deleted' };
    // A stream that has metadata exists, before its first event.
    if (expected === 'exists' && current === null && !this.#streams.has(`$$${stream}`)) return wrong;
    if (expected === 'any' || expected === 'exists') {
      const stands: Stored[] = [];
      for (const [index, { id }] of proposed.entries()) {
        const before = this.#remembered.find(id);
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

  /** Soft: the stream reads as missing, and continues from its next revision at the next append. */
  delete(stream: string, expected: ExpectedVersion = 'any'): Appended {
    const wrong = this.#wrongToDelete(stream, expected);
    if (wrong !== null) return wrong;
    const known = this.#stream(stream);
    if (known.events.length === 0) return { result: 'wrong-expected-version', current: null };
    known.truncateBefore = TOMBSTONE_REVISION;
    return this.#metadata(stream, TOMBSTONE_REVISION);
  }

  /** Hard: the stream can never be appended to again. */
  tombstone(stream: string, expected: ExpectedVersion = 'any'): Appended {
    const wrong = this.#wrongToDelete(stream, expected);
    if (wrong !== null) return wrong;
    const known = this.#stream(stream);
    known.tombstoned = true;
    const deleted = { ...system('$streamDeleted', crypto.randomUUID(), ''), json: false };
    const { position, revision } = this.#store(stream, deleted, TOMBSTONE_REVISION);
    this.#tell();
    return { result: 'success', lastRevision: revision, position, written: true };
  }

  /** A stream's events that reads give; null for a stream that is missing (or softly deleted). */
  read(stream: string): readonly Stored[] | 'deleted' | null {
    const known = this.#streams.get(stream);
    if (known?.tombstoned === true) return 'deleted';
    if (known === undefined || known.events.length === 0 || known.truncateBefore === TOMBSTONE_REVISION) return null;
    return known.events.filter(({ revision }) => revision >= known.truncateBefore);
  }

  /** Where the next record will begin. */
  get end(): bigint {
    return this.#next;
  }

  /** The server's clock, in milliseconds. */
  get now(): number {
    return this.#now();
  }

  /** Whether a record begins at a position: from any other one nothing can be read. */
  isBoundary(position: bigint): boolean {
    return position === 0n || position >= this.#next || this.events[this.indexAt(position)]?.position === position;
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
    const deleted = known.truncateBefore === TOMBSTONE_REVISION;
    const next = (known.events.at(-1)?.revision ?? -1n) + 1n;
    let end: Stored | undefined;
    for (const event of proposed) {
      end = this.#store(stream, event, (known.events.at(-1)?.revision ?? -1n) + 1n);
      known.events.push(end);
      this.#remembered.put(end);
    }
    if (deleted) {
      known.truncateBefore = next;
      this.#metadata(stream, next);
    }
    // An append of nothing is taken and answered, and leaves a record that no reader sees.
    if (end === undefined) return { result: 'success', lastRevision: -1n, position: this.#next, written: false };
    this.#tell();
    return { result: 'success', lastRevision: end.revision, position: end.position, written: true };
  }

  #tell(): void {
    for (const resume of [...this.#waiting]) resume();
  }

  #metadata(stream: string, truncateBefore: bigint): Appended {
    return this.append(`$$${stream}`, 'any', [
      system('$metadata', crypto.randomUUID(), `{"$tb":${String(truncateBefore)}}`),
    ]);
  }

  #wrongToDelete(stream: string, expected: ExpectedVersion): Appended | null {
    const known = this.#streams.get(stream);
    if (known?.tombstoned === true) return { result: 'stream-deleted' };
    const current = known?.events.at(-1)?.revision ?? null;
    if (expected === 'any') return null;
    if (expected === 'exists' && known?.truncateBefore === TOMBSTONE_REVISION) return { result: 'stream-deleted' };
    const met =
      expected === 'exists' ? current !== null : (current ?? -1n) === (expected === 'no-stream' ? -1n : expected);
    return met ? null : { result: 'wrong-expected-version', current };
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

/**
 * The ids that the server remembers: the first place of each counts, the oldest is forgotten first, and one that was written
 * twice takes its room twice.
 */
class RememberedIds {
  readonly #places = new Map<string, Stored>();
  #order: string[] = [];
  #oldest = 0;
  #bytes = 0;

  constructor(private readonly bytesMax: number) {}

  find(id: string): Stored | undefined {
    return this.#places.get(id);
  }

  put(stored: Stored): void {
    while (this.#bytes > this.bytesMax && this.#oldest < this.#order.length) {
      const oldest = this.#order[this.#oldest] as string;
      this.#oldest += 1;
      const there = this.#places.get(oldest);
      if (there !== undefined) this.#bytes -= bytesOf(there);
      this.#places.delete(oldest);
    }
    if (this.#oldest > 100_000) {
      this.#order = this.#order.slice(this.#oldest);
      this.#oldest = 0;
    }
    this.#bytes += bytesOf(stored);
    this.#order.push(stored.id);
    if (!this.#places.has(stored.id)) this.#places.set(stored.id, stored);
  }
}

function bytesOf({ stream }: Stored): number {
  return ID_BYTES + 2 * stream.length;
}

function alreadyThere(end: Stored): Appended {
  return { result: 'success', lastRevision: end.revision, position: end.position, written: false };
}

function system(type: string, id: string, data = '{}'): Proposed {
  return { id, type, json: true, data: Buffer.from(data), metadata: new Uint8Array() };
}
