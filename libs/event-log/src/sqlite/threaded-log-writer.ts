import { threadFile, WorkerClient } from '#platform';
import { EventLogError } from '../port.js';
import type { Verdict } from '../port.js';
import { flatten, flattenReceipts, unflattenVerdicts, type FlatVerdicts, type WriteRequest } from './request.js';
import { errorOf, type ToThread } from './thread-messages.js';
import type { LogWriter } from './log-writer.js';

/** With so many events together a commit begins before the turn of the event loop is over, so that the thread is not idle. */
const EVENTS_AWAITED = 200;

/**
 * Writes in a thread of its own, so that the event loop is free while the disk syncs. A request is posted at once, while its
 * texts are at hand; requests of one turn of the loop, up to a bound, and those that come while the thread is busy are committed
 * together, so that a page which they share is written once.
 */
export class ThreadedLogWriter implements LogWriter {
  /** Events posted since the last commit message. */
  #events = 0;

  private constructor(private readonly thread: WorkerClient<ToThread, FlatVerdicts | undefined>) {}

  /** Starts the thread and waits until the file is open. `committed` is called after each commit. */
  static async start(file: string, committed: () => void): Promise<ThreadedLogWriter> {
    const thread = new WorkerClient<ToThread, FlatVerdicts | undefined>({
      file: threadFile(import.meta.url, 'writer-thread'),
      workerData: { file },
      errorOf,
      ended: (cause) =>
        new EventLogError(
          'unavailable',
          'The writer thread of the event log ended. Whether the last requests were stored is unknown: look their event ids up.',
          cause === undefined ? {} : { cause },
        ),
      keepsProcessAlive: true,
      answered: committed,
    });
    await thread.ready();
    return new ThreadedLogWriter(thread);
  }

  async write(request: WriteRequest): Promise<readonly Verdict[]> {
    const items = flatten(request.items);
    const receipts = request.kind === 'each' ? flattenReceipts(request.receipts) : [];
    const verdicts = await this.#ask(
      (no) =>
        request.kind === 'whole' ? { ...request, no, items } : { kind: 'each', now: request.now, no, items, receipts },
      request.items.length,
    );
    return verdicts === undefined ? [] : unflattenVerdicts(verdicts);
  }

  async allowPages(pagesMax: number): Promise<void> {
    await this.#ask((no) => ({ kind: 'allow-pages', no, pagesMax }), 0);
  }

  async close(): Promise<void> {
    await this.thread.close({ kind: 'close' });
  }

  /** Ends the thread in the middle of its work, for tests. */
  async kill(): Promise<void> {
    await this.thread.terminate();
  }

  #ask(message: (no: number) => ToThread, events: number): Promise<FlatVerdicts | undefined> {
    const answer = this.thread.ask(message);
    const isFirst = this.#events === 0;
    // A request may hold no event, and counts as one.
    this.#events += Math.max(1, events);
    if (this.#events >= EVENTS_AWAITED) this.#commit();
    else if (isFirst) setImmediate(() => this.#commit());
    return answer;
  }

  #commit(): void {
    if (this.#events === 0) return;
    this.#events = 0;
    this.thread.post({ kind: 'commit' });
  }
}
