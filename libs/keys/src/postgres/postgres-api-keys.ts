import type pg from 'pg';
import { LOCKS, waitForLock } from '#database';
import type { GivenRates, GivenScopes, Permission, Role } from '#platform';
import type { AccessRows, ApiKeyRow, ApiKeyTable, BlockRow } from '../api-keys/api-key-row.js';

const COLUMNS = `id, name, hash, role, permissions, scopes, rate, standing_purpose, created_at, expires_at, replaces, last_used_at, revoked_at`;

/** Inserts rows given as JSON, with hashes in hex and instants in milliseconds. */
const INSERT = `INSERT INTO perennial_keys.api_keys (${COLUMNS})
  SELECT id, name, decode(hash, 'hex'), role, permissions, scopes, rate, "standingPurpose", to_timestamp("createdAt" / 1000),
         to_timestamp("expiresAt" / 1000), replaces, to_timestamp("lastUsedAt" / 1000), to_timestamp("revokedAt" / 1000)
    FROM jsonb_to_recordset($1::text::jsonb) AS t(
      id text, name text, hash text, role text, permissions jsonb, scopes jsonb, rate jsonb, "standingPurpose" text, "createdAt" float8,
      "expiresAt" float8, replaces text, "lastUsedAt" float8, "revokedAt" float8)`;

const UPSERT = `${INSERT}
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, hash = excluded.hash, role = excluded.role,
    permissions = excluded.permissions, scopes = excluded.scopes, rate = excluded.rate, standing_purpose = excluded.standing_purpose, created_at = excluded.created_at,
    expires_at = excluded.expires_at, replaces = excluded.replaces, last_used_at = excluded.last_used_at,
    revoked_at = excluded.revoked_at`;

const BLOCK = `INSERT INTO perennial_keys.blocked_principals (principal, at, by, lifted_at)
  SELECT principal, to_timestamp(at / 1000), by, to_timestamp("liftedAt" / 1000)
    FROM jsonb_to_recordset($1::text::jsonb) AS t(principal text, at float8, by text, "liftedAt" float8)
  ON CONFLICT (principal, at) DO UPDATE SET lifted_at = coalesce(excluded.lifted_at, blocked_principals.lifted_at)`;

const UNBLOCK = `UPDATE perennial_keys.blocked_principals SET lifted_at = to_timestamp($2::float8 / 1000)
  WHERE principal = $1 AND lifted_at IS NULL`;

const EXPIRE = `UPDATE perennial_keys.api_keys SET expires_at = least(expires_at, to_timestamp($2::float8 / 1000)) WHERE id = $1`;

const USED = `UPDATE perennial_keys.api_keys AS k SET last_used_at = to_timestamp(t.at / 1000)
  FROM unnest($1::text[], $2::float8[]) AS t(id, at)
  WHERE k.id = t.id AND (k.last_used_at IS NULL OR k.last_used_at < to_timestamp(t.at / 1000))`;

/** The API keys beside the subject keys, in a schema that exists already. Several processes share them, and each polls for changes. */
export function postgresApiKeys(pool: pg.Pool, pollMs: number): ApiKeyTable {
  const listeners: ((rows: AccessRows) => void)[] = [];
  const readAll = async (): Promise<AccessRows> => {
    const keys = await pool.query<Record<string, unknown>>('SELECT * FROM perennial_keys.api_keys');
    const blocks = await pool.query<Record<string, unknown>>('SELECT * FROM perennial_keys.blocked_principals');
    return {
      keys: keys.rows.map(rowOf),
      blocks: blocks.rows.map(blockOf),
    };
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
      await pool.query(INSERT, [jsonOf([row])]);
    },
    insertFirst: async (row) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(`SELECT ${waitForLock(LOCKS.firstApiKey)}`);
        const { rowCount } = await client.query('SELECT 1 FROM perennial_keys.api_keys LIMIT 1');
        const first = rowCount === 0;
        if (first) await client.query(INSERT, [jsonOf([row])]);
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
    expire: async (id, at) => {
      await pool.query(EXPIRE, [id, at]);
    },
    used: async (lastUsed) => {
      await pool.query(USED, [[...lastUsed.keys()], [...lastUsed.values()]]);
    },
    block: async (row) => {
      await pool.query(BLOCK, [JSON.stringify([row])]);
    },
    unblock: async (principal, at) => {
      await pool.query(UNBLOCK, [principal, at]);
    },
    upsertAll: async ({ keys, blocks }) => {
      await pool.query(`WITH blocks AS (${BLOCK.replaceAll('$1', '$2')}) ${UPSERT}`, [
        jsonOf(keys),
        JSON.stringify(blocks),
      ]);
    },
    onPolled: (listener) => listeners.push(listener),
    close: () => clearInterval(polling),
  };
}

const jsonOf = (rows: readonly ApiKeyRow[]): string =>
  JSON.stringify(rows.map((row) => ({ ...row, hash: row.hash.toString('hex') })));

const instantOf = (value: unknown): number | null => (value as Date | null)?.getTime() ?? null;

const rowOf = (row: Record<string, unknown>): ApiKeyRow => ({
  id: row['id'] as string,
  name: row['name'] as string,
  hash: row['hash'] as Buffer,
  role: row['role'] as Role | null,
  permissions: row['permissions'] as Permission[],
  scopes: row['scopes'] as GivenScopes,
  rate: row['rate'] as GivenRates,
  ...(row['standing_purpose'] === null ? {} : { standingPurpose: row['standing_purpose'] as string }),
  createdAt: (row['created_at'] as Date).getTime(),
  expiresAt: instantOf(row['expires_at']),
  replaces: row['replaces'] as string | null,
  lastUsedAt: instantOf(row['last_used_at']),
  revokedAt: instantOf(row['revoked_at']),
});

const blockOf = (row: Record<string, unknown>): BlockRow => ({
  principal: row['principal'] as string,
  at: (row['at'] as Date).getTime(),
  by: row['by'] as string,
  liftedAt: instantOf(row['lifted_at']),
});
