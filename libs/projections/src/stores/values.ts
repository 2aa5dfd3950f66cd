/** How values travel: the same text to and from both stores, so that neither driver's habits can differ. */

const BOOLEAN = 16;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const JSON_TYPE = 114;
const FLOAT4 = 700;
const FLOAT8 = 701;
const DATE = 1082;
const TIMESTAMPTZ = 1184;
const NUMERIC = 1700;
const JSONB = 3802;

/** Reads `2026-11-22 05:00:00.123+00`, as a session in UTC writes it. */
function readInstant(text: string): number {
  if (text === 'infinity') return Infinity;
  if (text === '-infinity') return -Infinity;
  const zone = text.length - 3;
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, zone)}Z`);
}

/** PostgreSQL's types by number, and how their text is read; whatever is not listed stays text. */
export const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [BOOLEAN]: (text) => text === 't',
  [INT2]: Number,
  [INT4]: Number,
  [INT8]: Number,
  [FLOAT4]: Number,
  [FLOAT8]: Number,
  [NUMERIC]: Number,
  [JSON_TYPE]: (text) => JSON.parse(text) as unknown,
  [JSONB]: (text) => JSON.parse(text) as unknown,
  [DATE]: (text) => text,
  [TIMESTAMPTZ]: readInstant,
};

const CLEAN = /^[^\\\t\n\r\0]*$/;

/** A text in COPY's text format. What PostgreSQL's text cannot hold (U+0000) becomes U+FFFD. */
export function escapedForCopy(text: string): string {
  if (CLEAN.test(text)) return text;
  return text
    .replaceAll('\0', '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}

/** One value in COPY's text format. */
function copyText(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return escapedForCopy(String(value as string));
}

/** Rows in COPY's text format. */
export function copyRows(rows: readonly (readonly unknown[])[]): string {
  let text = '';
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) text += (i === 0 ? '' : '\t') + copyText(row[i]);
    text += '\n';
  }
  return text;
}

/** A one-dimensional array literal: `{1,"a \"b\"",NULL}`. */
export function arrayText(values: readonly unknown[]): string {
  let text = '{';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    const value = values[i];
    if (value === null || value === undefined) text += 'NULL';
    else if (typeof value === 'number') text += String(value);
    else if (typeof value === 'boolean') text += value ? 't' : 'f';
    else {
      const s = String(value as string);
      text += `"${/["\\\0]/.test(s) ? s.replaceAll('\0', '\ufffd').replace(/["\\]/g, '\\$&') : s}"`;
    }
  }
  return `${text}}`;
}

/** The COPY statement for some columns of a table. */
export function copyStatement(table: string, columns: readonly string[], from: string): string {
  return `COPY ${table} (${columns.join(', ')}) FROM ${from}`;
}
