import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const VECTORS = process.env['VECTORS'] ?? join(process.env['PERENNIAL_SHARED'] ?? '../shared', 'vectors');

/** A document of published cases; null, and a warning, where it is not there. */
export function vectorDocument<T>(file: string): T | null {
  const path = join(VECTORS, file);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
  // eslint-disable-next-line no-console -- a spec has no other place to say it
  console.warn(`SKIPPED: the published cases of ${file} need ${path}.`);
  return null;
}
