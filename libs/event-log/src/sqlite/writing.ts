import type { Verdict } from '../port.js';
import type { WriteRequest } from './request.js';
import { SqliteWriter } from './writer.js';

/** Where the log sends what is to be written: to a thread of its own, or to the thread that asks. */
export interface Writing {
  write(request: WriteRequest): Promise<readonly Verdict[]>;
  /** Lets the file grow to at most so many pages: how a test makes the disk full. */
  allowPages(pagesMax: number): Promise<void>;
  /** Ends when everything asked before is on the disk. */
  close(): Promise<void>;
}

/** Events in one commit at most: what bounds how long the first of a group waits for the last. */
export const GROUP_EVENTS_MAX = 10_000;

interface Waiting {
  readonly request: WriteRequest;
  resolve(verdicts: readonly Verdict[]): void;
  reject(error: unknown): void;
}

/**
 * Writes on the calling thread: everything asked within one turn of the event loop goes into one commit. It holds the
 * loop up while the disk syncs, so it is for short programs, and for measuring what the thread is worth.
 */
export class WritingHere implements Writing {
  readonly #writer: SqliteWriter;
  readonly #committed: () => void;
  #waiting: Waiting[] = [];

  constructor(file: string, committed: () => void) {
    this.#writer = new SqliteWriter(file);
    this.#committed = committed;
  }

  write(request: WriteRequest): Promise<readonly Verdict[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#commit());
    });
  }

  async allowPages(pagesMax: number): Promise<void> {
    this.#writer.allowPages(pagesMax);
  }

  async close(): Promise<void> {
    this.#commit();
    this.#writer.close();
  }

  #commit(): void {
    while (this.#waiting.length > 0) {
      let events = 0;
      let count = 0;
      while (count < this.#waiting.length && (count === 0 || events < GROUP_EVENTS_MAX))
        events += this.#waiting[count++]?.request.items.length ?? 0;
      const group = this.#waiting.splice(0, count);
      this.#writer
        .commit(group.map(({ request }) => request))
        .forEach((outcome, i) =>
          'verdicts' in outcome ? group[i]?.resolve(outcome.verdicts) : group[i]?.reject(outcome.error),
        );
    }
    this.#committed();
  }
}
