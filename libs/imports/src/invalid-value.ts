import { pointerTo } from '#contracts';
import type { InvalidRow } from './import-item.js';

/**
 * Thrown where a value of a row cannot be used; the reader catches it and makes an `InvalidRow` of the row. Its texts say what was expected
 * and never what was found: a cell may hold personal data, and the reason for a quarantine is stored in the clear.
 */
export class InvalidValue extends Error {
  constructor(
    /** `value-missing`, `money-inexact`, … */
    readonly code: string,
    /** Null where the row as a whole is invalid. */
    readonly column: string | null,
    /** What the column, or the row, must be: `must be a whole number`. */
    readonly detail: string,
    readonly hint: string,
    /** Of several rows that make one touchpoint, the one with the fault, from 0. */
    readonly rowAt = 0,
  ) {
    super(`${column ?? 'The row'} ${detail}`);
    this.name = 'InvalidValue';
  }
}

/** A line that cannot be read as a row at all: what is wrong with it, as `must …`, or a reason of its own. */
export function malformedRow(malformed: string | InvalidValue): InvalidValue {
  if (malformed instanceof InvalidValue) return malformed;
  return new InvalidValue('row-malformed', null, malformed, 'check the delimiter, the quotes and the number of cells');
}

/** What is known of a row that cannot become a touchpoint. */
export type RowPlace = Omit<InvalidRow, 'code' | 'pointer' | 'detail' | 'hint'>;

/** The row together with the reason; the pointer leads to the column. */
export function invalidRow(place: RowPlace, { code, column, detail, hint, rowAt }: InvalidValue): InvalidRow {
  const pointer = Array.isArray(place.row)
    ? pointerToColumn(place.row[rowAt], column, rowAt)
    : pointerToColumn(place.row, column);
  return { ...place, code, pointer, detail, hint };
}

/** A column of a CSV file is a key of the row; in NDJSON it may also be a path through the row. */
function pointerToColumn(row: unknown, column: string | null, ...rowAt: readonly number[]): string {
  if (column === null) return pointerTo('row');
  const isKey = typeof row === 'object' && row !== null && Object.hasOwn(row, column);
  return pointerTo('row', ...rowAt, ...(isKey ? [column] : column.split('.')));
}
