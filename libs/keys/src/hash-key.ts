import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { KeyStoreError } from './key-store.js';

const VERSION = 1;
const HASH_KEY_BYTES = 32;

/** Identifies a hash key without revealing it: 16 bytes, stored beside what was made under the key. */
export const hashKeyCheckOf = (hashKey: Uint8Array): Buffer =>
  createHmac('sha256', hashKey).update('perennial hash key check v1').digest().subarray(0, 16);

/** A named value that a key store keeps about itself. */
export type Fact = readonly [name: string, value: Uint8Array];

/**
 * Decides which hash key a key store opens with: the one that is given, the one that it keeps, or, in an empty store, a new random one.
 * `newFacts` is what an empty store must record before it is used; it is empty for a store that was opened before.
 *
 * @param fact the store's recorded facts, by name
 * @param given the hash key, where it is kept apart from the store
 * @throws KeyStoreError `wrong-version`, `other-hash-key`
 */
export function resolveHashKey(
  fact: (name: string) => Uint8Array | undefined,
  given: Uint8Array | undefined,
): { readonly hashKey: Uint8Array; readonly newFacts: readonly Fact[] } {
  const version = fact('version');
  if (version !== undefined && version[0] !== VERSION)
    throw new KeyStoreError(
      'wrong-version',
      `The key store has version ${version[0]}, and this engine reads version ${VERSION}: start the engine that wrote it.`,
    );
  const check = fact('hash-key-check');
  const hashKey = given ?? fact('hash-key') ?? (check === undefined ? randomBytes(HASH_KEY_BYTES) : undefined);
  if (hashKey === undefined)
    throw new KeyStoreError(
      'other-hash-key',
      'The key store was made under a hash key that is kept apart from it, and HASH_KEY gives none: start with the same hash key.',
    );
  if (check === undefined)
    return {
      hashKey,
      newFacts: [
        ['version', Uint8Array.of(VERSION)],
        ['hash-key-check', hashKeyCheckOf(hashKey)],
        ...(given === undefined ? [['hash-key', hashKey] as const] : []),
      ],
    };
  if (!timingSafeEqual(hashKeyCheckOf(hashKey), check))
    throw new KeyStoreError(
      'other-hash-key',
      'The key store was made under another hash key: every subject would get another id. Start with the hash key that it was made under.',
    );
  return { hashKey, newFacts: [] };
}
