import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect } from '@jest/globals';

const shared = process.env['PERENNIAL_SHARED'] ?? '../shared';
const VECTORS = process.env['VECTORS'] ?? join(shared, 'vectors');
const DATA = process.env['DATA'] ?? join(shared, 'data');

/** A case that others published: an input, and what it must give. */
export interface VectorCase<Input = unknown, Expected = unknown> {
  readonly id: string;
  readonly model: string;
  readonly function: string;
  readonly params: Readonly<Record<string, number>> | string | null;
  readonly input: Input;
  readonly expected: Expected;
  readonly tolerance: Tolerance | null;
}

export type Tolerance = Readonly<Partial<Record<'abs' | 'rel' | 'absDecimals' | 'round', number>>>;

/** The cases of a file; none, and a warning, where the file is not there. */
export function vectorCases(file: string): readonly VectorCase[] {
  const path = join(VECTORS, file);
  if (!existsSync(path)) {
    console.warn(`SKIPPED: the published cases of ${file} need ${path}.`);
    return [];
  }
  const document = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<'vectors' | 'cases', VectorCase[]>>;
  return document.vectors ?? document.cases;
}

/** A group of cases; skipped where there are none. */
export const describeCases = (title: string, cases: readonly unknown[], body: () => void): void =>
  (cases.length > 0 ? describe : describe.skip)(title, body);

/** The text of a data set, by its base name; null, and a warning, where it is not there. */
export function dataSet(name: string): string | null {
  const base = name.replace(/^vectors-/, '');
  for (const folder of [DATA, VECTORS])
    for (const path of [join(folder, base), join(folder, `${base}.gz`)]) {
      if (!existsSync(path)) continue;
      const bytes = readFileSync(path);
      return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    }
  console.warn(`SKIPPED: cases that need ${base}, which is not in ${DATA}.`);
  return null;
}

/** Rows of a simple CSV file, by the names of its columns. */
export function rowsOf(text: string): readonly Readonly<Record<string, string>>[] {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const names = header.split(',').map((name) => name.replaceAll('"', ''));
  return lines.map((line) => {
    const values = line.split(',');
    return Object.fromEntries(names.map((name, at) => [name, (values[at] ?? '').replaceAll('"', '')]));
  });
}

/** Expects a number, or numbers of the same form, within the tolerance of the case. */
export function expectWithin(found: unknown, expected: unknown, tolerance: Tolerance | null, at = ''): void {
  if (typeof expected !== 'number') {
    const entries = Object.entries(expected as object);
    expect(Object.keys(found as object)).toEqual(expect.arrayContaining(entries.map(([key]) => key)));
    for (const [key, each] of entries)
      expectWithin((found as Record<string, unknown>)[key], each, tolerance, `${at}/${key}`);
    return;
  }
  const number = found as number;
  if (tolerance?.round !== undefined) {
    const scale = 10 ** tolerance.round;
    expect({ at, found: Math.round(number * scale) / scale }).toEqual({ at, found: expected });
    return;
  }
  const allowed =
    tolerance?.absDecimals !== undefined
      ? 1.5 * 10 ** -tolerance.absDecimals
      : (tolerance?.abs ?? 0) + (tolerance?.rel ?? 0) * Math.abs(expected);
  expect({ at, found: number, isWithin: Math.abs(number - expected) <= allowed }).toEqual({
    at,
    found: number,
    isWithin: true,
  });
}
