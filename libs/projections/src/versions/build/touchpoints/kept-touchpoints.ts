import type { RecordedEvent } from '#event-log';
import type { Customer } from '../components.js';
import { HeldTouchpoints } from './held-touchpoints.js';
import { partsFor, SpilledTouchpoints, type JoinedSubject } from './spilled-touchpoints.js';
import type { TouchpointSource } from './touchpoint-source.js';

/** Of the memory that touchpoints may take, this part waits to be written to the file, and no more than so many bytes. */
const WAITING_SHARE = 1 / 8;
const WAITING_BYTES_MAX = 64 * 1_024 * 1_024;

/** A log so many times as long as the memory is not held first: its touchpoints take more than half of its bytes. */
const TOO_LONG = 2;

export interface KeepingOptions {
  /** So much memory may be taken. */
  readonly bytesMax: number;
  /** Where the temporary file is made; null when there is to be none. */
  readonly folder: string | null;
  /** About so long is the log. */
  readonly logBytes: number;
  /** Lets other work of this thread run. */
  readonly pause: () => Promise<void>;
}

/** The touchpoints of a log that is read once: in memory as long as there is room for them, then in a temporary file. */
export class KeptTouchpoints implements TouchpointSource {
  #held: HeldTouchpoints | null = new HeldTouchpoints();
  #spilled: SpilledTouchpoints | null = null;

  constructor(private readonly options: KeepingOptions) {}

  /** How many of them are in a file; null while all are in memory. */
  get spilled(): number | null {
    return this.#spilled?.count ?? null;
  }

  /** About so much memory they take. */
  get bytes(): number {
    return (this.#held?.bytes ?? 0) + (this.#spilled?.bytes ?? 0);
  }

  /** Keeps the touchpoints of a page, in the order of the log. @throws TemporaryFileError */
  async hold(page: readonly RecordedEvent[]): Promise<void> {
    this.#held?.hold(page);
    await this.#spilled?.hold(page);
  }

  /**
   * Moves them into a file when they take more memory than they may beside so many bytes of other things, or surely will. False: there is to be
   * no file, and they cannot be kept.
   *
   * @throws TemporaryFileError
   */
  async fitBeside(otherBytes: number): Promise<boolean> {
    const { bytesMax, folder, logBytes, pause } = this.options;
    const held = this.#held;
    if (held === null) return true;
    const fits = held.bytes + otherBytes <= bytesMax;
    if (folder === null || (fits && logBytes <= bytesMax * TOO_LONG)) return fits;
    const waitingBytes = Math.min(bytesMax * WAITING_SHARE, WAITING_BYTES_MAX);
    const spilled = (this.#spilled = await SpilledTouchpoints.create({
      folder,
      waitingBytes,
      parts: partsFor(logBytes),
    }));
    for (const events of held.drain()) {
      await spilled.hold(events);
      await pause();
    }
    this.#held = null;
    return true;
  }

  /** Sorts those in a file by customer: see `SpilledTouchpoints.gather`. @throws TemporaryFileError */
  async gather(
    joined: AsyncIterable<readonly JoinedSubject[]> | Iterable<readonly JoinedSubject[]>,
    onProgress: (touchpoints: number) => Promise<void>,
  ): Promise<void> {
    await this.#spilled?.gather(joined, onProgress);
  }

  /** @throws TemporaryFileError */
  of(customers: readonly Customer[]): Promise<(subjectId: string) => readonly RecordedEvent[]> {
    const source: TouchpointSource | null = this.#spilled ?? this.#held;
    if (source === null) throw new Error('No touchpoints are kept.');
    return source.of(customers);
  }

  async close(): Promise<void> {
    this.#held = null;
    await this.#spilled?.close();
    this.#spilled = null;
  }
}
