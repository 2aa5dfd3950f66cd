import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { copyKeyStore } from '#keys';
import { rejected } from '../exit-codes.js';

const KEYS = 'keys.db';

/** Throws, before anything is written, where the keys cannot be copied. */
export function assertKeysCopyable(from: string, to: string): void {
  if (!existsSync(join(from, KEYS))) throw rejected(`--keys: ${from} has no keys to copy. Leave --keys out.`);
  if (existsSync(join(to, KEYS)))
    throw rejected(
      `--keys: ${to} already has keys of its own, and they are not overwritten. Move them away, or leave --keys out.`,
    );
}

/** Copies the key store into another data folder: the hash key, the subjects' keys, the erasures and the access keys. */
export function copyKeys(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  copyKeyStore(join(from, KEYS), join(to, KEYS));
}
