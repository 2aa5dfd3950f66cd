import type { Answer, AnswerRow, Column } from '#queries';
import { expandedRow } from './expanded-row.js';
import { singleLine } from './single-line.js';

const CELL_MAX = 60;
const GAP = '  ';

/**
 * Rows as a table. The widths of its columns are those of the first page, so that any number of pages can follow. A table that is wider than the
 * terminal is written row by row instead, a line for each column.
 */
export class Table {
  private widths: readonly number[] | null = null;
  private isExpanded = false;
  private rows = 0;

  constructor(
    private readonly columns: readonly Column[],
    /** The width of the terminal; null where there is none. */
    private readonly terminal: number | null,
  ) {}

  /** The lines of a page; the first page begins with the names of the columns. */
  page({ rows }: Pick<Answer, 'rows'>): string {
    const cells = rows.map((row) => this.columns.map((column) => cellText(column, row)));
    const header = this.widths === null ? this.header(cells) : [];
    const lines = this.isExpanded
      ? rows.map((row) => this.expanded(row))
      : [...header, ...cells.map((row) => this.line(row, (at) => isNumber(this.columns[at])))];
    return lines.map((line) => `${line}\n`).join('');
  }

  private header(cells: readonly (readonly string[])[]): readonly string[] {
    const names = this.columns.map((column) => column.name);
    const widths = names.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)));
    this.widths = widths;
    const total = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
    this.isExpanded = this.terminal !== null && total > this.terminal;
    const toTheLeft = (): boolean => false;
    return [
      this.line(names, toTheLeft),
      this.line(
        widths.map((width) => '─'.repeat(width)),
        toTheLeft,
      ),
    ];
  }

  private expanded(row: AnswerRow): string {
    this.rows += 1;
    return `─── row ${this.rows} ───\n${expandedRow(this.columns, row)}`.trimEnd();
  }

  private line(cells: readonly string[], toTheRight: (at: number) => boolean): string {
    return cells
      .map((cell, at) => {
        const width = this.widths?.[at] ?? 0;
        return toTheRight(at) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(GAP)
      .trimEnd();
  }
}

function cellText(column: Column, row: AnswerRow): string {
  const value = row[column.name];
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string);
  const line = singleLine(text);
  return line.length > CELL_MAX ? `${line.slice(0, CELL_MAX - 1)}…` : line;
}

function isNumber(column: Column | undefined): boolean {
  return column?.type === 'integer' || column?.type === 'number';
}
