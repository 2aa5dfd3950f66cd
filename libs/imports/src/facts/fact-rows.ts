import { createHash } from 'node:crypto';
import { factOf, factSchema, isRecordedFact, nearest, toMinor, type JsonSchema } from '#contracts';

/** A column of a file of facts. */
export interface FactColumn {
  /** As the first line of the file names it. */
  readonly name: string;
  /** The field of the fact. */
  readonly field: string;
  /** `major`: an amount such as 12.50, in the currency of the row. */
  readonly holds: 'text' | 'number' | 'major';
  /** Whether every row needs it. */
  readonly required: boolean;
}

/** Columns of every file of facts, beside those of the fact. */
const OWN = ['id', 'time'] as const;

/**
 * The columns that a file of a fact may have: the fields of its contract, and for each amount in minor units one in major units (`amount` for `amountMinor`). Fields that hold more
 * than one value have no column.
 */
export function factColumns(type: string): readonly FactColumn[] {
  const schema = factSchema(type) ?? {};
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.entries(properties).flatMap(([field, { type: holds }]): FactColumn[] => {
    if (holds !== 'string' && holds !== 'number' && holds !== 'integer') return [];
    const column = { name: field, field, required: required.includes(field) };
    if (holds === 'string') return [{ ...column, holds: 'text' }];
    const minor = /^(.+)Minor$/.exec(field)?.[1];
    const own: FactColumn = { ...column, holds: 'number' };
    return minor === undefined ? [own] : [own, { name: minor, field, holds: 'major', required: false }];
  });
}

/** Why a file of facts cannot be read: its columns do not fit the fact. */
export class FactColumnsRejected extends Error {}

/**
 * The documents of facts that the rows of a table give, one each. A row without an id gets one by its content: the same row again is the same fact, and a row that was corrected is
 * another one, which counts as the newer. A value that is not a number where one is needed is passed on as it stands, so that the fact is quarantined with the reason.
 * @throws FactColumnsRejected where a column is not known, or one that every row needs is missing
 */
export function factRows(
  type: string,
  source: string,
  rows: readonly Readonly<Record<string, string>>[],
): readonly object[] {
  if (!isRecordedFact(type)) throw new FactColumnsRejected(`${type} is not a fact of the business.`);
  const columns = factColumns(type);
  assertIsOneRow(type, columns);
  assertColumns(type, columns, Object.keys(rows[0] ?? {}));
  const version = factOf(type)?.version ?? 1;
  return rows.map((row) => {
    const data: Record<string, unknown> = {};
    for (const { name, field, holds } of columns) {
      const text = row[name];
      if (text === undefined || text === '') continue;
      data[field] =
        holds === 'text' ? text : holds === 'number' ? numberIn(text) : majorIn(text, row['currency'] ?? '');
    }
    const { id = '', time = '' } = row;
    return {
      id: id === '' ? `${type}/${contentId(data)}` : id,
      ...{ source, type, schemaVersion: version, data },
      ...(time === '' ? {} : { time }),
    };
  });
}

function assertIsOneRow(type: string, columns: readonly FactColumn[]): void {
  const needed = (factSchema(type)?.['required'] ?? []) as readonly string[];
  const without = needed.find((name) => !columns.some(({ field }) => field === name));
  if (without !== undefined)
    throw new FactColumnsRejected(`${type} needs ${without}, which holds several values: send it as JSON.`);
}

function assertColumns(type: string, columns: readonly FactColumn[], found: readonly string[]): void {
  const names = [...columns.map(({ name }) => name), ...OWN];
  for (const name of found) {
    if (names.includes(name)) continue;
    const likely = nearest(name, names);
    throw new FactColumnsRejected(
      `The column ${JSON.stringify(name)} is not a field of ${type}: ${likely === null ? `use ${names.join(', ')}` : `did you mean ${likely}?`}`,
    );
  }
  const fields = columns.filter(({ name }) => found.includes(name)).map(({ field }) => field);
  const missing = columns.filter(({ field, required }) => required && !fields.includes(field));
  if (found.length > 0 && missing.length > 0)
    throw new FactColumnsRejected(
      `The column ${missing.map(({ name }) => name).join(', ')} is missing: every ${type} needs it.`,
    );
}

/** A plain decimal as a number; anything else as it stands. */
const numberIn = (text: string): number | string => (/^-?[0-9]+([.][0-9]+)?$/.test(text) ? Number(text) : text);

const majorIn = (text: string, currency: string): number | string => toMinor(text, currency) ?? text;

const contentId = (data: object): string =>
  createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 32);
