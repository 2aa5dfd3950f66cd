import { readFileSync } from 'node:fs';
import { rejected } from './exit-codes.js';
import { readDocument } from './read-document.js';

/** One item of a file of JSON: a line, or an item of a list. */
export type FileItem =
  | { readonly number: number; readonly isJson: true; readonly value: unknown }
  /** A line that is not JSON. */
  | { readonly number: number; readonly isJson: false };

/**
 * Reads a file of one JSON document on each line, or of one JSON list. Empty lines are passed over; lines and items are numbered from 1.
 * @throws CliError where the file cannot be read
 */
export async function readItems(path: string): Promise<readonly FileItem[]> {
  const text = textOf(path);
  if (/^\s*\[/.test(text)) {
    const { value } = await readDocument(path);
    return (value as readonly unknown[]).map((item, at) => ({ number: at + 1, isJson: true, value: item }));
  }
  return text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : [itemOf(line, at + 1)]));
}

function itemOf(line: string, number: number): FileItem {
  try {
    return { number, isJson: true, value: JSON.parse(line) as unknown };
  } catch {
    return { number, isJson: false };
  }
}

/**
 * Reads a small CSV file whose first line names the columns.
 * @throws CliError where the file cannot be read as CSV
 */
export async function readCsvRows(path: string): Promise<readonly Record<string, string>[]> {
  const { parse } = await import('csv-parse/sync');
  try {
    return parse(readFileSync(path, 'utf8'), { columns: true, bom: true, skip_empty_lines: true, trim: true });
  } catch (error) {
    throw rejected(`${path} cannot be read as CSV: ${(error as Error).message}`);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw rejected(`${path} cannot be read: ${(error as Error).message}`);
  }
}
