import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { asKeyStoreError } from './sqlite-errors.js';

/**
 * Copies a key store's file, whatever hash key it is under, with what its -wal file holds besides; durable, and in place as a whole, when this returns. The copy is made again, not
 * of the file's pages: no remains of a destroyed key come along. Only its owner may read it.
 * @throws KeyStoreError
 */
export function copyKeyStore(file: string, to: string): void {
  const whole = `${to}.whole`;
  rmSync(whole, { force: true });
  try {
    const db = new DatabaseSync(file, { timeout: 5_000 });
    try {
      db.prepare('VACUUM INTO ?').run(whole);
    } finally {
      db.close();
    }
    chmodSync(whole, 0o600);
    sync(whole);
    renameSync(whole, to);
    sync(dirname(to));
  } catch (error) {
    rmSync(whole, { force: true });
    throw asKeyStoreError(error);
  }
}

function sync(path: string): void {
  const opened = openSync(path, 'r');
  fsyncSync(opened);
  closeSync(opened);
}
