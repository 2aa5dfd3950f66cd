import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Permission } from '#platform';

/** An API key as it is stored: never the key itself. */
export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret. */
  readonly hash: Buffer;
  readonly permissions: readonly Permission[];
  /** UTC milliseconds. */
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

/** The table of API keys, in the store that keeps the subject keys. */
export interface ApiKeyTable {
  readAll(): Promise<readonly ApiKeyRow[]>;
  /** Resolves when the row is durable. */
  insert(row: ApiKeyRow): Promise<void>;
  /** Inserts into an empty table; false where the table has a row. */
  insertFirst(row: ApiKeyRow): Promise<boolean>;
  revoke(id: string, at: number): Promise<void>;
  /** Inserts the rows, or replaces those of the same ids; all or none. */
  upsertAll(rows: readonly ApiKeyRow[]): Promise<void>;
  /** Calls the listener with all rows, at every poll, where other processes may have changed them. */
  onPolled(listener: (rows: readonly ApiKeyRow[]) => void): void;
  close(): void;
}

/** The API keys in the SQLite file of the keys, which no other process changes. */
export function sqliteApiKeys(db: DatabaseSyncInstance): ApiKeyTable {
  db.exec(`CREATE TABLE IF NOT EXISTS api_keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, permissions TEXT NOT NULL,
    created_at INTEGER NOT NULL, revoked_at INTEGER) WITHOUT ROWID`);
  const insert = (row: ApiKeyRow): void => {
    db.prepare('INSERT INTO api_keys (id, name, hash, permissions, created_at) VALUES (?, ?, ?, ?, ?)').run(
      row.id,
      row.name,
      row.hash,
      JSON.stringify(row.permissions),
      row.createdAt,
    );
  };
  return {
    readAll: async () =>
      (db.prepare('SELECT * FROM api_keys').all() as Record<string, unknown>[]).map((row) => ({
        id: row['id'] as string,
        name: row['name'] as string,
        hash: Buffer.from(row['hash'] as Uint8Array),
        permissions: JSON.parse(row['permissions'] as string) as Permission[],
        createdAt: row['created_at'] as number,
        revokedAt: row['revoked_at'] as number | null,
      })),
    insert: async (row) => insert(row),
    insertFirst: async (row) => {
      if (db.prepare('SELECT 1 FROM api_keys LIMIT 1').get() !== undefined) return false;
      insert(row);
      return true;
    },
    revoke: async (id, at) => {
      db.prepare('UPDATE api_keys SET revoked_at = ? WHERE id = ?').run(at, id);
    },
    upsertAll: async (rows) => {
      db.exec('BEGIN IMMEDIATE');
      try {
        const put = db.prepare(
          'INSERT OR REPLACE INTO api_keys (id, name, hash, permissions, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)',
        );
        for (const { id, name, hash, permissions, createdAt, revokedAt } of rows)
          put.run(id, name, hash, JSON.stringify(permissions), createdAt, revokedAt);
        db.exec('COMMIT');
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    },
    onPolled: () => undefined,
    close: () => undefined,
  };
}
