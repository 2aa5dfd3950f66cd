import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { byCase, type KeptHold, type KeyHold } from '../holds.js';
import { bytesOf } from '../subject-key.js';

export const HOLD_TABLES = `
  -- Legal holds. One that was lifted stays here, so that it is not placed again by a process that reads the log later.
  CREATE TABLE IF NOT EXISTS holds (id BLOB PRIMARY KEY, case_name TEXT NOT NULL, lifted INTEGER NOT NULL) WITHOUT ROWID;
  -- The subjects and quarantined bodies that a hold in force keeps.
  CREATE TABLE IF NOT EXISTS held (subject_id BLOB NOT NULL, hold_id BLOB NOT NULL, PRIMARY KEY (subject_id, hold_id)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS held_by_hold ON held (hold_id);
  CREATE INDEX IF NOT EXISTS listed_by_key ON listed (key_id);
`;

/** The legal holds of a key store's file. Each call is part of a transaction of the store. */
export class SqliteHolds {
  private readonly statements;

  constructor(db: DatabaseSyncInstance) {
    this.statements = {
      record: db.prepare('INSERT OR IGNORE INTO holds (id, case_name, lifted) VALUES (?, ?, 0)'),
      isLifted: db.prepare('SELECT 1 AS yes FROM holds WHERE id = ? AND lifted = 1'),
      keep: db.prepare('INSERT OR IGNORE INTO held (subject_id, hold_id) VALUES (?, ?)'),
      lift: db.prepare(
        "INSERT INTO holds (id, case_name, lifted) VALUES (?, '', 1) ON CONFLICT (id) DO UPDATE SET lifted = 1",
      ),
      release: db.prepare('DELETE FROM held WHERE hold_id = ? RETURNING subject_id'),
      on: db.prepare(
        'SELECT holds.id, holds.case_name FROM held JOIN holds ON holds.id = held.hold_id WHERE held.subject_id = ?',
      ),
      keeps: db.prepare(`
        SELECT 1 AS yes WHERE EXISTS (SELECT 1 FROM held WHERE subject_id = ?1)
          OR EXISTS (SELECT 1 FROM listed JOIN held ON held.subject_id = listed.subject_id WHERE listed.key_id = ?1)`),
      keysUnder: db.prepare('SELECT key_id FROM listed WHERE subject_id = ?1 UNION SELECT ?1'),
      isUnderErased: db.prepare(
        'SELECT 1 AS yes FROM listed JOIN erased ON erased.id = listed.subject_id WHERE listed.key_id = ?',
      ),
    };
  }

  place({ id, case: caseName, subjectIds }: KeptHold): void {
    this.statements.record.run(bytesOf(id), caseName);
    if (this.statements.isLifted.get(bytesOf(id)) !== undefined) return;
    for (const subjectId of new Set(subjectIds)) this.statements.keep.run(bytesOf(subjectId), bytesOf(id));
  }

  /** Ends a hold. Returns the listed keys that an erasure left and that no other hold keeps: they are to be destroyed. */
  lift(holdId: string): string[] {
    this.statements.lift.run(bytesOf(holdId));
    const released = new Set<string>();
    for (const { subject_id } of this.statements.release.all(bytesOf(holdId)) as { subject_id: Uint8Array }[])
      for (const { key_id } of this.statements.keysUnder.all(subject_id) as { key_id: Uint8Array }[])
        released.add(Buffer.from(key_id).toString('hex'));
    return [...released].filter(
      (keyId) => this.statements.isUnderErased.get(bytesOf(keyId)) !== undefined && !this.keeps(keyId),
    );
  }

  /** The holds that keep any of these ids. */
  on(ids: Iterable<string>): readonly KeyHold[] {
    const found = new Map<string, KeyHold>();
    for (const id of ids)
      for (const row of this.statements.on.all(bytesOf(id)) as { id: Uint8Array; case_name: string }[]) {
        const holdId = Buffer.from(row.id).toString('hex');
        found.set(holdId, { id: holdId, case: row.case_name });
      }
    return [...found.values()].sort(byCase);
  }

  /** Whether a hold keeps this key: it is held itself, or listed under a subject that is. */
  keeps(keyId: string): boolean {
    return this.statements.keeps.get(bytesOf(keyId)) !== undefined;
  }
}
