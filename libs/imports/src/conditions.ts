import { parseDecimal, type NumberFormat } from './decimal.js';
import { InvalidValue } from './invalid-value.js';
import { withoutCurrency } from './money.js';
import { cellOf, textOf, type ColumnName, type RowSet } from './row-set.js';

/** A condition of a mapping: about one column, or made of others. */
export type Condition = ColumnCondition | CompoundCondition;

export interface CompoundCondition {
  readonly kind: 'all' | 'any' | 'not';
  readonly conditions: readonly Condition[];
}

export interface ColumnCondition {
  readonly kind: 'column';
  readonly column: ColumnName;
  readonly present?: boolean;
  readonly in?: readonly string[];
  readonly contains?: string;
  readonly startsWith?: string;
  readonly greaterThan?: number;
  readonly atLeast?: number;
  readonly lessThan?: number;
  readonly atMost?: number;
  readonly ignoreCase: boolean;
  readonly numbers: NumberFormat;
}

/**
 * Whether a condition holds. What it says of a column holds for a group of rows where it holds for one of them. Throws `InvalidValue` where a
 * number is compared and the cell holds none.
 */
export function holds(condition: Condition, rows: RowSet): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.conditions.every((each) => holds(each, rows));
    case 'any':
      return condition.conditions.some((each) => holds(each, rows));
    case 'not':
      return !condition.conditions.some((each) => holds(each, rows));
    case 'column':
      return columnHolds(condition, rows);
  }
}

function columnHolds(condition: ColumnCondition, { rows }: RowSet): boolean {
  const texts = rows.map((row) => textOf(cellOf(row.cells, condition.column)));
  const isPresent = texts.some((text) => text !== '');
  if (condition.present !== undefined && condition.present !== isPresent) return false;
  return onlySaysPresence(condition) || texts.some((text, at) => textHolds(condition, text, at));
}

function onlySaysPresence(condition: ColumnCondition): boolean {
  const { in: texts, contains, startsWith, greaterThan, atLeast, lessThan, atMost } = condition;
  return [texts, contains, startsWith, greaterThan, atLeast, lessThan, atMost].every((test) => test === undefined);
}

function textHolds(condition: ColumnCondition, given: string, at: number): boolean {
  const { in: texts, contains, startsWith, greaterThan, atLeast, lessThan, atMost, ignoreCase } = condition;
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const text = fold(given);
  if (texts?.some((each) => fold(each) === text) === false) return false;
  if (contains !== undefined && !text.includes(fold(contains))) return false;
  if (startsWith !== undefined && !text.startsWith(fold(startsWith))) return false;
  if ([greaterThan, atLeast, lessThan, atMost].every((bound) => bound === undefined)) return true;
  if (given === '') return false;
  const number = numberOf(condition, given, at);
  return (
    (greaterThan === undefined || number > greaterThan) &&
    (atLeast === undefined || number >= atLeast) &&
    (lessThan === undefined || number < lessThan) &&
    (atMost === undefined || number <= atMost)
  );
}

/** The number in a cell, close enough to be compared. */
function numberOf({ column, numbers }: ColumnCondition, text: string, at: number): number {
  const decimal = parseDecimal(withoutCurrency(text).amount, numbers);
  if (typeof decimal === 'string')
    throw new InvalidValue(
      'value-malformed',
      column.name,
      'must be a number, since a condition compares it',
      'correct the cell, or set "decimalSeparator" in the mapping',
      at,
    );
  return (decimal.negative ? -1 : 1) * Number(`${decimal.whole}.${decimal.fraction}`);
}
