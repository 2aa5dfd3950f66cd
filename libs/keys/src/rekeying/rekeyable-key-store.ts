import type { ApiKeyTable } from '../api-keys/api-key-row.js';
import type { KeyStore } from '../key-store.js';

/** The fact that holds the hash keys before the present one, the first one first. */
export const EARLIER_HASH_KEYS = 'earlier-hash-keys';
/** The fact that holds the check of the hash key which the present one replaced. */
export const REKEYED_FROM = 'rekeyed-from';

/** What the key store of a new hash key inherits from the one that it replaces. */
export interface Inheritance {
  /** The check of the hash key that is replaced: 16 bytes. */
  readonly check: Uint8Array;
  /** All hash keys before the new one, the first one first, 32 bytes each. */
  readonly hashKeys: Uint8Array;
  /** The erased subjects, by their ids under the new key. */
  readonly erased: readonly Buffer[];
}

/** A key store that can be replaced by one of another hash key, and can be that replacement. */
export interface RekeyableKeyStore extends KeyStore {
  /** For people: the file, or the database without its password. */
  readonly place: string;
  readonly apiKeys: ApiKeyTable;
  /** The ids that never get a key again, page by page. */
  erasedIds(): AsyncIterable<readonly string[]>;
  /** The subjects that a key is listed under, sorted: destroying any of their keys destroys it. */
  listedUnder(keyId: string): Promise<readonly string[]>;
  /** The check of the hash key that this store's replaced: 16 bytes; null where it replaced none. */
  replacedKey(): Promise<Uint8Array | null>;
  /** Whether it holds neither a key nor an erasure. */
  isEmpty(): Promise<boolean>;
  /** Records what outlives the old hash key, all in one durable transaction. */
  inherit(inheritance: Inheritance): Promise<void>;
}
