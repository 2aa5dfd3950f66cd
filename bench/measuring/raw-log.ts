import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';

export type Value = string | number | Uint8Array | null;
/** A row's values, in the order of its columns. */
type Values = readonly Value[];
type Statement = ReturnType<DatabaseSyncInstance['prepare']>;

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

/** A log's tables, and nothing but SQLite that writes into them: WAL and synchronous=FULL, prepared statements. */
export class RawLog {
  private readonly insertEvent: Statement;
  private readonly insertStream: Statement;
  private readonly streams: Map<number, Values>;

  private constructor(
    private readonly db: DatabaseSyncInstance,
    rows: StoredRows,
  ) {
    for (const [table, values] of Object.entries(rows.names)) {
      const name = db.prepare(`INSERT INTO ${table} VALUES (?, ?)`);
      for (const row of values) name.run(...row);
    }
    this.streams = new Map(rows.streams.map((row) => [Number(row[0]), row]));
    this.insertStream = db.prepare('INSERT INTO streams VALUES (?, ?)');
    const width = rows.events[0]?.length ?? 0;
    this.insertEvent = db.prepare(`INSERT INTO events VALUES (${new Array(width).fill('?').join(', ')})`);
  }

  /** The same tables with the same indexes, the names in them, and no event. */
  static create(file: string, rows: StoredRows): RawLog {
    const db = new DatabaseSync(file);
    db.exec(`PRAGMA page_size = ${rows.pageSize}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`);
    db.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536;');
    for (const sql of rows.schema) db.exec(sql);
    return new RawLog(db, rows);
  }

  /** Writes rows in one commit, each stream just before its first event. */
  write(events: readonly Values[]): void {
    this.db.exec('BEGIN IMMEDIATE');
    for (let at = 0; at < events.length; at += 1) {
      const row = events[at] as Values;
      const stream = this.streams.get(Number(row[1]));
      if (stream !== undefined) {
        this.insertStream.run(...stream);
        this.streams.delete(Number(row[1]));
      }
      this.insertEvent.run(...row);
    }
    this.db.exec('COMMIT');
  }

  close(): void {
    this.db.close();
  }
}

/**
 * Writes the rows again, in their order, with a commit for every `size` rows, in a tight loop. Returns the milliseconds that the rows after
 * the first `untimed` took.
 */
export function writeRaw(rows: StoredRows, folder: string, size: number, untimed = 0): number {
  const log = RawLog.create(join(folder, `raw-${size}-${Date.now()}.db`), rows);
  const { events } = rows;
  const write = (from: number, to: number): void => {
    for (let at = from; at < to; at += size) log.write(events.slice(at, Math.min(at + size, to)));
  };
  try {
    write(0, untimed);
    const begun = performance.now();
    write(untimed, events.length);
    return performance.now() - begun;
  } finally {
    log.close();
  }
}
