import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

type Value = string | number | Uint8Array | null;
type Values = readonly Value[];

/**
 * The rows of an event log as they are stored, to be written again by nothing but SQLite. The baseline is given everything
 * that costs our own way something: values in their stored form, numbers for names, positions and revisions.
 */
export interface StoredRows {
  readonly schema: readonly string[];
  readonly pageSize: number;
  /** Rows of the small tables, by table: written before the clock runs. */
  readonly names: Readonly<Record<string, readonly Values[]>>;
  readonly streams: readonly Values[];
  readonly events: readonly Values[];
}

/** Reads a closed log's rows. */
export function storedRows(file: string): StoredRows {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = (sql: string): Values[] => {
      const statement = db.prepare(sql);
      statement.setReturnArrays(true);
      return statement.all() as unknown as Values[];
    };
    return {
      schema: rows(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL`).map(([sql]) => String(sql as string)),
      pageSize: Number(rows('PRAGMA page_size')[0]?.[0] ?? 4_096),
      names: { sources: rows('SELECT * FROM sources'), types: rows('SELECT * FROM types') },
      streams: rows('SELECT id, name FROM streams ORDER BY id'),
      events: rows('SELECT * FROM events ORDER BY position'),
    };
  } finally {
    db.close();
  }
}

/**
 * Writes the rows again: the same tables, the same indexes, WAL and synchronous=FULL, a commit for every `size` rows, by
 * prepared statements in a tight loop. Returns the milliseconds that the rows after the first `untimed` took.
 */
export function writeRaw(rows: StoredRows, folder: string, size: number, untimed = 0): number {
  const db = new DatabaseSync(join(folder, `raw-${size}-${Date.now()}.db`));
  try {
    db.exec(`PRAGMA page_size = ${rows.pageSize}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`);
    db.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536;');
    for (const sql of rows.schema) db.exec(sql);
    for (const [table, values] of Object.entries(rows.names)) {
      const name = db.prepare(`INSERT INTO ${table} VALUES (?, ?)`);
      for (const row of values) name.run(...row);
    }
    const stream = db.prepare('INSERT INTO streams VALUES (?, ?)');
    const width = rows.events[0]?.length ?? 0;
    const event = db.prepare(`INSERT INTO events VALUES (${new Array(width).fill('?').join(', ')})`);
    let streams = 0;
    const write = (from: number, to: number): void => {
      db.exec('BEGIN IMMEDIATE');
      for (let i = from; i < to; i += 1) {
        const row = rows.events[i] as Values;
        // A stream stands in the log just before its first event.
        for (let next = rows.streams[streams]; next !== undefined && Number(next[0]) <= Number(row[1]);) {
          stream.run(...next);
          streams += 1;
          next = rows.streams[streams];
        }
        event.run(...row);
      }
      db.exec('COMMIT');
    };
    for (let at = 0; at < untimed; at += size) write(at, Math.min(at + size, untimed));
    const begun = performance.now();
    for (let at = untimed; at < rows.events.length; at += size) write(at, Math.min(at + size, rows.events.length));
    return performance.now() - begun;
  } finally {
    db.close();
  }
}
