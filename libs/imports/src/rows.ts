import { parse } from 'csv-parse/sync';
import { issueOfFlaw, keysOf, withoutSpreadsheetQuoting, readJsonDigits, readJson, type JsonReading } from '#contracts';
import { fileLines, LINE_BYTES_MAX, type FileLine } from './file-lines.js';
import { FileRejected } from './file-rejected.js';
import type { ImportFile } from './import-reader.js';
import { InvalidValue } from './invalid-value.js';

/** One row of a file: its cells by column, or what is wrong with it: as `must …`, or as a reason of its own. */
export type Row =
  | { readonly line: number; readonly cells: Readonly<Record<string, unknown>>; readonly text: string }
  | { readonly line: number; readonly text: string; readonly malformed: string | InvalidValue };

export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string | null;
  /** The names of the columns, or null where the first line holds them. */
  readonly columns: readonly string[] | null;
}

/** The name of a column that the file must have, or several names of which it must have one. */
export type RequiredColumn = string | readonly string[];

/** Columns that a reader of a file names. */
export interface NamedColumns {
  readonly required: readonly RequiredColumn[];
  /** Those that a file may lack, each with all its names. */
  readonly optional: readonly (readonly string[])[];
}

const NO_COLUMNS: NamedColumns = { required: [], optional: [] };

/** A quoted cell may hold this many line ends. A quote that does not close within them makes only its own line malformed. */
const QUOTED_LINES_MAX = 200;

/**
 * Rows of a CSV file in pages. Rows without anything in their cells are passed over. A row with too few or too many cells, or with a quote that does not close, is malformed, and reading goes on
 * with the next line. `line` is the row's first line. Only rows with a quoted cell pass through the CSV parser: the others are split at the
 * delimiter, which gives the same result several times as fast.
 */
export async function* csvRows(
  file: ImportFile,
  dialect: CsvDialect,
  named: NamedColumns = NO_COLUMNS,
): AsyncIterable<readonly Row[]> {
  let columns = dialect.columns;
  if (columns !== null) assertColumns(columns, named);
  const splitter = new RecordSplitter(dialect);
  for await (const lines of withEnd(fileLines(file))) {
    const page: Row[] = [];
    for (const record of lines === null ? splitter.end() : splitter.split(lines)) {
      if ('malformed' in record) {
        if (columns === null) throw headerRejected(record.malformed);
        page.push(record);
        continue;
      }
      const { cells, line, text } = record;
      if (columns === null) {
        const delimiter = delimiterNamedIn(text);
        if (delimiter !== null) {
          splitter.delimiter = delimiter;
          continue;
        }
      }
      if (cells.every(isBlank)) continue;
      if (columns === null) {
        if (text.includes('\r')) throw LINES_END_IN_CR;
        columns = cells.map((name) => withoutSpreadsheetQuoting(name).trim());
        assertColumns(columns, named);
      } else page.push(rowOf(columns, cells, line, text));
    }
    if (page.length > 0) yield page;
  }
  if (columns === null) throw new FileRejected('The file is empty', 'Give a file whose first line names the columns.');
}

const LINES_END_IN_CR = new FileRejected(
  'The lines of the file end in CR alone, as old programs for the Macintosh write them',
  'Save it with LF or CRLF at the end of each line (tr "\\r" "\\n" < FILE).',
);

/** The delimiter that a spreadsheet names in a line of its own before the columns, such as `sep=;`; null in any other line. */
export const delimiterNamedIn = (line: string): string | null => /^"?sep=([^"])"?$/i.exec(line)?.[1] ?? null;

type MalformedRow = Extract<Row, { readonly malformed: unknown }>;

interface CsvRecord {
  readonly line: number;
  readonly cells: string[];
  readonly text: string;
}

/** Splits lines into records. It keeps the lines of a record whose quoted cell is not closed yet. */
class RecordSplitter {
  private pending: FileLine[] = [];
  private pendingLength = 0;
  private quotes = 0;
  private readonly quote: string | null;
  /** That of the mapping, until the file names its own. */
  delimiter: string;

  constructor({ delimiter, quote }: CsvDialect) {
    this.delimiter = delimiter;
    this.quote = quote;
  }

  *split(lines: readonly FileLine[]): Iterable<CsvRecord | MalformedRow> {
    const { quote } = this;
    for (const numbered of lines) {
      const { delimiter } = this;
      const [line, text, unreadable] = numbered;
      if (unreadable !== undefined) {
        // No cell goes on in a line that cannot be read.
        while (this.pending.length > 0) yield* this.unclosed();
        yield { line, text, malformed: unreadable };
        continue;
      }
      if (this.pending.length === 0) {
        if (text === '') continue;
        if (beginsWithMark(text)) {
          yield { line, text, malformed: MARKED };
          continue;
        }
        if (quote === null || !beginsQuoted(text, quote, delimiter)) {
          yield { line, text, cells: text.split(delimiter) };
          continue;
        }
      }
      this.pending.push(numbered);
      this.pendingLength += text.length;
      this.quotes += countOf(text, quote ?? '"');
      if (this.quotes % 2 === 0) {
        const record = this.parsePending();
        if ('malformed' in record && this.pending.length > 1) {
          yield* this.unclosed();
          continue;
        }
        yield record;
        this.begin();
      } else if (this.pending.length > QUOTED_LINES_MAX || this.pendingLength > LINE_BYTES_MAX) yield* this.unclosed();
    }
  }

  /** At the end of the file: a quote that is still open was never closed. */
  *end(): Iterable<CsvRecord | MalformedRow> {
    while (this.pending.length > 0) yield* this.unclosed();
  }

  /** The first pending line is malformed; the others are read as if it had not been there. */
  private *unclosed(): Iterable<CsvRecord | MalformedRow> {
    const [first, ...rest] = this.pending;
    this.begin();
    if (first !== undefined) yield { line: first[0], text: first[1], malformed: 'must close the quote that it opens' };
    yield* this.split(rest);
  }

  private begin(): void {
    this.pending = [];
    this.pendingLength = 0;
    this.quotes = 0;
  }

  private parsePending(): CsvRecord | MalformedRow {
    const line = this.pending[0]?.[0] ?? 0;
    const text = this.pending.map(([, part]) => part).join('\n');
    const { delimiter, quote } = this;
    try {
      const [cells] = parse(text, { delimiter, quote, relax_column_count: true });
      return { line, text, cells: cells ?? [] };
    } catch {
      return { line, text, malformed: 'must have matching quotes' };
    }
  }
}

/** The mark at the beginning of the file is no part of its first line: another one stands before what was a file of its own. */
const beginsWithMark = (text: string): boolean => text.startsWith('\ufeff') && text.trim() !== '';

const MARKED = new InvalidValue(
  'row-malformed',
  null,
  'must not begin with a byte-order mark',
  'the file was put together of several: take the marks out, and every line with the names of the columns but the first',
);

/** Whether a cell of the line begins with the quote. Where none does, a quote is a character like any other. */
function beginsQuoted(text: string, quote: string, delimiter: string): boolean {
  return text.startsWith(quote) || text.includes(delimiter + quote);
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

function isBlank(cell: string): boolean {
  return cell.trim() === '';
}

function assertColumns(columns: readonly string[], { required, optional }: NamedColumns): void {
  const wanted = required.map((names) => (typeof names === 'string' ? [names] : names));
  const missing = wanted.filter((names) => !names.some((name) => columns.includes(name)));
  if (missing.length > 0)
    throw new FileRejected(
      `The file has no column ${missing.map((names) => namesOf(names, ' or ')).join(', ')}; its columns are ${namesOf(columns)}`,
      'Correct the column names or the delimiter in the mapping.',
    );
  const known = new Set([...wanted, ...optional].flat());
  for (const names of optional) {
    if (names.some((name) => columns.includes(name))) continue;
    const folded = new Set(names.map(foldedName));
    const similar = columns.filter((column) => !known.has(column) && folded.has(foldedName(column)));
    if (similar.length > 0)
      throw new FileRejected(
        `The file has no column ${namesOf(names, ' or ')}, but one whose name differs in capitals or spaces: ${namesOf(similar)}`,
        'Name it in the mapping as the file does, for example in "aliases".',
      );
  }
  const doubled = wanted.flat().filter((name) => columns.indexOf(name) !== columns.lastIndexOf(name));
  if (doubled.length > 0)
    throw new FileRejected(
      `The file has more than one column ${namesOf(doubled)}: which of them is meant cannot be known`,
      'Rename one of them in the first line of the file, or give the names of all columns in "csv.columns" of the mapping.',
    );
}

/** The name without capitals, spaces and characters that are not seen. */
const foldedName = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{Cf}]/gu, '');

/** Names of columns in a message: so many, and so long. */
const NAMES_MAX = 40;
const NAME_MAX = 60;

function namesOf(columns: readonly string[], between = ', '): string {
  const names = columns
    .slice(0, NAMES_MAX)
    .map((name) => `'${name.length > NAME_MAX ? `${name.slice(0, NAME_MAX)}…` : name}'`);
  return names.join(between) + (columns.length > NAMES_MAX ? ` and ${columns.length - NAMES_MAX} more` : '');
}

function headerRejected(malformed: string | InvalidValue): FileRejected {
  const [detail, hint] =
    malformed instanceof InvalidValue ? [malformed.detail, malformed.hint] : [malformed, 'Correct the first line.'];
  return new FileRejected(`The first line, which names the columns, ${detail}`, hint);
}

/** How numbers are read: as ours, where one that loses digits makes the row malformed; or with their digits as text, where a mapping reads them. */
export type NumbersAs = 'ours' | 'digits';

/** Rows of an NDJSON file in pages: one JSON object a line; empty lines are skipped. */
export async function* ndjsonRows(file: ImportFile, numbers: NumbersAs = 'digits'): AsyncIterable<readonly Row[]> {
  const read = numbers === 'ours' ? readJson : readJsonDigits;
  for await (const lines of fileLines(file)) {
    const page: Row[] = [];
    for (const [line, text, unreadable] of lines)
      if (unreadable !== undefined) page.push({ line, text, malformed: unreadable });
      else if (text.trim() !== '') page.push(jsonRow(line, text, read(text)));
    if (page.length > 0) yield page;
  }
}

function jsonRow(line: number, text: string, reading: JsonReading | null): Row {
  if (reading === null) return { line, text, malformed: beginsWithMark(text) ? MARKED : 'must be JSON' };
  const { value: cells, flaws } = reading;
  if (typeof cells !== 'object' || cells === null || Array.isArray(cells))
    return { line, text, malformed: 'must be a JSON object' };
  const [flaw] = flaws;
  if (flaw === undefined) return { line, text, cells: cells as Record<string, unknown> };
  const { pointer, detail, hint } = issueOfFlaw(flaw);
  return {
    line,
    text,
    malformed: new InvalidValue(flaw.code, pointer === '#' ? null : keysOf(pointer).join('.'), detail, hint),
  };
}
