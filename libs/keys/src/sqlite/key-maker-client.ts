import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { MadeKeys } from './key-maker.js';
import { KeyStoreError } from '../key-store.js';

/** A request to the thread that makes keys; `make` is answered under its number. */
export type KeyRequest =
  { readonly kind: 'make'; readonly no: number; readonly ids: Uint8Array } | { readonly kind: 'close' };

/** An answer; those to all requests of one commit come together. */
export interface KeyAnswer {
  readonly no: number;
  readonly made?: MadeKeys;
  readonly failure?: Failure;
}

/** An error on its way between threads: a structured clone would lose its class and its code. */
interface Failure {
  readonly code: KeyStoreError['code'] | null;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof KeyStoreError) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

interface PendingRequest {
  resolve(made: MadeKeys): void;
  reject(error: Error): void;
}

/** Makes keys in a worker thread, so that neither inserts nor syncs block the event loop. */
export class KeyMakerClient {
  private readonly pending = new Map<number, PendingRequest>();
  private no = 0;
  private ended: Error | null = null;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (answers: readonly KeyAnswer[]) => {
      for (const { no, made, failure } of answers) {
        const request = this.pending.get(no);
        this.pending.delete(no);
        if (made !== undefined) request?.resolve(made);
        else request?.reject(errorOf(failure));
      }
      if (this.pending.size === 0) worker.unref();
    });
    worker.unref();
    const lost = (cause?: Error) => {
      this.ended ??= new KeyStoreError('unavailable', 'The thread that makes keys ended.', { cause });
      for (const { reject } of this.pending.values()) reject(this.ended);
      this.pending.clear();
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
      if (this.ended !== null) {
        reject(this.ended);
        return;
      }
      this.no += 1;
      this.pending.set(this.no, { resolve, reject });
      // A pending request keeps the process alive; an idle thread does not.
      this.worker.ref();
      this.worker.postMessage({ kind: 'make', no: this.no, ids } satisfies KeyRequest);
    });
  }

  get hasEnded(): boolean {
    return this.ended !== null;
  }

  /** Resolves when every earlier request is answered and the thread has ended. */
  async close(): Promise<void> {
    if (this.ended !== null) return;
    this.worker.ref();
    const exited = once(this.worker, 'exit');
    this.worker.postMessage({ kind: 'close' } satisfies KeyRequest);
    await exited;
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
