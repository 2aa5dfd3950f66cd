import { withoutSpreadsheetQuoting } from '#contracts';

/** The cells of a row, by column. */
export type Cells = Readonly<Record<string, unknown>>;

/** A column as a mapping names it. */
export interface ColumnName {
  readonly name: string;
  /** Other names: the first that the file has is read. */
  readonly aliases: readonly string[];
  /** Whether a file may lack the column. */
  readonly optional: boolean;
}

/** A row that was read, with its id. */
export interface ReadRow {
  readonly line: number;
  readonly cells: Cells;
  /** A hash of the row and its ordinal among identical rows. */
  readonly id: string;
}

/** The rows that make one touchpoint, or several: one row, or those of a group. */
export interface RowSet {
  readonly rows: readonly ReadRow[];
  /** Their hash: of one row, its id. */
  readonly hash: string;
  /** The group that a single row belongs to: an amount in it is in the currency of the group where its own cell is empty. */
  readonly group?: readonly ReadRow[];
}

/** A cell of the row, without what only tells a spreadsheet that it is text. */
export function cellOf(cells: Cells, column: ColumnName): unknown {
  const value = rawCell(cells, column);
  return typeof value === 'string' ? withoutSpreadsheetQuoting(value) : value;
}

function rawCell(cells: Cells, { name, aliases }: ColumnName): unknown {
  const value = cellNamed(cells, name);
  if (value !== undefined || aliases.length === 0) return value;
  for (const alias of aliases) {
    const other = cellNamed(cells, alias);
    if (other !== undefined) return other;
  }
  return undefined;
}

/** In NDJSON the column may be a path. */
function cellNamed(cells: Cells, column: string): unknown {
  if (Object.hasOwn(cells, column)) return cells[column];
  if (!column.includes('.')) return undefined;
  let value: unknown = cells;
  for (const step of column.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Cells)[step];
  }
  return value;
}

/** The text of a cell, without white space around it; empty where there is none. */
export function textOf(raw: unknown): string {
  if (typeof raw === 'string') return raw.trim();
  if (raw === undefined || raw === null) return '';
  return typeof raw === 'object' ? JSON.stringify(raw) : String(raw as number);
}
