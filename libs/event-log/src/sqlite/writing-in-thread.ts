import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { EventLogError } from '../port.js';
import type { Verdict } from '../port.js';
import { flatten, flattenReceipts, unflattenVerdicts, type WriteRequest } from './request.js';
import { errorOf, type FromThread, type ToThread } from './thread-messages.js';
import type { Writing } from './writing.js';

/** With so many events together a commit begins before the turn of the loop is over: the thread is not to stand idle. */
const EVENTS_AWAITED = 200;

interface Waiting {
  resolve(verdicts: readonly Verdict[]): void;
  reject(error: unknown): void;
}

/**
 * Writes in a thread of its own, so that the event loop is free while the disk syncs. A request goes over at once, while its
 * texts are at hand; what is asked within one turn of the loop, up to a bound, and while the thread was at work, is committed
 * together: so that a page which they share is written once.
 */
export class WritingInThread implements Writing {
  readonly #waiting = new Map<number, Waiting>();
  /** Events that went over since the last word to commit. */
  #events = 0;
  #no = 0;
  #gone: Error | null = null;

  private constructor(
    private readonly worker: Worker,
    private readonly ended: Promise<void>,
    private readonly committed: () => void,
  ) {
    worker.on('message', (message: FromThread) => this.#hear(message));
    const lost = (cause?: Error) => {
      this.#gone ??= new EventLogError(
        'unavailable',
        'The writer of the event log ended; what it was asked last may be stored or not: ask for its ids.',
        cause === undefined ? {} : { cause },
      );
      for (const { reject } of this.#waiting.values()) reject(this.#gone);
      this.#waiting.clear();
    };
    worker.on('error', lost);
    worker.on('exit', () => lost());
  }

  /** Starts the thread and waits until the file is open. */
  static async start(file: string, committed: () => void): Promise<WritingInThread> {
    const worker = new Worker(THREAD, { workerData: { file }, execArgv: FROM_SOURCE ? SOURCE_ARGUMENTS : [] });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const [first] = (await Promise.race([
      once(worker, 'message'),
      ended.then(() => Promise.reject(new Error("The event log's writer ended while it started."))),
    ])) as [FromThread];
    if (first.kind === 'not-opened') throw errorOf(first.failure);
    return new WritingInThread(worker, ended, committed);
  }

  write(request: WriteRequest): Promise<readonly Verdict[]> {
    const items = flatten(request.items);
    if (request.kind === 'whole') return this.#ask((no) => ({ ...request, no, items }), request.items.length);
    const receipts = flattenReceipts(request.receipts);
    return this.#ask((no) => ({ kind: 'each', now: request.now, no, items, receipts }), request.items.length);
  }

  async allowPages(pagesMax: number): Promise<void> {
    await this.#ask((no) => ({ kind: 'allow-pages', no, pagesMax }), 0);
  }

  async close(): Promise<void> {
    if (this.#gone === null) this.worker.postMessage({ kind: 'close' } satisfies ToThread);
    await this.ended;
  }

  #ask(message: (no: number) => ToThread, events: number): Promise<readonly Verdict[]> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== null) {
        reject(this.#gone);
        return;
      }
      this.#no += 1;
      this.#waiting.set(this.#no, { resolve, reject });
      this.worker.postMessage(message(this.#no));
      const isFirst = this.#events === 0;
      // A request may hold no event, and counts as one.
      this.#events += Math.max(1, events);
      if (this.#events >= EVENTS_AWAITED) this.#commit();
      else if (isFirst) setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    if (this.#events === 0) return;
    this.#events = 0;
    this.worker.postMessage({ kind: 'commit' } satisfies ToThread);
  }

  #hear(message: FromThread): void {
    if (message.kind !== 'answers') return;
    for (const { no, verdicts, failure } of message.answers) {
      const waiting = this.#waiting.get(no);
      this.#waiting.delete(no);
      if (failure !== undefined) waiting?.reject(errorOf(failure));
      else waiting?.resolve(verdicts === undefined ? [] : unflattenVerdicts(verdicts));
    }
    this.committed();
  }
}

/** From source the thread needs the loader that the main thread has; from dist it is plain JavaScript. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const SOURCE_ARGUMENTS = ['--conditions=source', '--import', '#from-source'];
const THREAD = new URL(FROM_SOURCE ? './writer-thread.ts' : './writer-thread.js', import.meta.url);
