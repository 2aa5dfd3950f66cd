import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StoreWatch, type Config } from '#platform';
import type { PostgresKeyStore, PostgresKeyStoreOptions } from './postgres/postgres-key-store.js';
import { openSqliteKeyStore, type SqliteKeyStore } from './sqlite/sqlite-key-store.js';

/** The key store of an engine, which keeps the API keys as well. */
export type EngineKeys = SqliteKeyStore | PostgresKeyStore;

/** The key store that the config names: in the data folder, or in a PostgreSQL database. */
export async function openKeys(
  { dataDir, keysUrl, hashKey }: Config,
  watch: StoreWatch = StoreWatch.silent(),
): Promise<EngineKeys> {
  const own = hashKey === null ? {} : { hashKey };
  if (keysUrl === null) return openKeyStoreOf(dataDir, own);
  return watch.opening(`the database of the keys at ${new URL(keysUrl).host}`, () =>
    openPostgresKeyStore({ url: keysUrl, watch, ...own }),
  );
}

/** The key store in a PostgreSQL database. The client library is loaded here, and not before. */
export async function openPostgresKeyStore(options: PostgresKeyStoreOptions): Promise<PostgresKeyStore> {
  const { openKeysOnServer } = await import('./postgres/postgres-key-store.js');
  return openKeysOnServer(options);
}

/** The key store of a data folder, which is created where it is missing. */
export function openKeyStoreOf(dataDir: string, options: { readonly hashKey?: Uint8Array } = {}): SqliteKeyStore {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return openSqliteKeyStore({ file: join(dataDir, 'keys.db'), ...options });
}
