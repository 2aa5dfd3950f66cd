import { printable } from '../running/params.js';
import { reject } from '../running/query-rejected.js';

/** How an answer can be written, and under which content type. */
export const FORMATS = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
} as const;

export type Format = keyof typeof FORMATS;

/** The format that was given, or else the first of ours in the Accept header; JSON by default. */
export function formatOf(given: unknown, accept: string | undefined): Format {
  if (given !== undefined) {
    if (typeof given === 'string' && Object.hasOwn(FORMATS, given)) return given as Format;
    throw reject(
      'format',
      typeof given === 'string' ? `${printable(given)} is not a format of an answer` : 'is given more than once',
      `Give one of: ${Object.keys(FORMATS).join(', ')}.`,
    );
  }
  for (const range of (accept ?? '').split(',')) {
    const type = range.split(';', 1)[0]?.trim().toLowerCase();
    if (type === 'text/csv') return 'csv';
    if (type === 'application/x-ndjson' || type === 'application/jsonl') return 'ndjson';
    if (type === 'application/json') return 'json';
  }
  return 'json';
}
