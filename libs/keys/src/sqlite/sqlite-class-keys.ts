import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { ClassKeyCount, DestroyedClassKeys } from '../class-keys.js';
import type { ClassYear } from '../sealed-text.js';
import { bytesOf } from '../subject-key.js';

export const CLASS_KEY_TABLES = `
  -- The keys of a class of personal fields and a year. Each is listed under its subject.
  CREATE TABLE IF NOT EXISTS class_keys (key_id BLOB PRIMARY KEY, class TEXT NOT NULL, year INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS class_keys_by_year ON class_keys (class, year);
  -- How many were destroyed since their time was over, and how many of these the log records.
  CREATE TABLE IF NOT EXISTS class_keys_destroyed (
    class TEXT NOT NULL, year INTEGER NOT NULL, total INTEGER NOT NULL, recorded INTEGER NOT NULL, PRIMARY KEY (class, year))
    WITHOUT ROWID;
`;

const HELD =
  'EXISTS (SELECT 1 FROM listed JOIN held ON held.subject_id = listed.subject_id WHERE listed.key_id = class_keys.key_id)';

/** The keys of classes and years of a key store's file. Each call that writes is part of a transaction of the store. */
export class SqliteClassKeys {
  private readonly statements;

  constructor(db: DatabaseSyncInstance) {
    this.statements = {
      add: db.prepare('INSERT OR IGNORE INTO class_keys (key_id, class, year) VALUES (?, ?, ?)'),
      remove: db.prepare('DELETE FROM class_keys WHERE key_id = ?'),
      counts: db.prepare(`
        SELECT class AS personalClass, year, count(*) AS keys, count(*) FILTER (WHERE ${HELD}) AS held
          FROM class_keys GROUP BY class, year ORDER BY class, year`),
      free: db.prepare(`SELECT key_id FROM class_keys WHERE class = ? AND year = ? AND NOT ${HELD} LIMIT ?`),
      unlist: db.prepare('DELETE FROM listed WHERE key_id = ?'),
      count: db.prepare(`
        INSERT INTO class_keys_destroyed (class, year, total, recorded) VALUES (?, ?, ?, 0)
        ON CONFLICT (class, year) DO UPDATE SET total = total + excluded.total`),
      destroyed: db.prepare(`
        SELECT class AS personalClass, year, total - recorded AS keys, total FROM class_keys_destroyed
         ORDER BY class, year`),
      confirm: db.prepare(`
        INSERT INTO class_keys_destroyed (class, year, total, recorded) VALUES (?1, ?2, ?3, ?3)
        ON CONFLICT (class, year) DO UPDATE SET total = max(total, ?3), recorded = max(recorded, ?3)`),
    };
  }

  add(keyId: string, { personalClass, year }: ClassYear): void {
    this.statements.add.run(bytesOf(keyId), personalClass, year);
  }

  remove(id: Uint8Array): void {
    this.statements.remove.run(id);
  }

  counts(): readonly ClassKeyCount[] {
    return this.statements.counts.all() as unknown as readonly ClassKeyCount[];
  }

  /** The ids of up to `limit` keys that no hold keeps. They are counted as destroyed and listed no more: the store destroys them in the same transaction. */
  release({ personalClass, year }: ClassYear, limit: number): readonly string[] {
    const rows = this.statements.free.all(personalClass, year, limit) as { readonly key_id: Uint8Array }[];
    for (const { key_id } of rows) this.statements.unlist.run(key_id);
    if (rows.length > 0) this.statements.count.run(personalClass, year, rows.length);
    return rows.map(({ key_id }) => Buffer.from(key_id).toString('hex'));
  }

  destroyed(): readonly DestroyedClassKeys[] {
    return this.statements.destroyed.all() as unknown as readonly DestroyedClassKeys[];
  }

  confirm({ personalClass, year, total }: DestroyedClassKeys): void {
    this.statements.confirm.run(personalClass, year, total);
  }
}
