import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import type { Columns } from '#models';
import { rejected } from '../exit-codes.js';

/** A table of numbers, one customer in a row. */
export interface ModelTable {
  readonly ids: readonly string[];
  readonly columns: Columns;
  /** The line of the file that a row begins on. */
  readonly lines: readonly number[];
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads the columns that a model wants from a CSV file with a header; the case of a name does not matter, and other columns are ignored. A column `id` is kept as it is; without
 * one, rows are counted from 1.
 * @throws CliError that names the file, the line and the column
 */
export async function readModelTable(
  path: string,
  wanted: readonly string[],
  onRow: (bytes: number, rows: number) => void = () => undefined,
): Promise<ModelTable> {
  const ids: string[] = [];
  const lines: number[] = [];
  const values: number[][] = wanted.map(() => []);
  let header: readonly string[] | null = null;
  let places: readonly number[] = [];
  let idPlace = -1;
  const input = createReadStream(path);
  const rows = input.pipe(
    parse({ bom: true, info: true, skip_empty_lines: true, relax_column_count: true, trim: true }),
  );
  input.on('error', (error) => rows.destroy(error));
  try {
    for await (const { record, info } of rows as AsyncIterable<CsvRow>) {
      if (header === null) {
        header = record.map((name) => name.toLowerCase());
        places = wanted.map((name) => placeOf(path, header as readonly string[], name));
        idPlace = header.indexOf('id');
        continue;
      }
      const line = info.lines;
      wanted.forEach((name, at) => {
        const text = record[places[at] as number] ?? '';
        if (!NUMBER.test(text))
          throw rejected(`${path}, line ${line}: ${name} must be a number (got "${text.slice(0, 40)}").`);
        (values[at] as number[]).push(Number(text));
      });
      lines.push(line);
      ids.push(idPlace >= 0 ? (record[idPlace] ?? '') : String(lines.length));
      if (lines.length % 1000 === 0) onRow(input.bytesRead, lines.length);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^(?:E[A-Z]+|CSV_.*)$/.test(code)) throw error;
    throw rejected(`${path} cannot be read: ${(error as Error).message}`);
  }
  if (header === null) throw rejected(`${path} is empty: its first line must name the columns ${wanted.join(', ')}.`);
  return {
    ids,
    lines,
    columns: Object.fromEntries(wanted.map((name, at) => [name, Float64Array.from(values[at] as number[])])),
  };
}

interface CsvRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function placeOf(path: string, header: readonly string[], name: string): number {
  const place = header.indexOf(name.toLowerCase());
  if (place < 0) throw rejected(`${path} has no column ${name}: its columns are ${header.join(', ')}.`);
  if (header.lastIndexOf(name.toLowerCase()) !== place)
    throw rejected(`${path} has the column ${name} twice: rename or remove one of them.`);
  return place;
}
