import type { Answer, AnswerRow, Column } from '#queries';
import { expandedRow } from './expanded-row.js';
import { singleLine } from './single-line.js';
import { wantedFirst } from './wanted-columns.js';
import { wrap } from './wrap.js';

const CELL_MAX = 60;
const GAP = '  ';
/** A column that is wider than this is cut where room is short, down to this width. */
const CUT_FROM = 36;
const CUT_TO = 24;
/** So many columns make a table; below them, rows are written one under the other. */
const COLUMNS_MIN = 2;

/**
 * Rows as a table that fits the terminal: columns without a value are left out, then the least wanted ones, and the last line names what was left
 * out. Columns and widths are those of the first page, so that any number of pages can follow. Where not even two columns fit, a row takes a line
 * for each column.
 */
export class Table {
  private shown: readonly { readonly column: Column; readonly width: number }[] | null = null;
  private leftOut: readonly string[] = [];
  private rows = 0;

  constructor(
    private readonly columns: readonly Column[],
    /** The width of the terminal; null where there is none. */
    private readonly terminal: number | null,
    private readonly query = '',
  ) {}

  /** The lines of a page; the first page begins with the names of the columns. */
  page({ rows }: Pick<Answer, 'rows'>): string {
    const header = this.shown === null ? this.begin(rows) : [];
    const lines = this.isExpanded
      ? rows.map((row) => this.expanded(row))
      : [...header, ...rows.map((row) => this.line((column) => cellText(column, row), isNumber))];
    return lines.map((line) => `${line}\n`).join('');
  }

  /** The line after the last page: what was left out, and how to see it. Empty where nothing was. */
  end(ways = '--columns, --format json, or a wider terminal'): string {
    if (this.leftOut.length === 0) return '';
    const named = `Not shown: ${this.leftOut.join(', ')}. Use ${ways}.`;
    return `\n${wrap(named, this.terminal, 0)}\n`;
  }

  private get isExpanded(): boolean {
    return this.shown !== null && this.shown.length < Math.min(COLUMNS_MIN, this.columns.length);
  }

  private begin(rows: readonly AnswerRow[]): readonly string[] {
    const filled = this.columns.filter(({ name }) => rows.length === 0 || rows.some((row) => !isEmpty(row[name])));
    const candidates = filled.map((column) => ({ column, width: widthOf(column, rows) }));
    const room = this.terminal ?? Number.POSITIVE_INFINITY;
    const kept = new Map<Column, number>();
    let used = -GAP.length;
    const order = wantedFirst(
      this.query,
      candidates.map(({ column }) => column.name),
    );
    for (const name of order) {
      const candidate = candidates.find(({ column }) => column.name === name);
      const left = room - used - GAP.length;
      if (candidate === undefined) continue;
      // Long text may be cut; an id never is.
      const width = candidate.width > CUT_FROM ? Math.min(candidate.width, left) : candidate.width;
      if (width > left || width < Math.min(candidate.width, CUT_TO)) continue;
      kept.set(candidate.column, width);
      used += GAP.length + width;
    }
    this.shown = candidates.flatMap(({ column }) => {
      const width = kept.get(column);
      return width === undefined ? [] : [{ column, width }];
    });
    if (this.isExpanded) return [];
    this.leftOut = filled.filter((column) => !kept.has(column)).map(({ name }) => name);
    const toTheLeft = (): boolean => false;
    return [this.line(({ name }) => name, isNumber), this.line((_, width) => '─'.repeat(width), toTheLeft)];
  }

  private expanded(row: AnswerRow): string {
    this.rows += 1;
    return `─── row ${this.rows} ───\n${expandedRow(this.columns, row, this.terminal)}`.trimEnd();
  }

  private line(textOf: (column: Column, width: number) => string, toTheRight: (column: Column) => boolean): string {
    return (this.shown ?? [])
      .map(({ column, width }) => {
        const text = cut(textOf(column, width), width);
        return toTheRight(column) ? text.padStart(width) : text.padEnd(width);
      })
      .join(GAP)
      .trimEnd();
  }
}

/** All rows of a short list as a table, and below it what does not fit the terminal. */
export function tableText(columns: readonly Column[], rows: readonly AnswerRow[]): string {
  const table = new Table(columns, process.stdout.columns ?? null);
  return `${table.page({ rows })}${table.end('--format json, or a wider terminal')}`;
}

function widthOf(column: Column, rows: readonly AnswerRow[]): number {
  return Math.max(column.name.length, ...rows.map((row) => cellText(column, row).length));
}

/** A number shows so many decimals at most, and one below 1 so many digits. */
const DIGITS_MAX = 4;

const shortNumber = (value: number): string =>
  String(Number(Math.abs(value) < 1 ? value.toPrecision(DIGITS_MAX) : value.toFixed(DIGITS_MAX)));

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text);

function cellText(column: Column, row: AnswerRow): string {
  const value = row[column.name];
  if (isEmpty(value)) return '';
  return cut(singleLine(valueText(value, column)), CELL_MAX);
}

function valueText(value: unknown, column: Column): string {
  if (typeof value === 'object') return partsText(value);
  // As exact as people compare: JSON has the rest.
  if (column.type === 'number' && typeof value === 'number') return shortNumber(value);
  const text = String(value as string);
  // To the minute: a table is looked at, and JSON has the rest.
  return column.type === 'instant' ? text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z$/, '$1 $2Z') : text;
}

/** A value of several parts as people read it: `second-order-due, vip`, `type-unknown 7`. */
function partsText(value: unknown): string {
  if (Array.isArray(value)) return value.map(partsText).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Object.entries(value).filter(([, part]) => part !== null);
  return parts.some(([, part]) => typeof part === 'object')
    ? JSON.stringify(value)
    : parts.map(([name, part]) => `${name} ${String(part)}`).join(', ');
}

function isNumber(column: Column): boolean {
  return column.type === 'integer' || column.type === 'number';
}
