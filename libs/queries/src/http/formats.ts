import { printable } from '../running/params.js';
import { reject } from '../running/query-rejected.js';

/** How an answer can be written, and under which content type. */
export const FORMATS = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
} as const;

export type Format = keyof typeof FORMATS;

/** The format that was said, or else the one that the Accept header prefers among ours; JSON where it prefers none. */
export function formatOf(said: unknown, accept: string | undefined): Format {
  if (said !== undefined) {
    if (typeof said === 'string' && Object.hasOwn(FORMATS, said)) return said as Format;
    throw reject(
      'format',
      `${typeof said === 'string' ? printable(said) : 'said twice, it'} is none that we write`,
      `Say one of: ${Object.keys(FORMATS).join(', ')}.`,
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
