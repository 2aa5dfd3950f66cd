import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#platform';
import type { PostgresKeyStore, PostgresKeyStoreOptions } from './postgres/postgres-key-store.js';
import { openSqliteKeyStore, type SqliteKeyStore } from './sqlite/sqlite-key-store.js';

/** The key store of an engine, which keeps the API keys as well. */
export type EngineKeys = SqliteKeyStore | PostgresKeyStore;

/** The key store that the config names: in the data folder, or in a PostgreSQL database. */
export async function openKeys({ dataDir, keysUrl, hashKey }: Config): Promise<EngineKeys> {
  const own = hashKey === null ? {} : { hashKey };
  return keysUrl === null ? openKeyStoreOf(dataDir, own) : openPostgresKeyStore({ url: keysUrl, ...own });
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
