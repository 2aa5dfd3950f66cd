import { DatabaseSync } from '@photostructure/sqlite';
import type { Database } from '#database';
import { liveSchema } from '#projections/schema';

/** Rows of one COPY, and of one transaction. */
const ROWS_A_COPY = 5_000;
const RAW_SCHEMA = 'raw_rows';

/** The rows of one table, as text, in the order of its columns. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Every row of the live version of the read models. */
export async function liveRows(database: Database): Promise<{ readonly schema: string; readonly tables: TableRows[] }> {
  const schema = (await liveSchema(database)) ?? '';
  const columns = await database.query<{ table_name: string; column_name: string }>(
    `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1
      ORDER BY table_name, ordinal_position`,
    [schema],
  );
  const byTable = new Map<string, string[]>();
  for (const { table_name, column_name } of columns)
    byTable.set(table_name, [...(byTable.get(table_name) ?? []), column_name]);
  const tables: TableRows[] = [];
  for (const [table, names] of byTable) {
    const rows: unknown[][] = [];
    for (;;) {
      const page = await database.query(
        `SELECT ${names.map((name) => `"${name}"::text AS "${name}"`).join(', ')} FROM ${schema}.${table}
          ORDER BY ctid LIMIT 20000 OFFSET ${rows.length}`,
      );
      for (const row of page) rows.push(names.map((name) => row[name]));
      if (page.length < 20_000) break;
    }
    tables.push({ table, columns: names, rows });
  }
  return { schema, tables };
}

/** The cheapest way to read the log: SQLite in a loop, and JSON.parse of what each event holds. In milliseconds. */
export function scanRaw(logFile: string): {
  readonly scanMs: number;
  readonly parseMs: number;
  readonly events: number;
} {
  const db = new DatabaseSync(logFile, { readOnly: true });
  try {
    const page = db.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT 5000');
    page.setReturnArrays(true);
    let scanMs = 0;
    let parseMs = 0;
    let events = 0;
    let last = 0;
    for (;;) {
      const begun = performance.now();
      const rows = page.all(last) as unknown as unknown[][];
      const read = performance.now();
      for (const row of rows) {
        JSON.parse(row.at(-2) as string);
        JSON.parse(row.at(-1) as string);
      }
      scanMs += read - begun;
      parseMs += performance.now() - read;
      events += rows.length;
      const end = rows.at(-1);
      if (end === undefined) return { scanMs, parseMs, events };
      last = end[0] as number;
    }
  } finally {
    db.close();
  }
}

/** The cheapest way to write the rows: COPY into tables with the same columns, keys and indexes. In milliseconds. */
export async function writeRawTables(
  database: Database,
  schema: string,
  tables: readonly TableRows[],
): Promise<number> {
  await database.exec(`DROP SCHEMA IF EXISTS ${RAW_SCHEMA} CASCADE; CREATE SCHEMA ${RAW_SCHEMA}`);
  for (const { table } of tables)
    await database.exec(`CREATE TABLE ${RAW_SCHEMA}.${table} (LIKE ${schema}.${table} INCLUDING ALL)`);
  const begun = performance.now();
  for (const { table, columns, rows } of tables)
    for (let at = 0; at < rows.length; at += ROWS_A_COPY)
      await database.transaction((tx) =>
        tx.copyIn(`${RAW_SCHEMA}.${table}`, columns, rows.slice(at, at + ROWS_A_COPY)),
      );
  const elapsed = performance.now() - begun;
  await database.exec(`DROP SCHEMA ${RAW_SCHEMA} CASCADE`);
  return elapsed;
}
