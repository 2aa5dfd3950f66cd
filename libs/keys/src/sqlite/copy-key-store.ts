import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { asKeyStoreError } from './sqlite-errors.js';

/**
 * Copies a key store's file with the content of its -wal file, whatever its hash key is. When this returns, the copy is durable and complete,
 * and only its owner may read it. The copy is written row by row, not page by page, so it contains no remains of destroyed keys.
 * @throws KeyStoreError
 */
export function copyKeyStore(file: string, to: string): void {
  const unfinished = `${to}.whole`;
  rmSync(unfinished, { force: true });
  try {
    const db = new DatabaseSync(file, { timeout: 5_000 });
    try {
      db.prepare('VACUUM INTO ?').run(unfinished);
    } finally {
      db.close();
    }
    chmodSync(unfinished, 0o600);
    sync(unfinished);
    renameSync(unfinished, to);
    sync(dirname(to));
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw asKeyStoreError(error);
  }
}

function sync(path: string): void {
  const opened = openSync(path, 'r');
  fsyncSync(opened);
  closeSync(opened);
}
