import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { GivenRates, GivenScopes, Permission, Role } from '#platform';
import type { AccessRows, ApiKeyRow, ApiKeyTable, BlockRow } from '../api-keys/api-key-row.js';

const COLUMNS =
  'id, name, hash, role, permissions, scopes, rate, standing_purpose, created_at, expires_at, replaces, last_used_at, revoked_at';

const INTO = `INTO api_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const PUT_BLOCK = 'INSERT OR REPLACE INTO blocked_principals (principal, at, by, lifted_at) VALUES (?, ?, ?, ?)';

/** The API keys in the SQLite file of the keys, which no other process changes. */
export function sqliteApiKeys(db: DatabaseSyncInstance): ApiKeyTable {
  const insert = (row: ApiKeyRow): void => {
    db.prepare(`INSERT ${INTO}`).run(...valuesOf(row));
  };
  const inTransaction = (work: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      work();
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    readAll: async () => ({
      keys: (db.prepare('SELECT * FROM api_keys').all() as Record<string, unknown>[]).map(rowOf),
      blocks: db
        .prepare('SELECT principal, at, by, lifted_at AS liftedAt FROM blocked_principals')
        .all() as unknown as BlockRow[],
    }),
    insert: async (row) => insert(row),
    insertFirst: async (row) => {
      if (db.prepare('SELECT 1 FROM api_keys LIMIT 1').get() !== undefined) return false;
      insert(row);
      return true;
    },
    revoke: async (id, at) => {
      db.prepare('UPDATE api_keys SET revoked_at = ? WHERE id = ?').run(at, id);
    },
    expire: async (id, at) => {
      db.prepare('UPDATE api_keys SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE id = ?2').run(at, id);
    },
    used: async (lastUsed) => {
      const update = db.prepare(
        'UPDATE api_keys SET last_used_at = ?1 WHERE id = ?2 AND coalesce(last_used_at, -1) < ?1',
      );
      inTransaction(() => {
        for (const [id, at] of lastUsed) update.run(at, id);
      });
    },
    block: async ({ principal, at, by, liftedAt }) => {
      db.prepare(PUT_BLOCK).run(principal, at, by, liftedAt);
    },
    unblock: async (principal, at) => {
      db.prepare('UPDATE blocked_principals SET lifted_at = ? WHERE principal = ? AND lifted_at IS NULL').run(
        at,
        principal,
      );
    },
    upsertAll: async ({ keys, blocks }: AccessRows) => {
      inTransaction(() => {
        const put = db.prepare(`INSERT OR REPLACE ${INTO}`);
        for (const row of keys) put.run(...valuesOf(row));
        const block = db.prepare(PUT_BLOCK);
        for (const { principal, at, by, liftedAt } of blocks) block.run(principal, at, by, liftedAt);
      });
    },
    onPolled: () => undefined,
    close: () => undefined,
  };
}

function valuesOf(row: ApiKeyRow): (string | number | Buffer | null)[] {
  const { id, name, hash, role, permissions, scopes, rate, createdAt, expiresAt, replaces, lastUsedAt, revokedAt } =
    row;
  return [
    ...[
      id,
      name,
      hash,
      role,
      JSON.stringify(permissions),
      JSON.stringify(scopes),
      JSON.stringify(rate),
      row.standingPurpose ?? null,
    ],
    ...[createdAt, expiresAt, replaces, lastUsedAt, revokedAt],
  ];
}

const rowOf = (row: Record<string, unknown>): ApiKeyRow => ({
  id: row['id'] as string,
  name: row['name'] as string,
  hash: Buffer.from(row['hash'] as Uint8Array),
  role: row['role'] as Role | null,
  permissions: JSON.parse(row['permissions'] as string) as Permission[],
  scopes: JSON.parse(row['scopes'] as string) as GivenScopes,
  rate: JSON.parse(row['rate'] as string) as GivenRates,
  ...(row['standing_purpose'] === null ? {} : { standingPurpose: row['standing_purpose'] as string }),
  createdAt: row['created_at'] as number,
  expiresAt: row['expires_at'] as number | null,
  replaces: row['replaces'] as string | null,
  lastUsedAt: row['last_used_at'] as number | null,
  revokedAt: row['revoked_at'] as number | null,
});
