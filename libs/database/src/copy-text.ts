import type { CopyText, Row } from './port.js';
import { instantText, jsonText } from './rows.js';
import { escapedForCopy } from './values.js';
import type { ColumnType, Table } from './table.js';

/** Writes rows of a table straight in COPY's text format: a rebuild writes too many to make arrays of values first. */
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
  text: (value) => escapedForCopy(String(value as string)),
  date: (value) => escapedForCopy(String(value as string)),
  int: (value) => String(value as number),
  bigint: (value) => String(value as number),
  boolean: (value) => (value === true ? 't' : 'f'),
  timestamptz: (value) => (typeof value === 'number' ? instant(value) : escapedForCopy(String(value as string))),
  jsonb: (value) => {
    // JSON holds no character that COPY gives a meaning to, but the backslash.
    const text = jsonText(value);
    return text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
  },
};

const DAY = 86_400_000;
const DAYS_KEPT = 20_000;
const days = new Map<number, string>();
const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));

/** As `instantText`. A rebuild writes many instants and few days, so the days are remembered. */
function instant(at: number): string {
  const day = Math.floor(at / DAY);
  let date = days.get(day);
  if (date === undefined) {
    // Whatever lies at the edge of what a date can say goes the long way.
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
