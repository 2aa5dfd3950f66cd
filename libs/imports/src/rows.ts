import { parse } from 'csv-parse/sync';
import { fileLines } from './file-lines.js';
import type { ImportFile } from './draft.js';

/** One row of a file: its cells by name, or why it cannot be read as one. */
export type Row =
  | { readonly line: number; readonly cells: Readonly<Record<string, unknown>>; readonly text: string }
  | { readonly line: number; readonly text: string; readonly broken: string };

export interface CsvShape {
  readonly delimiter: string;
  readonly quote: string | null;
  /** Names of the columns, or null where the first line holds them. */
  readonly columns: readonly string[] | null;
}

/** A quoted cell may hold this many line ends; a quote that does not close within them is a fault of its own line. */
const LINES_MAX = 200;

/** Thrown where a file has no header, or lacks a column that is needed: nothing was taken from it. */
export class FileRejected extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = 'FileRefused';
  }
}

/**
 * Rows of a CSV file in pages. A row with too few or too many cells, or with a quote that does not close, is broken, and the next
 * line is read on. `line` is the row's first line. Only rows with a quoted cell pass through the CSV parser: the others are cut at the delimiter,
 * which is the same and several times as fast.
 */
export async function* csvRows(
  file: ImportFile,
  shape: CsvShape,
  needed: readonly string[] = [],
): AsyncIterable<readonly Row[]> {
  let columns = shape.columns;
  if (columns !== null) requireColumns(columns, needed);
  const records = new Records(shape);
  let first = true;
  for await (const lines of withEnd(fileLines(file))) {
    const page: Row[] = [];
    for (const record of lines === null ? records.end() : records.of(lines)) {
      if ('broken' in record) {
        page.push(record);
        continue;
      }
      const { cells, line, text } = record;
      if (first && cells[0] !== undefined) cells[0] = cells[0].replace(/^\ufeff/, '');
      first = false;
      if (columns === null) {
        columns = cells.map((name) => name.trim());
        requireColumns(columns, needed);
      } else page.push(rowOf(columns, cells, line, text));
    }
    if (page.length > 0) yield page;
  }
  if (columns === null) throw new FileRejected('The file is empty', 'Give a file with a header line.');
}

type NumberedLine = readonly [line: number, text: string];
type Broken = Extract<Row, { readonly broken: string }>;

interface Cut {
  readonly line: number;
  readonly cells: string[];
  readonly text: string;
}

/** Cuts lines into records; holds the lines of a record whose quoted cell goes on. */
class Records {
  private held: NumberedLine[] = [];
  private quotes = 0;

  constructor(private readonly shape: CsvShape) {}

  *of(lines: readonly NumberedLine[]): Iterable<Cut | Broken> {
    const { quote, delimiter } = this.shape;
    for (const numbered of lines) {
      const [line, text] = numbered;
      if (this.held.length === 0) {
        if (text === '') continue;
        if (quote === null || !beginsQuoted(text, quote, delimiter)) {
          yield { line, text, cells: text.split(delimiter) };
          continue;
        }
      }
      this.held.push(numbered);
      this.quotes += count(text, quote ?? '"');
      if (this.quotes % 2 === 0) {
        const record = this.parsed();
        if ('broken' in record && this.held.length > 1) {
          yield* this.unclosed();
          continue;
        }
        yield record;
        this.held = [];
        this.quotes = 0;
      } else if (this.held.length > LINES_MAX) yield* this.unclosed();
    }
  }

  /** At the end of the file: what is still held was never closed. */
  *end(): Iterable<Cut | Broken> {
    while (this.held.length > 0) yield* this.unclosed();
  }

  /** The first line held is broken; the others are read as if it had not been there. */
  private *unclosed(): Iterable<Cut | Broken> {
    const [first, ...rest] = this.held;
    this.held = [];
    this.quotes = 0;
    if (first !== undefined) yield { line: first[0], text: first[1], broken: 'opens a quote that does not close' };
    yield* this.of(rest);
  }

  private parsed(): Cut | Broken {
    const line = this.held[0]?.[0] ?? 0;
    const text = this.held.map(([, part]) => part).join('\n');
    const { delimiter, quote } = this.shape;
    try {
      const [cells] = parse(text, { delimiter, quote, relax_column_count: true });
      return { line, text, cells: cells ?? [] };
    } catch {
      return { line, text, broken: 'has quotes that do not fit' };
    }
  }
}

/** Whether a cell of the line opens with the quote: where none does, a quote is a character like any other. */
function beginsQuoted(text: string, quote: string, delimiter: string): boolean {
  return text.startsWith(quote) || text.startsWith(`\ufeff${quote}`) || text.includes(delimiter + quote);
}

function count(text: string, part: string): number {
  let found = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) found += 1;
  return found;
}

async function* withEnd<T>(pages: AsyncIterable<T>): AsyncIterable<T | null> {
  yield* pages;
  yield null;
}

function rowOf(columns: readonly string[], record: readonly string[], line: number, text: string): Row {
  if (record.length !== columns.length)
    return { line, text, broken: `has ${record.length} cells where ${columns.length} are named` };
  const cells: Record<string, string> = {};
  for (let at = 0; at < columns.length; at += 1) cells[columns[at] ?? ''] = record[at] ?? '';
  return { line, cells, text };
}

function requireColumns(columns: readonly string[], needed: readonly string[]): void {
  const missing = needed.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw new FileRejected(
      `The file has no column ${missing.map((name) => `'${name}'`).join(', ')}; it has ${columns.map((name) => `'${name}'`).join(', ')}`,
      'Correct the column names in the mapping, or the delimiter.',
    );
}

/** Rows of an NDJSON file in pages: one JSON object a line; empty lines are passed over. */
export async function* ndjsonRows(file: ImportFile): AsyncIterable<readonly Row[]> {
  for await (const lines of fileLines(file)) {
    const page: Row[] = [];
    for (const [line, text] of lines) if (text.trim() !== '') page.push(jsonRow(line, text));
    if (page.length > 0) yield page;
  }
}

function jsonRow(line: number, text: string): Row {
  try {
    const cells: unknown = JSON.parse(text);
    if (typeof cells === 'object' && cells !== null && !Array.isArray(cells))
      return { line, text, cells: cells as Record<string, unknown> };
    return { line, text, broken: 'is JSON, but no object' };
  } catch {
    return { line, text, broken: 'is no JSON' };
  }
}
