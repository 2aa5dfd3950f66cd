import type { DatabaseSyncInstance } from '@photostructure/sqlite';

/** A step of the tables that access needs. A released step is never edited: change the tables by a new step. */
interface Step {
  readonly number: number;
  /** What it does, in two or three words. */
  readonly name: string;
  readonly sql: string;
}

export const API_KEY_STEPS: readonly Step[] = [
  {
    number: 1,
    name: 'API keys',
    // Earlier releases made this table without a number: in their files this step changes nothing.
    sql: `CREATE TABLE IF NOT EXISTS api_keys (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, permissions TEXT NOT NULL,
      created_at INTEGER NOT NULL, revoked_at INTEGER) WITHOUT ROWID`,
  },
  {
    number: 2,
    name: 'roles, scopes and expiry',
    sql: `
      ALTER TABLE api_keys ADD COLUMN role TEXT;
      ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '{}';
      ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
      ALTER TABLE api_keys ADD COLUMN replaces TEXT;
      ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;
      CREATE TABLE blocked_principals (
        principal TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, lifted_at INTEGER, PRIMARY KEY (principal, at))
        WITHOUT ROWID;

      UPDATE api_keys SET permissions = replace(permissions, '"read-personal"', '"open"');
      -- The admin key of the first start may do everything, as before.
      UPDATE api_keys SET permissions = '["publish","read","open","audit","quarantine","decide","policy","types","erase","hold","operate","prove","administer","approve"]'
       WHERE name = 'admin' AND id = (SELECT id FROM api_keys ORDER BY created_at, id LIMIT 1)
         AND permissions LIKE '%"publish"%' AND permissions LIKE '%"read"%' AND permissions LIKE '%"open"%'
         AND permissions LIKE '%"audit"%' AND permissions LIKE '%"operate"%';
      -- The other keys keep the routes that \`operate\` opened, except the keys themselves: those need \`administer\` now.
      UPDATE api_keys SET permissions = rtrim(permissions, ']') || ',"quarantine","types","policy","erase"]'
       WHERE permissions LIKE '%"operate"%' AND permissions NOT LIKE '%"administer"%';
    `,
  },
  {
    number: 3,
    name: 'rates',
    sql: `ALTER TABLE api_keys ADD COLUMN rate TEXT NOT NULL DEFAULT '{}'`,
  },
  {
    number: 4,
    name: 'sessions of browsers',
    sql: `
      CREATE TABLE sessions (
        hash TEXT PRIMARY KEY, principal TEXT NOT NULL, issuer_session TEXT, sealed BLOB NOT NULL,
        begun_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, ends_at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE INDEX sessions_by_principal ON sessions (principal);
      CREATE INDEX sessions_by_issuer_session ON sessions (issuer_session);
    `,
  },
  {
    number: 5,
    name: 'standing purposes',
    sql: `ALTER TABLE api_keys ADD COLUMN standing_purpose TEXT`,
  },
  {
    number: 6,
    name: 'segments by API keys',
    sql: `
      -- Marketers define segments, and the admin key of the first start may do everything.
      UPDATE api_keys SET permissions = rtrim(permissions, ']') || ',"curate"]'
       WHERE permissions NOT LIKE '%"curate"%'
         AND (role = 'marketer' OR (permissions LIKE '%"publish"%' AND permissions LIKE '%"administer"%'));
    `,
  },
];

/**
 * Brings the tables of API keys up to date: applies the steps beyond the file's number (`user_version`), each with its number in one transaction.
 * The process that has the file open owns its data folder, so no other process migrates it at the same time.
 */
export function migrateApiKeys(db: DatabaseSyncInstance): void {
  const [found] = db.prepare('PRAGMA user_version').all() as { readonly user_version: number }[];
  for (const { number, sql } of API_KEY_STEPS) {
    if (number <= (found?.user_version ?? 0)) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(`${sql}; PRAGMA user_version = ${number}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}
