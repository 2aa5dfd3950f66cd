import type { Row } from './port.js';
import { arrayText, instantText } from './values.js';
import type { ColumnType, Table } from './table.js';
import type { Writer } from './batch-writer.js';

/** A value as a column of this type takes it: text, number or boolean. */
export function columnText(type: ColumnType, value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'timestamptz':
      return typeof value === 'number' ? instantText(value) : String(value as string);
    case 'jsonb':
      return jsonText(value);
    case 'text':
    case 'date':
      return String(value as string);
    case 'int':
    case 'bigint':
      return value as number;
    case 'boolean':
      return value as boolean;
  }
}

/** JSON as jsonb takes it: jsonb cannot hold U+0000, so it becomes U+FFFD. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('\\u0000') ? text.replace(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1\\ufffd') : text;
}

/** The rows' values in column order, as COPY and UNNEST take them. */
export function valuesOf(table: Table, columns: readonly string[], row: Row): unknown[] {
  return columns.map((column) => columnText(typeOf(table, column), row[column]));
}

function typeOf(table: Table, column: string): ColumnType {
  const type = table.columns[column];
  if (type === undefined) throw new Error(`Table ${table.name} has no column ${column}.`);
  return type;
}

/** `unnest(…) AS alias(a, b)` over the rows, a column each; parameters are numbered from `$first`. */
export function unnest(
  table: Table,
  columns: readonly string[],
  rows: readonly Row[],
  alias: string,
  first = 1,
): { readonly sql: string; readonly params: string[] } {
  const types = columns.map((column) => typeOf(table, column));
  const params = columns.map((column, i) => arrayText(rows.map((row) => columnText(types[i] ?? 'text', row[column]))));
  const arrays = types.map((type, i) => `$${first + i}::${type}[]`);
  return { sql: `unnest(${arrays.join(', ')}) AS ${alias}(${columns.join(', ')})`, params };
}

/** At most so many rows go into one statement, so that no statement grows with the data. */
const ROWS_MAX = 5_000;

/** From so many rows on COPY is the quicker way in. */
const COPY_FROM_ROWS = 16;

/** Inserts rows; `conflict` is what follows ON CONFLICT, if anything. */
export async function insertRows(
  on: Writer,
  table: Table,
  rows: readonly Row[],
  conflict: string | null = null,
): Promise<void> {
  const columns = Object.keys(table.columns);
  if (conflict === null && rows.length >= COPY_FROM_ROWS) {
    await on.copyIn(
      table.name,
      columns,
      rows.map((row) => valuesOf(table, columns, row)),
    );
    return;
  }
  for (let at = 0; at < rows.length; at += ROWS_MAX) {
    const source = unnest(table, columns, rows.slice(at, at + ROWS_MAX), 'r');
    await on.query(
      `INSERT INTO ${table.name} (${columns.join(', ')}) SELECT ${columns.map((c) => `r.${c}`).join(', ')}
         FROM ${source.sql}${conflict === null ? '' : ` ON CONFLICT ${conflict}`}`,
      source.params,
    );
  }
}

/** Inserts rows, or puts them in the place of those with the same key. In key order, so that two writers never cross. */
export async function upsertRows(on: Writer, table: Table, rows: readonly Row[]): Promise<void> {
  const set = Object.keys(table.columns)
    .filter((column) => !table.key.includes(column))
    .map((column) => `${column} = EXCLUDED.${column}`)
    .join(', ');
  await insertRows(on, table, sortedByKey(table, rows), `(${table.key.join(', ')}) DO UPDATE SET ${set}`);
}

/** Deletes the rows that match in these columns. */
export async function deleteRows(
  on: Writer,
  table: Table,
  columns: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_MAX) {
    const source = unnest(table, columns, rows.slice(at, at + ROWS_MAX), 'r');
    await on.query(
      `DELETE FROM ${table.name} t USING ${source.sql} WHERE ${columns.map((c) => `t.${c} = r.${c}`).join(' AND ')}`,
      source.params,
    );
  }
}

export function sortedByKey(table: Table, rows: readonly Row[]): Row[] {
  return [...rows].sort((x, y) => {
    for (const column of table.key) {
      const a = x[column] as string | number;
      const b = y[column] as string | number;
      if (a !== b) return a < b ? -1 : 1;
    }
    return 0;
  });
}
