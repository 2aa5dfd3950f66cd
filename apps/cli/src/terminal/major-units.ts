import { minorDigits } from '#contracts/basics';
import type { Answer, AnswerRow, Column } from '#queries';

/** How amounts are written: in minor units (cents), as the API gives them, or in major ones, as people do. */
export const MONEY = ['minor', 'major'] as const;
export type Money = (typeof MONEY)[number];

const MINOR = /Minor$/;

/** The answer with its amounts in major units: `revenueMinor` 123450 becomes `revenue` 1234.50, by the digits of the currency beside it. */
export function inMajorUnits(answer: Answer): Answer {
  const nameOf = majorNames(answer.columns.map(({ name }) => name));
  const columns = answer.columns.map((column) => majorColumn(column, nameOf));
  if (columns.every((column, at) => column === answer.columns[at] && column.type !== 'json')) return answer;
  return { ...answer, columns, rows: answer.rows.map((row) => majorRow(answer.columns, row, nameOf)) };
}

type NameOf = (name: string) => string;

/** The name of an amount in major units: without `Minor`, unless another column has that name, as a count beside its sum has. */
function majorNames(names: readonly string[]): NameOf {
  const taken = new Set(names);
  return (name) => {
    const bare = name.replace(MINOR, '');
    return taken.has(bare) ? `${bare}Amount` : bare;
  };
}

function majorColumn(column: Column, nameOf: NameOf): Column {
  const { name, description } = column;
  if (!MINOR.test(name)) return column;
  const text = description.replace(/,? in minor units/, '');
  return { ...column, name: nameOf(name), type: 'number', description: text };
}

function majorRow(columns: readonly Column[], row: AnswerRow, nameOf: NameOf): AnswerRow {
  const major: Record<string, unknown> = {};
  for (const { name, type } of columns) {
    const value = row[name];
    if (MINOR.test(name)) major[nameOf(name)] = amountText(value, row['currency']);
    else major[name] = type === 'json' ? nestedMajor(value) : value;
  }
  return major;
}

/** Within a value of several parts, an amount stands beside its currency. */
function nestedMajor(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nestedMajor);
  if (typeof value !== 'object' || value === null) return value;
  const { currency } = value as { readonly currency?: unknown };
  const nameOf = majorNames(Object.keys(value));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) =>
      MINOR.test(name) && typeof part === 'number' && typeof currency === 'string'
        ? [nameOf(name), amountText(part, currency)]
        : [name, nestedMajor(part)],
    ),
  );
}

/** An amount without its currency: `1234.50`. Null where it has no currency to be read in. */
function amountText(amount: unknown, currency: unknown): string | null {
  if (typeof amount !== 'number') return null;
  if (typeof currency !== 'string') return amount === 0 ? '0' : null;
  return majorText(amount, currency);
}

/** An amount in minor units as a decimal, without its currency: exact, whatever its size. */
export function majorText(amountMinor: number, currency: string): string {
  const digits = minorDigits(currency) ?? 0;
  const sign = amountMinor < 0 ? '-' : '';
  const text = String(Math.abs(amountMinor)).padStart(digits + 1, '0');
  return `${sign}${digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`}`;
}
