import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { MadeKeys } from './key-maker.js';
import { KeyStoreError } from '../key-store.js';

/** To the thread that makes keys; `make` is answered under its number. */
export type KeyRequest =
  { readonly kind: 'make'; readonly no: number; readonly ids: Uint8Array } | { readonly kind: 'close' };

/** One answer; those to all requests of one commit come together. */
export interface KeyAnswer {
  readonly no: number;
  readonly made?: MadeKeys;
  readonly failure?: Failure;
}

/** An error that crosses threads: a clone would lose its class and its code. */
interface Failure {
  readonly code: KeyStoreError['code'] | null;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof KeyStoreError) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

interface Waiting {
  resolve(made: MadeKeys): void;
  reject(error: Error): void;
}

/** Makes keys in a thread of its own, so that neither inserting nor syncing holds up the event loop. */
export class KeyMakerClient {
  private readonly waiting = new Map<number, Waiting>();
  private no = 0;
  private gone: Error | null = null;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (answers: readonly KeyAnswer[]) => {
      for (const { no, made, failure } of answers) {
        const waiting = this.waiting.get(no);
        this.waiting.delete(no);
        if (made !== undefined) waiting?.resolve(made);
        else waiting?.reject(errorOf(failure));
      }
      if (this.waiting.size === 0) worker.unref();
    });
    worker.unref();
    const lost = (cause?: Error) => {
      this.gone ??= new KeyStoreError('unavailable', 'The thread that makes keys ended.', { cause });
      for (const { reject } of this.waiting.values()) reject(this.gone);
      this.waiting.clear();
    };
    worker.on('error', lost);
    worker.on('exit', () => lost());
  }

  /** Starts the thread, and waits until the file is open. */
  static async start(file: string): Promise<KeyMakerClient> {
    const worker = new Worker(THREAD, { workerData: { file }, execArgv: FROM_SOURCE ? SOURCE_ARGUMENTS : [] });
    await once(worker, 'message');
    return new KeyMakerClient(worker);
  }

  /** The keys of these ids, durable when this resolves. */
  make(ids: Uint8Array): Promise<MadeKeys> {
    return new Promise((resolve, reject) => {
      if (this.gone !== null) {
        reject(this.gone);
        return;
      }
      this.no += 1;
      this.waiting.set(this.no, { resolve, reject });
      // Whoever waits for keys keeps the process alive; a thread that nobody waits for does not.
      this.worker.ref();
      this.worker.postMessage({ kind: 'make', no: this.no, ids } satisfies KeyRequest);
    });
  }

  get hasEnded(): boolean {
    return this.gone !== null;
  }

  /** Ends when everything asked before is answered. */
  async close(): Promise<void> {
    if (this.gone !== null) return;
    this.worker.ref();
    const ended = once(this.worker, 'exit');
    this.worker.postMessage({ kind: 'close' } satisfies KeyRequest);
    await ended;
  }
}

function errorOf(failure: Failure | undefined): Error {
  const { code = null, message = 'The thread that makes keys gave no answer.' } = failure ?? {};
  return code === null ? new Error(message) : new KeyStoreError(code, message);
}

/** From source the thread needs the loader that the main thread has; from dist it is plain JavaScript. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const SOURCE_ARGUMENTS = ['--conditions=source', '--import', '#from-source'];
const THREAD = new URL(FROM_SOURCE ? './key-maker-thread.ts' : './key-maker-thread.js', import.meta.url);
