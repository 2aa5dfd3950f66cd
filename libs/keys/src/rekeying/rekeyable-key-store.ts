import type { ApiKeyTable } from '../api-keys/api-key-table.js';
import type { KeyStore } from '../key-store.js';

/** The fact that holds the hash keys before this one, the first one first. */
export const EARLIER_HASH_KEYS = 'earlier-hash-keys';
/** The fact that tells which hash key was replaced by this one. */
export const REKEYED_FROM = 'rekeyed-from';

/** What the key store of a new hash key takes over from the one that it replaces. */
export interface Inheritance {
  /** Tells which hash key is replaced: 16 bytes. */
  readonly check: Uint8Array;
  /** All hash keys before the new one, the first one first, 32 bytes each. */
  readonly hashKeys: Uint8Array;
  /** Who was erased, by the names that they have under the new key. */
  readonly erased: readonly Buffer[];
}

/** What a key store does beside serving an engine: it can be replaced by one of another hash key, and be that one. */
export interface RekeyableKeyStore extends KeyStore {
  /** For people: the file, or the database without its password. */
  readonly place: string;
  readonly apiKeys: ApiKeyTable;
  /** The ids of all that may never have a key again, page by page. */
  erasedIds(): AsyncIterable<readonly string[]>;
  /** The subjects under which a key is listed, sorted: with any of them it dies. */
  listedUnder(keyId: string): Promise<readonly string[]>;
  /** Tells which hash key this store's replaced: 16 bytes; null where it replaced none. */
  replacedKey(): Promise<Uint8Array | null>;
  /** Whether it holds neither a key nor an erasure. */
  isEmpty(): Promise<boolean>;
  /** Takes over what outlives the old hash key, all in one durable transaction. */
  inherit(inheritance: Inheritance): Promise<void>;
}
