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
const INT4_ARRAY = 1007;
const TEXT_ARRAY = 1009;
const INT8_ARRAY = 1016;

/** Reads `2026-11-22 05:00:00.123+00`, as a session in UTC writes it. */
function readInstant(text: string): number {
  if (text === 'infinity') return Infinity;
  if (text === '-infinity') return -Infinity;
  const zone = text.length - 3;
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, zone)}Z`);
}

/**
 * Reads a one-dimensional array, `{1,"a \\"b\\"",NULL}`, the counterpart of `arrayText`.
 *
 * @throws SyntaxError on an array of arrays: a query that gives one should give rows instead
 */
function readArray<T>(text: string, read: (element: string) => T): (T | null)[] {
  if (text === '{}') return [];
  if (!text.startsWith('{') || text.startsWith('{{')) throw new SyntaxError(`Not a one-dimensional array: ${text}`);
  const elements: (T | null)[] = [];
  for (let i = 1; i < text.length; i += 1) {
    let element = '';
    if (text[i] === '"') {
      for (i += 1; text[i] !== '"'; i += 1) element += text[i] === '\\' ? (text[(i += 1)] ?? '') : (text[i] ?? '');
      elements.push(read(element));
      i += 1;
    } else {
      const from = i;
      while (text[i] !== ',' && text[i] !== '}') i += 1;
      element = text.slice(from, i);
      elements.push(element === 'NULL' ? null : read(element));
    }
  }
  return elements;
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
  [INT4_ARRAY]: (text) => readArray(text, Number),
  [INT8_ARRAY]: (text) => readArray(text, Number),
  [TEXT_ARRAY]: (text) => readArray(text, String),
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
