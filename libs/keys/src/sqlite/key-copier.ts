import { threadFile, WorkerClient } from '#platform';
import { KeyStoreError } from '../key-store.js';

export type KeyCopyRequest =
  | { readonly kind: 'copy'; readonly no: number; readonly file: string; readonly to: string }
  | { readonly kind: 'close' };

/** Copies a key store's file in a thread: see `copyKeyStore`. */
export async function copyKeyStoreInThread(file: string, to: string): Promise<void> {
  const thread = new WorkerClient<KeyCopyRequest, null>({
    file: threadFile(import.meta.url, 'key-copier-thread'),
    errorOf: ({ code, message }) =>
      code === null ? new Error(message) : new KeyStoreError(code as KeyStoreError['code'], message),
    ended: (cause) => new KeyStoreError('unavailable', 'The thread that copies the keys ended.', { cause }),
  });
  try {
    await thread.ready();
    await thread.ask((no) => ({ kind: 'copy', no, file, to }));
  } finally {
    await thread.close({ kind: 'close' });
  }
}
