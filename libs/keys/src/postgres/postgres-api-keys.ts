import type pg from 'pg';
import { LOCKS, waitForLock } from '#database';
import type { ApiKeyRow, ApiKeyTable } from '../api-keys/api-key-table.js';
import type { Permission } from '#platform';

const INSERT = `INSERT INTO perennial_keys.api_keys (id, name, hash, permissions, created_at)
  VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))`;

const UPSERT = `INSERT INTO perennial_keys.api_keys (id, name, hash, permissions, created_at, revoked_at)
  SELECT id, name, decode(hash, 'hex'), permissions,
         to_timestamp("createdAt" / 1000), to_timestamp("revokedAt" / 1000)
    FROM jsonb_to_recordset($1::text::jsonb) AS t(
      id text, name text, hash text, permissions jsonb, "createdAt" float8, "revokedAt" float8)
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, hash = excluded.hash, permissions = excluded.permissions,
    created_at = excluded.created_at, revoked_at = excluded.revoked_at`;

/** The API keys beside the subject keys, in a schema that exists already. Several processes share them, and each polls for changes. */
export function postgresApiKeys(pool: pg.Pool, pollMs: number): ApiKeyTable {
  const listeners: ((rows: readonly ApiKeyRow[]) => void)[] = [];
  const readAll = async (): Promise<readonly ApiKeyRow[]> => {
    const { rows } = await pool.query<Record<string, unknown>>('SELECT * FROM perennial_keys.api_keys');
    return rows.map(rowOf);
  };
  // A failed poll changes nothing: the keys stay as they were last read, and the store's health check reports it.
  const polling = setInterval(() => {
    if (listeners.length > 0)
      void readAll().then(
        (rows) => listeners.forEach((listener) => listener(rows)),
        () => undefined,
      );
  }, pollMs);
  polling.unref();
  return {
    readAll,
    insert: async (row) => {
      await pool.query(INSERT, valuesOf(row));
    },
    insertFirst: async (row) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(`SELECT ${waitForLock(LOCKS.firstApiKey)}`);
        const { rowCount } = await client.query('SELECT 1 FROM perennial_keys.api_keys LIMIT 1');
        const first = rowCount === 0;
        if (first) await client.query(INSERT, valuesOf(row));
        await client.query('COMMIT');
        return first;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      } finally {
        client.release();
      }
    },
    revoke: async (id, at) => {
      await pool.query(
        'UPDATE perennial_keys.api_keys SET revoked_at = to_timestamp($2::float8 / 1000) WHERE id = $1',
        [id, at],
      );
    },
    upsertAll: async (rows) => {
      await pool.query(UPSERT, [JSON.stringify(rows.map((row) => ({ ...row, hash: row.hash.toString('hex') })))]);
    },
    onPolled: (listener) => listeners.push(listener),
    close: () => clearInterval(polling),
  };
}

const valuesOf = ({ id, name, hash, permissions, createdAt }: ApiKeyRow): unknown[] => [
  id,
  name,
  hash,
  JSON.stringify(permissions),
  createdAt,
];

const rowOf = (row: Record<string, unknown>): ApiKeyRow => ({
  id: row['id'] as string,
  name: row['name'] as string,
  hash: row['hash'] as Buffer,
  permissions: row['permissions'] as Permission[],
  createdAt: (row['created_at'] as Date).getTime(),
  revokedAt: (row['revoked_at'] as Date | null)?.getTime() ?? null,
});
