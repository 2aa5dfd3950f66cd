import { parentPort, type MessagePort } from 'node:worker_threads';
import { failureOf, type Answer } from '#platform/threads';
import { KeyStoreError } from '../key-store.js';
import { copyKeyStore } from './copy-key-store.js';
import type { KeyCopyRequest } from './key-copier.js';

/** Copies a key store while the engine uses it. */
if (parentPort !== null) serve(parentPort);

function serve(port: MessagePort): void {
  port.postMessage([{ no: 0 }] satisfies Answer<null>[]);
  port.on('message', (request: KeyCopyRequest) => {
    if (request.kind === 'close') {
      port.close();
      return;
    }
    port.postMessage([answerTo(request)]);
  });
}

function answerTo({ no, file, to }: Extract<KeyCopyRequest, { readonly kind: 'copy' }>): Answer<null> {
  try {
    copyKeyStore(file, to);
    return { no, value: null };
  } catch (error) {
    return { no, failure: failureOf(error, KeyStoreError) };
  }
}
