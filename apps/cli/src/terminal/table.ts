import type { Answer, AnswerRow, Column } from '#queries';
import { plainLine } from './single-line.js';

const CELL_MAX = 60;

/** Rows as columns of equal width; the widths are those of the first page, so that any number of pages can follow. */
export class Table {
  private widths: readonly number[] | null = null;

  constructor(private readonly columns: readonly Column[]) {}

  /** The lines of a page; those of the first begin with the names of the columns. */
  page({ rows }: Pick<Answer, 'rows'>): string {
    const cells = rows.map((row) => this.columns.map((column) => cellText(column, row)));
    const lines: string[] = [];
    if (this.widths === null) {
      const names = this.columns.map((column) => column.name);
      this.widths = names.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)));
      lines.push(
        this.line(names, () => false),
        this.line(
          this.widths.map((width) => '─'.repeat(width)),
          () => false,
        ),
      );
    }
    for (const row of cells) lines.push(this.line(row, (at) => isNumber(this.columns[at])));
    return lines.map((line) => `${line}\n`).join('');
  }

  private line(cells: readonly string[], toTheRight: (at: number) => boolean): string {
    return cells
      .map((cell, at) => {
        const width = this.widths?.[at] ?? 0;
        return toTheRight(at) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  }
}

function cellText(column: Column, row: AnswerRow): string {
  const value = row[column.name];
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string);
  const line = plainLine(text);
  return line.length > CELL_MAX ? `${line.slice(0, CELL_MAX - 1)}…` : line;
}

function isNumber(column: Column | undefined): boolean {
  return column?.type === 'integer' || column?.type === 'number';
}
