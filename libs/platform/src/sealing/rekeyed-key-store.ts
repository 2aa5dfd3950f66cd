import { renamedUnder } from './earlier-names.js';
import { hashKeyCheckOf } from './hash-key.js';
import { KeyedHash } from './keyed-hash.js';
import { KeyStoreError } from './key-store.js';
import { EARLIER_HASH_KEYS, openSqliteKeyStore, type SqliteKeyStore } from './sqlite-key-store.js';

export interface RekeyedKeyStoreOptions {
  /** The file: made where it is missing, and gone on with where it was made for the same old store. */
  readonly file: string;
  /** The store whose hash key is replaced. It is only read. */
  readonly from: SqliteKeyStore;
  /** The new hash key, where it is kept apart from the file; made and kept in the file unless given. */
  readonly hashKey?: Uint8Array;
}

const REKEYED_FROM = 'rekeyed-from';

/**
 * Opens the key store of a log that gets another hash key. It holds no key of the old one: subjects get new ones as they are met. What it takes over
 * is who was erased, by new names (see `EarlierNames`), and who may speak to the engine (the API keys).
 * @throws KeyStoreError `other-hash-key` where the file is there and belongs to something else.
 */
export function openRekeyedKeyStore({ file, from, hashKey }: RekeyedKeyStoreOptions): SqliteKeyStore {
  const given = hashKey === undefined ? {} : { hashKey };
  const store = openSqliteKeyStore({ file, ...given });
  const { database: db } = store;
  try {
    const check = Buffer.from(from.hashKeyCheck, 'hex');
    const made = db.prepare('SELECT value FROM facts WHERE name = ?').get(REKEYED_FROM) as
      { readonly value: Uint8Array } | undefined;
    if (made === undefined ? holdsAnything(store) : !check.equals(made.value))
      throw new KeyStoreError(
        'other-hash-key',
        `The key store ${file} is not the one of this log under its new hash key: move it away.`,
      );
    if (check.equals(hashKeyCheckOf(store.hashKey)))
      throw new KeyStoreError('other-hash-key', 'The new hash key is the old one: give another.');
    db.exec('BEGIN IMMEDIATE');
    try {
      adoptErased(store, from);
      adoptApiKeys(store, from);
      const fact = db.prepare('INSERT OR IGNORE INTO facts (name, value) VALUES (?, ?)');
      fact.run(EARLIER_HASH_KEYS, Buffer.concat([from.earlier?.hashKeys ?? new Uint8Array(), from.hashKey]));
      fact.run(REKEYED_FROM, check);
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  } catch (error) {
    db.close();
    throw error;
  }
  // Opened anew, it knows its earlier names from the start.
  db.close();
  return openSqliteKeyStore({ file, ...given });
}

function holdsAnything({ database }: SqliteKeyStore): boolean {
  const held = 'SELECT 1 FROM keys UNION ALL SELECT 1 FROM erased LIMIT 1';
  return database.prepare(held).get() !== undefined;
}

function adoptErased({ database: db, hashKey }: SqliteKeyStore, from: SqliteKeyStore): void {
  const later = new KeyedHash(hashKey);
  const tables = ['erased', 'erased_earlier'].map((table) =>
    db.prepare(`INSERT OR IGNORE INTO ${table} (id) VALUES (?)`),
  );
  for (const name of from.erasedNames()) {
    const id = Buffer.from(renamedUnder(later, name), 'hex');
    for (const table of tables) table.run(id);
  }
}

function adoptApiKeys({ database: db }: SqliteKeyStore, { database: old }: SqliteKeyStore): void {
  const made = old.prepare(`SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'api_keys'`).get() as
    { readonly sql: string } | undefined;
  if (made === undefined) return;
  db.exec(
    made.sql
      .replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS')
      .replace('IF NOT EXISTS IF NOT EXISTS', 'IF NOT EXISTS'),
  );
  const rows = old.prepare('SELECT * FROM api_keys').all() as Record<string, string | number | null | Uint8Array>[];
  for (const row of rows) {
    const columns = Object.keys(row);
    db.prepare(
      `INSERT OR REPLACE INTO api_keys (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    ).run(...Object.values(row));
  }
}
