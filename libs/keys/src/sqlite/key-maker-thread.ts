import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { failureOf, type Answer } from '#platform/threads';
import { KeyStoreError } from '../key-store.js';
import { KeyMaker, type MadeKeys } from './key-maker.js';
import { KEY_STORE_PRAGMAS } from './pragmas.js';
import type { KeyRequest } from './key-maker-client.js';

/**
 * The thread that makes keys while many new customers arrive. While a commit runs, requests queue up at the port, and the next commit serves all
 * of them: the ids are scattered over the whole table, and one large commit writes fewer of its pages than many small ones.
 */
if (parentPort !== null) serve(parentPort, (workerData as { readonly file: string }).file);

function serve(port: MessagePort, file: string): void {
  const db = new DatabaseSync(file, { timeout: 5_000 });
  // Many keys touch many pages: checkpointing the same page again and again would cost more than the rest.
  db.exec(`${KEY_STORE_PRAGMAS} PRAGMA wal_autocheckpoint=4000;`);
  const maker = new KeyMaker(db);
  port.postMessage([{ no: 0 }] satisfies Answer<MadeKeys>[]);
  port.on('message', (first: KeyRequest) => {
    const group: Extract<KeyRequest, { readonly kind: 'make' }>[] = [];
    let message: KeyRequest | undefined = first;
    while (message?.kind === 'make') {
      group.push(message);
      message = receiveMessageOnPort(port)?.message as KeyRequest | undefined;
    }
    if (group.length > 0) port.postMessage(answersTo(group));
    if (message?.kind !== 'close') return;
    db.close();
    port.close();
  });

  function answersTo(group: readonly { readonly no: number; readonly ids: Uint8Array }[]): Answer<MadeKeys>[] {
    try {
      return maker.make(group.map(({ ids }) => ids)).map((value, at) => ({ no: group[at]?.no ?? 0, value }));
    } catch (error) {
      // A request that cannot be stored (on a full disk, say) does not fail the others.
      if (group.length > 1) return group.flatMap((each) => answersTo([each]));
      return group.map(({ no }) => ({ no, failure: failureOf(error, KeyStoreError) }));
    }
  }
}
