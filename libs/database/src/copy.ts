import { DAY } from '#contracts';
import type { CopyText, Row } from './port.js';
import { jsonText } from './rows.js';
import { instantText } from './values.js';
import type { ColumnType, Table } from './table.js';

/** The COPY statement for some columns of a table. */
export function copyStatement(table: string, columns: readonly string[], from: string): string {
  return `COPY ${table} (${columns.join(', ')}) FROM ${from}`;
}

const CLEAN = /^[^\\\t\n\r\0]*$/;

/** A text in COPY's text format. U+0000, which PostgreSQL's text cannot hold, becomes U+FFFD. */
function escapeForCopy(text: string): string {
  if (CLEAN.test(text)) return text;
  return text
    .replaceAll('\0', '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}

/** One value in COPY's text format. */
function copyValue(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return escapeForCopy(String(value as string));
}

/** Rows in COPY's text format. */
export function copyRows(rows: readonly (readonly unknown[])[]): string {
  let text = '';
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) text += (i === 0 ? '' : '\t') + copyValue(row[i]);
    text += '\n';
  }
  return text;
}

/** Rows of a table in COPY's text format, straight from the rows: a rebuild writes too many to make arrays of their values first. */
export function copyText(table: Table, rows: readonly Row[], into: string = table.name): CopyText {
  const columns = Object.keys(table.columns);
  const writers = Object.values(table.columns).map((type) => WRITERS[type]);
  let text = '';
  for (const row of rows) {
    for (let i = 0; i < columns.length; i++) {
      const value = row[columns[i] as string];
      if (i > 0) text += '\t';
      text += value === null || value === undefined ? '\\N' : (writers[i] as (value: unknown) => string)(value);
    }
    text += '\n';
  }
  return { into, columns, text };
}

const WRITERS: Readonly<Record<ColumnType, (value: unknown) => string>> = {
  text: (value) => escapeForCopy(String(value as string)),
  date: (value) => escapeForCopy(String(value as string)),
  int: (value) => String(value as number),
  bigint: (value) => String(value as number),
  boolean: (value) => (value === true ? 't' : 'f'),
  timestamptz: (value) => (typeof value === 'number' ? instant(value) : escapeForCopy(String(value as string))),
  jsonb: (value) => {
    // Of the characters that have a meaning in COPY, JSON holds the backslash alone.
    const text = jsonText(value);
    return text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
  },
};

const DAYS_KEPT = 20_000;
const days = new Map<number, string>();
const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));

/** As `instantText`. A rebuild writes many instants and few days, so days are cached. */
function instant(at: number): string {
  const day = Math.floor(at / DAY);
  let date = days.get(day);
  if (date === undefined) {
    // Near the bounds of what can be stored, `instantText` decides.
    if (!(day > -719_000 && day < 2_932_000)) return instantText(at);
    if (days.size >= DAYS_KEPT) days.clear();
    date = instantText(day * DAY).slice(0, 11);
    days.set(day, date);
  }
  const ms = at - day * DAY;
  const second = Math.floor(ms / 1_000);
  const fraction = String(Math.floor(ms - second * 1_000)).padStart(3, '0');
  const minute = Math.floor(second / 60);
  return `${date}${TWO[Math.floor(minute / 60)]}:${TWO[minute % 60]}:${TWO[second % 60]}.${fraction}Z`;
}
