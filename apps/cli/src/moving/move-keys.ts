import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openKeyStoreOf } from '#platform';
import { refused } from '../exit-codes.js';

const KEYS = 'keys.db';

/** Refuses before anything is written where the keys cannot be copied. */
export function keysMustBeMovable(from: string, to: string): void {
  if (!existsSync(join(from, KEYS))) throw refused(`There are no keys in ${from} to be copied: leave --keys out.`);
  if (existsSync(join(to, KEYS)))
    throw refused(`${to} has keys of its own already, and none are written over: move them away, or leave --keys out.`);
}

/**
 * Copies the key store into another data folder: the hash key, the subjects' keys, the erasures and the access keys. A copy that is made anew
 * and not of the file's pages, so that no remains of a destroyed key come along; put in place whole.
 */
export async function copyKeys(from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const draft = join(to, `${KEYS}.new`);
  rmSync(draft, { force: true });
  const keys = openKeyStoreOf(from);
  try {
    keys.database.prepare('VACUUM INTO ?').run(draft);
  } finally {
    await keys.close();
  }
  chmodSync(draft, 0o600);
  renameSync(draft, join(to, KEYS));
}
