import type { LogIdentity } from '#platform';
import type { Verdict } from '../port.js';
import { GROUP_EVENTS_MAX, type LogWriter, type WriteRequest } from './log-writer.js';
import { SqliteWriter } from './writer.js';

interface Waiting {
  readonly request: WriteRequest;
  resolve(verdicts: readonly Verdict[]): void;
  reject(error: unknown): void;
}

/**
 * Writes on the calling thread: all requests of one turn of the event loop go into one commit. It blocks the loop while the
 * disk syncs, so it is for short programs, and for measuring the gain of the thread.
 */
export class InlineLogWriter implements LogWriter {
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

  async identify(identity: LogIdentity): Promise<void> {
    this.#commit();
    this.#writer.identify(identity);
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
