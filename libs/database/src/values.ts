/** Values as text, the same to and from both stores: so the two drivers cannot differ in what they make of a value. */
import { parse as parseArray } from 'postgres-array';

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

/** Parses `2026-11-22 05:00:00.123+00`, as a session in UTC prints it. */
function parseInstant(text: string): number {
  if (text === 'infinity') return Infinity;
  if (text === '-infinity') return -Infinity;
  const zone = text.length - 3;
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, zone)}Z`);
}

/** PostgreSQL's types by number, and how their text is parsed. Values of other types stay text. */
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
  [TIMESTAMPTZ]: parseInstant,
  [INT4_ARRAY]: (text) => parseArray(text, Number),
  [INT8_ARRAY]: (text) => parseArray(text, Number),
  [TEXT_ARRAY]: (text) => parseArray(text, String),
};

/** A one-dimensional array as a parameter: `{1,"a \"b\"",NULL}`. U+0000, which PostgreSQL's text cannot hold, becomes U+FFFD. */
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

/** The instants that PostgreSQL holds and prints with four digits of a year: years 1 to 9999. Others are moved to the nearest of them. */
const EARLIEST = -62_135_596_800_000;
const LATEST = 253_402_300_799_999;

/** An instant as a parameter of type `timestamptz`. Infinity stands for `infinity`. */
export function instantText(at: number): string {
  if (at === -Infinity) return '-infinity';
  if (at === Infinity) return 'infinity';
  return new Date(Math.min(Math.max(at, EARLIEST), LATEST)).toISOString();
}
