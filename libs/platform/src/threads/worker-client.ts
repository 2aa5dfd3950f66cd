import { Worker } from 'node:worker_threads';
import type { Answer, Failure } from './answer.js';

export interface WorkerClientOptions {
  /** The file that the thread runs: see `threadFile`. */
  readonly file: URL;
  readonly workerData?: unknown;
  /** Makes an error of what the thread answers when a request failed. */
  errorOf(failure: Failure): Error;
  /** Makes the error of every request that is open when the thread ends, and of all later ones. `cause`: what ended it, if not `close`. */
  ended(cause?: Error): Error;
  /** True: the thread keeps the process alive even when no answer is awaited. Default false. */
  readonly keepsProcessAlive?: boolean;
  /** Called after each message of answers. */
  answered?(): void;
}

interface Waiting<V> {
  resolve(value: V): void;
  reject(error: Error): void;
}

/**
 * The caller's side of a worker thread that answers requests. Requests are numbered from 1; the thread answers each under its number, in
 * any order, several in one message (`Answer[]`). Answer number 0 says that the thread is ready, or why it cannot work.
 */
export class WorkerClient<Message, Value> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting<Value>>();
  readonly #exited: Promise<void>;
  #lastNo = 0;
  #gone: Error | null = null;

  constructor(private readonly options: WorkerClientOptions) {
    const { file, workerData } = options;
    this.#worker = new Worker(file, { workerData, execArgv: isSource(file) ? SOURCE_ARGUMENTS : [] });
    if (options.keepsProcessAlive !== true) this.#worker.unref();
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('message', (answers: readonly Answer<Value>[]) => this.#settle(answers));
    this.#worker.on('error', (cause) => this.#lose(cause));
    this.#worker.on('exit', () => this.#lose());
  }

  /** Resolves when the thread says that it is ready. To be called at once, by who wants to know. */
  async ready(): Promise<void> {
    await this.#answerTo(0);
  }

  /** Posts a request under the number that it is given, and resolves with the answer. */
  ask(message: (no: number) => Message): Promise<Value> {
    if (this.#gone !== null) return Promise.reject(this.#gone);
    this.#lastNo += 1;
    const answer = this.#answerTo(this.#lastNo);
    this.#worker.postMessage(message(this.#lastNo));
    return answer;
  }

  /** Posts what has no answer. */
  post(message: Message): void {
    this.#worker.postMessage(message);
  }

  get hasEnded(): boolean {
    return this.#gone !== null;
  }

  /** Posts the message that ends the thread, and waits until it has ended: what was asked before is answered first. */
  async close(message: Message): Promise<void> {
    if (this.#gone === null) {
      this.#worker.ref();
      this.post(message);
    }
    await this.#exited;
  }

  /** Ends the thread at once. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #answerTo(no: number): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(no, { resolve, reject });
    });
  }

  #settle(answers: readonly Answer<Value>[]): void {
    for (const { no, value, failure } of answers) {
      const waiting = this.#waiting.get(no);
      this.#waiting.delete(no);
      if (failure === undefined) waiting?.resolve(value as Value);
      else waiting?.reject(this.options.errorOf(failure));
    }
    if (this.#waiting.size === 0 && this.options.keepsProcessAlive !== true) this.#worker.unref();
    this.options.answered?.();
  }

  #lose(cause?: Error): void {
    this.#gone ??= this.options.ended(cause);
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
  }
}

/** From source a thread needs the loader that the main thread has; from dist it is plain JavaScript. */
const SOURCE_ARGUMENTS = ['--conditions=source', '--import', '#from-source'];

const isSource = (file: URL): boolean => file.pathname.endsWith('.ts');

/** A thread's file beside the module that starts it, by its name without the extension: `threadFile(import.meta.url, 'writer-thread')`. */
export function threadFile(moduleUrl: string, name: string): URL {
  return new URL(`./${name}${moduleUrl.endsWith('.ts') ? '.ts' : '.js'}`, moduleUrl);
}
