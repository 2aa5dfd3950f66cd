import { threadFile, WorkerClient, type Failure } from '#platform';
import type { MadeKeys } from './key-maker.js';
import { KeyStoreError } from '../key-store.js';

/** To the thread that makes keys; `make` is answered under its number. */
export type KeyRequest =
  { readonly kind: 'make'; readonly no: number; readonly ids: Uint8Array } | { readonly kind: 'close' };

/** Makes keys in a thread of its own, so that neither inserting nor syncing blocks the event loop. */
export class KeyMakerClient {
  private constructor(private readonly thread: WorkerClient<KeyRequest, MadeKeys>) {}

  /** Starts the thread, and waits until the file is open. */
  static async start(file: string): Promise<KeyMakerClient> {
    const thread = new WorkerClient<KeyRequest, MadeKeys>({
      file: threadFile(import.meta.url, 'key-maker-thread'),
      workerData: { file },
      errorOf,
      ended: (cause) => new KeyStoreError('unavailable', 'The thread that makes keys ended.', { cause }),
    });
    await thread.ready();
    return new KeyMakerClient(thread);
  }

  /** The keys of these ids, durable when this resolves. */
  make(ids: Uint8Array): Promise<MadeKeys> {
    return this.thread.ask((no) => ({ kind: 'make', no, ids }));
  }

  get hasEnded(): boolean {
    return this.thread.hasEnded;
  }

  /** Resolves when every request before it is answered. */
  async close(): Promise<void> {
    await this.thread.close({ kind: 'close' });
  }
}

function errorOf({ code, message }: Failure): Error {
  return code === null ? new Error(message) : new KeyStoreError(code as KeyStoreError['code'], message);
}
