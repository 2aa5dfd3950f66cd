import { parse } from 'csv-parse/sync';
import { fileLines } from './file-lines.js';
import type { ImportFile } from './import-reader.js';

/** One row of a file: its cells by column, or what is wrong with it, as `must …`. */
export type Row =
  | { readonly line: number; readonly cells: Readonly<Record<string, unknown>>; readonly text: string }
  | { readonly line: number; readonly text: string; readonly malformed: string };

export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string | null;
  /** The names of the columns, or null where the first line holds them. */
  readonly columns: readonly string[] | null;
}

/** A quoted cell may hold this many line ends. A quote that does not close within them makes only its own line malformed. */
const QUOTED_LINES_MAX = 200;

/** Thrown where a file has no header, or lacks a column that the mapping names: nothing was imported from it. */
export class FileRejected extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = 'FileRejected';
  }
}

/**
 * Rows of a CSV file in pages. A row with too few or too many cells, or with a quote that does not close, is malformed, and reading goes on
 * with the next line. `line` is the row's first line. Only rows with a quoted cell pass through the CSV parser: the others are split at the
 * delimiter, which gives the same result several times as fast.
 */
export async function* csvRows(
  file: ImportFile,
  dialect: CsvDialect,
  requiredColumns: readonly string[] = [],
): AsyncIterable<readonly Row[]> {
  let columns = dialect.columns;
  if (columns !== null) assertColumns(columns, requiredColumns);
  const splitter = new RecordSplitter(dialect);
  let first = true;
  for await (const lines of withEnd(fileLines(file))) {
    const page: Row[] = [];
    for (const record of lines === null ? splitter.end() : splitter.split(lines)) {
      if ('malformed' in record) {
        page.push(record);
        continue;
      }
      const { cells, line, text } = record;
      if (first && cells[0] !== undefined) cells[0] = cells[0].replace(/^\ufeff/, '');
      first = false;
      if (columns === null) {
        columns = cells.map((name) => name.trim());
        assertColumns(columns, requiredColumns);
      } else page.push(rowOf(columns, cells, line, text));
    }
    if (page.length > 0) yield page;
  }
  if (columns === null) throw new FileRejected('The file is empty', 'Give a file whose first line names the columns.');
}

type NumberedLine = readonly [line: number, text: string];
type MalformedRow = Extract<Row, { readonly malformed: string }>;

interface CsvRecord {
  readonly line: number;
  readonly cells: string[];
  readonly text: string;
}

/** Splits lines into records. It keeps the lines of a record whose quoted cell is not closed yet. */
class RecordSplitter {
  private pending: NumberedLine[] = [];
  private quotes = 0;

  constructor(private readonly dialect: CsvDialect) {}

  *split(lines: readonly NumberedLine[]): Iterable<CsvRecord | MalformedRow> {
    const { quote, delimiter } = this.dialect;
    for (const numbered of lines) {
      const [line, text] = numbered;
      if (this.pending.length === 0) {
        if (text === '') continue;
        if (quote === null || !beginsQuoted(text, quote, delimiter)) {
          yield { line, text, cells: text.split(delimiter) };
          continue;
        }
      }
      this.pending.push(numbered);
      this.quotes += countOf(text, quote ?? '"');
      if (this.quotes % 2 === 0) {
        const record = this.parsePending();
        if ('malformed' in record && this.pending.length > 1) {
          yield* this.unclosed();
          continue;
        }
        yield record;
        this.pending = [];
        this.quotes = 0;
      } else if (this.pending.length > QUOTED_LINES_MAX) yield* this.unclosed();
    }
  }

  /** At the end of the file: a quote that is still open was never closed. */
  *end(): Iterable<CsvRecord | MalformedRow> {
    while (this.pending.length > 0) yield* this.unclosed();
  }

  /** The first pending line is malformed; the others are read as if it had not been there. */
  private *unclosed(): Iterable<CsvRecord | MalformedRow> {
    const [first, ...rest] = this.pending;
    this.pending = [];
    this.quotes = 0;
    if (first !== undefined) yield { line: first[0], text: first[1], malformed: 'must close the quote that it opens' };
    yield* this.split(rest);
  }

  private parsePending(): CsvRecord | MalformedRow {
    const line = this.pending[0]?.[0] ?? 0;
    const text = this.pending.map(([, part]) => part).join('\n');
    const { delimiter, quote } = this.dialect;
    try {
      const [cells] = parse(text, { delimiter, quote, relax_column_count: true });
      return { line, text, cells: cells ?? [] };
    } catch {
      return { line, text, malformed: 'must have matching quotes' };
    }
  }
}

/** Whether a cell of the line begins with the quote. Where none does, a quote is a character like any other. */
function beginsQuoted(text: string, quote: string, delimiter: string): boolean {
  return text.startsWith(quote) || text.startsWith(`\ufeff${quote}`) || text.includes(delimiter + quote);
}

function countOf(text: string, part: string): number {
  let found = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) found += 1;
  return found;
}

/** The pages, and null at the end. */
async function* withEnd<T>(pages: AsyncIterable<T>): AsyncIterable<T | null> {
  yield* pages;
  yield null;
}

function rowOf(columns: readonly string[], record: readonly string[], line: number, text: string): Row {
  if (record.length !== columns.length)
    return { line, text, malformed: `must have ${columns.length} cells, one for each column (has ${record.length})` };
  const cells: Record<string, string> = {};
  for (let at = 0; at < columns.length; at += 1) cells[columns[at] ?? ''] = record[at] ?? '';
  return { line, cells, text };
}

function assertColumns(columns: readonly string[], required: readonly string[]): void {
  const missing = required.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw new FileRejected(
      `The file has no column ${missing.map((name) => `'${name}'`).join(', ')}; its columns are ${columns.map((name) => `'${name}'`).join(', ')}`,
      'Correct the column names or the delimiter in the mapping.',
    );
}

/** Rows of an NDJSON file in pages: one JSON object a line; empty lines are skipped. */
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
    return { line, text, malformed: 'must be a JSON object' };
  } catch {
    return { line, text, malformed: 'must be JSON' };
  }
}
