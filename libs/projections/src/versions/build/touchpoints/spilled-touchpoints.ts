import { subjectOfStream } from '#contracts';
import type { RecordedEvent } from '#event-log';
import type { Customer } from '../components.js';
import { eachRecord, EventRecords, RecordBuffer } from './event-records.js';
import { SharedTexts } from './shared-texts.js';
import { TemporaryFile, type Extent } from './temporary-file.js';
import type { TouchpointSource } from './touchpoint-source.js';

/**
 * The touchpoints are divided into parts, of which one at a time is in memory while customers are folded: one for so many bytes of the log, which
 * are about a third of that in the file; and no more parts than the first three digits of an id can tell apart.
 */
const LOG_BYTES_PER_PART = 8 * 1_024 * 1_024;
const PARTS_MIN = 16;
const PARTS_MAX = 4_096;

/** Into how many parts the touchpoints of a log of about so many bytes are divided. */
export function partsFor(logBytes: number): number {
  return Math.min(Math.max(Math.ceil(logBytes / LOG_BYTES_PER_PART), PARTS_MIN), PARTS_MAX);
}

export interface SpillOptions {
  /** Where the file is. */
  readonly folder: string;
  /** At most about so many bytes wait to be written. */
  readonly waitingBytes: number;
  /** See `partsFor`: 4,096 at most. */
  readonly parts: number;
}

/** A subject that belongs to the customer of another one. */
export interface JoinedSubject {
  readonly subjectId: string;
  readonly customerId: string;
}

/**
 * The touchpoints of a log too large to be held in memory, in a temporary file, divided by subject into parts. The scan of the log writes them. Once the
 * customers are known, the touchpoints of a subject whose customer belongs to another part are copied to that part. Then each part holds everything
 * of its customers, and folding takes one part after the other into memory: the parts are in the order of the ids.
 *
 * What waits to be written, part by part, is bounded; each time it is written it leaves one extent for each part.
 */
export class SpilledTouchpoints implements TouchpointSource {
  readonly #records = new EventRecords();
  readonly #texts = new SharedTexts();
  readonly #own: Parts;
  readonly #moved: Parts;
  #loaded: LoadedPart | null = null;
  #count = 0;

  private constructor(
    private readonly file: TemporaryFile,
    private readonly parts: number,
    waitingBytes: number,
  ) {
    this.#own = new Parts(file, parts, waitingBytes);
    this.#moved = new Parts(file, parts, waitingBytes);
  }

  /** @throws TemporaryFileError */
  static async create({ folder, waitingBytes, parts }: SpillOptions): Promise<SpilledTouchpoints> {
    return new SpilledTouchpoints(await TemporaryFile.create(folder), parts, waitingBytes);
  }

  /** How many bytes wait in memory. */
  get bytes(): number {
    return this.#own.waiting;
  }

  /** How many touchpoints it has. */
  get count(): number {
    return this.#count;
  }

  /** Keeps the touchpoints of a page; of each subject in the order of the log. Other events are skipped. @throws TemporaryFileError */
  async hold(page: readonly RecordedEvent[]): Promise<void> {
    for (const event of page) {
      const subjectId = subjectOfStream(event.stream);
      if (subjectId === null) continue;
      const into = this.#own.of(this.#partOf(subjectId));
      const before = into.length;
      this.#records.write(into, subjectId, event, this.#texts.shortMeta(event.meta));
      this.#own.grown(into.length - before);
      this.#count += 1;
    }
    await this.#own.writeWhenFull();
  }

  /**
   * Brings the touchpoints of joined subjects to their customers' parts: each part that has some is read once for each page of them. Called
   * once, when the scan is done.
   *
   * @param onProgress receives how many touchpoints were looked at since it was called last
   * @throws TemporaryFileError
   */
  async gather(
    joined: AsyncIterable<readonly JoinedSubject[]> | Iterable<readonly JoinedSubject[]>,
    onProgress: (touchpoints: number) => Promise<void>,
  ): Promise<void> {
    await this.#own.finish();
    for await (const page of joined) {
      const moves = new Map<number, Map<string, number>>();
      for (const { subjectId, customerId } of page) {
        const [from, to] = [this.#partOf(subjectId), this.#partOf(customerId)];
        if (from === to) continue;
        const there = moves.get(from);
        if (there === undefined) moves.set(from, new Map([[subjectId, to]]));
        else there.set(subjectId, to);
      }
      for (const [part, targets] of moves) await onProgress(await this.#move(part, targets));
    }
    await this.#moved.finish();
  }

  /** @throws TemporaryFileError */
  async of(customers: readonly Customer[]): Promise<(subjectId: string) => readonly RecordedEvent[]> {
    const found = new Map<string, readonly RecordedEvent[]>();
    for (const { customerId, subjectIds } of customers) {
      const part = await this.#load(this.#partOf(customerId));
      for (const subjectId of subjectIds) {
        const places = part.places.get(subjectId) ?? [];
        found.set(
          subjectId,
          places.map((at) => this.#records.read(part.buffer, at, subjectId)),
        );
      }
    }
    return (subjectId) => found.get(subjectId) ?? [];
  }

  close(): Promise<void> {
    return this.file.close();
  }

  async #move(part: number, targets: ReadonlyMap<string, number>): Promise<number> {
    const buffer = await this.#own.read(part);
    let count = 0;
    eachRecord(buffer, (subjectId, at, length) => {
      count += 1;
      const target = targets.get(subjectId);
      if (target === undefined) return;
      this.#moved.of(target).copy(buffer, at, length);
      this.#moved.grown(length);
    });
    await this.#moved.writeWhenFull();
    return count;
  }

  async #load(part: number): Promise<LoadedPart> {
    if (this.#loaded?.part === part) return this.#loaded;
    this.#loaded = null;
    const buffer = Buffer.concat([await this.#own.read(part), await this.#moved.read(part)]);
    const places = new Map<string, number[]>();
    eachRecord(buffer, (subjectId, at) => {
      const list = places.get(subjectId);
      if (list === undefined) places.set(subjectId, [at]);
      else list.push(at);
    });
    return (this.#loaded = { part, buffer, places });
  }

  /** By the first three digits of an id, which is a hash: so the parts are of about one size, and in the order of the ids. */
  #partOf(id: string): number {
    return Math.floor(((digit(id, 0) * 256 + digit(id, 1) * 16 + digit(id, 2)) * this.parts) / PARTS_MAX);
  }
}

interface LoadedPart {
  readonly part: number;
  readonly buffer: Buffer;
  /** Where the records of each subject begin. */
  readonly places: ReadonlyMap<string, readonly number[]>;
}

/** Records by part: in memory while they wait, then in the file. */
class Parts {
  readonly #waiting: RecordBuffer[];
  readonly #extents: Extent[][];
  #bytes = 0;

  constructor(
    private readonly file: TemporaryFile,
    parts: number,
    private readonly waitingBytes: number,
  ) {
    this.#waiting = Array.from({ length: parts }, () => new RecordBuffer());
    this.#extents = Array.from({ length: parts }, () => []);
  }

  /** How many bytes wait to be written. */
  get waiting(): number {
    return this.#bytes;
  }

  /** What waits of a part. The caller says with `grown` how many bytes it added. */
  of(part: number): RecordBuffer {
    return this.#waiting[part] as RecordBuffer;
  }

  grown(bytes: number): void {
    this.#bytes += bytes;
  }

  async writeWhenFull(): Promise<void> {
    if (this.#bytes > this.waitingBytes) await this.write();
  }

  /** Writes everything that waits, one extent for each part. */
  async write(): Promise<void> {
    const filled = this.#waiting.filter((one) => one.length > 0);
    let at = await this.file.append(filled.map((one) => one.records));
    this.#waiting.forEach((one, part) => {
      if (one.length === 0) return;
      this.#extents[part]?.push({ at, length: one.length });
      at += one.length;
      one.empty();
    });
    this.#bytes = 0;
  }

  /** Writes what waits; nothing comes after it. */
  async finish(): Promise<void> {
    await this.write();
    for (const one of this.#waiting) one.release();
  }

  /** What was written of a part, in the order in which it came. */
  read(part: number): Promise<Buffer> {
    return this.file.read(this.#extents[part] ?? []);
  }
}

/** A hexadecimal digit; any other character counts as one. */
function digit(id: string, at: number): number {
  const code = id.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  return Number.isNaN(code) ? 0 : code & 15;
}
