import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { PERMISSIONS } from '#platform';
import { ApiKeys } from '../api-keys/api-keys.js';
import { ROWS_OF_0_1, SECRET_OF_0_1 } from '../testdata/keys-of-0-1.js';
import { API_KEY_STEPS } from './migrations.js';
import { openSqliteKeyStore } from './sqlite-key-store.js';

/** The table as releases before roles made it. */
const TABLE_OF_0_1 = `CREATE TABLE IF NOT EXISTS api_keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, permissions TEXT NOT NULL,
    created_at INTEGER NOT NULL, revoked_at INTEGER) WITHOUT ROWID`;

describe('the API keys in a file of an earlier release', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-keys-'));
    file = join(folder, 'keys.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('keep what they could do, except that only the admin key of the first start administers keys', async () => {
    const db = new DatabaseSync(file);
    db.exec(TABLE_OF_0_1);
    const insert = db.prepare('INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?)');
    for (const { id, name, permissions, createdAt } of ROWS_OF_0_1)
      insert.run(
        ...[id, name, createHash('sha256').update(SECRET_OF_0_1).digest(), JSON.stringify(permissions)],
        ...[createdAt, null],
      );
    db.close();
    for (let opening = 0; opening < 2; opening += 1) {
      const store = openSqliteKeyStore({ file });
      const keys = await ApiKeys.open(store.apiKeys, { now: () => 9_000 });
      for (const { id, afterwards } of ROWS_OF_0_1) {
        const principal = keys.authenticate(`pk_${id}_${SECRET_OF_0_1}`);
        expect([...(principal?.permissions ?? [])].sort()).toEqual([...(afterwards ?? PERMISSIONS)].sort());
        expect(principal?.scopes).toEqual({ sources: 'all', types: 'all', brand: 'all', purposes: 'all' });
      }
      expect(keys.list().every(({ expiresAt }) => expiresAt === null)).toBe(true);
      const [number] = store.database.prepare('PRAGMA user_version').all() as { user_version: number }[];
      expect(number?.user_version).toBe(API_KEY_STEPS.length);
      await store.close();
    }
  });

  it('are numbered from the first step on in a new file', async () => {
    expect(API_KEY_STEPS.map(({ number }) => number)).toEqual(API_KEY_STEPS.map((_, n) => n + 1));
    const store = openSqliteKeyStore({ file });
    expect(await store.apiKeys.readAll()).toEqual({ keys: [], blocks: [] });
    await store.close();
  });
});
