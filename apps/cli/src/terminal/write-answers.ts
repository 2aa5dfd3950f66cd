import type { Answer, AnswerRow } from '#queries';
import { csvHeader, csvRow } from '#queries/basics';
import { readCatalogue } from '../catalogue/catalogue.js';
import { usage } from '../exit-codes.js';
import type { Output } from './output.js';
import { expandedRow } from './expanded-row.js';
import { inMajorUnits, type Money } from './major-units.js';
import { Table } from './table.js';

export const FORMATS = ['table', 'csv', 'json', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

/** How an answer is written, besides its format. */
export interface WriteOptions {
  /** Amounts in minor or major units; by default major ones in a table, and minor ones elsewhere. */
  readonly money?: Money;
  /** Only these columns, in this order; all by default. */
  readonly columns?: readonly string[];
}

/** Writes all pages of an answer in a format, one page at a time. Resolves with the number of rows. */
export async function writeAnswers(
  pages: AsyncIterable<Answer>,
  format: Format,
  output: Output,
  { money = format === 'table' ? 'major' : 'minor', columns: chosen }: WriteOptions = {},
): Promise<number> {
  let rows = 0;
  let table: Table | null = null;
  let last: Answer | null = null;
  for await (const page of pages) {
    const answer = withColumns(money === 'major' ? inMajorUnits(page) : page, chosen);
    const first = last === null;
    last = answer;
    if (output.done) break;
    const { columns } = answer;
    const one = await onlyRow(answer);
    switch (format) {
      case 'table':
        // A single row has nothing beside it to compare with, and often too many columns for the terminal.
        await output.write(
          one === null
            ? (table ??= new Table(columns, output.width, answer.query)).page(answer)
            : expandedRow(columns, one, output.width),
        );
        break;
      case 'csv':
        await output.write((first ? csvHeader(columns) : '') + answer.rows.map((row) => csvRow(columns, row)).join(''));
        break;
      case 'ndjson':
        await output.write(answer.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
        break;
      case 'json': {
        const opening = first
          ? `{"query":${JSON.stringify(answer.query)},"columns":${JSON.stringify(columns)},"rows":[`
          : '';
        const body = answer.rows.map((row, at) => `${rows + at > 0 ? ',' : ''}\n${JSON.stringify(row)}`).join('');
        await output.write(opening + body);
        break;
      }
    }
    rows += answer.rows.length;
  }
  if (format === 'json' && last !== null)
    await output.write(`\n],"nextCursor":${JSON.stringify(last.nextCursor)},"meta":${JSON.stringify(last.meta)}}\n`);
  if (format === 'table' && rows === 0) await output.write('(no rows)\n');
  if (table !== null && rows > 0) await output.write(table.end());
  return rows;
}

/** The answer with the chosen columns alone. An amount is named with or without `Minor`. */
function withColumns(answer: Answer, chosen: readonly string[] | undefined): Answer {
  if (chosen === undefined) return answer;
  const columns = chosen.map((name) => {
    const amounts = name.endsWith('Minor') ? [name.replace(/Minor$/, 'Amount'), name.replace(/Minor$/, '')] : [];
    const column = [name, ...amounts]
      .map((known) => answer.columns.find((each) => each.name === known))
      .find((each) => each !== undefined);
    if (column === undefined)
      throw usage(
        `--columns: '${name}' is not a column of this query: use ${answer.columns.map((each) => each.name).join(', ')}.`,
      );
    return column;
  });
  const rows = answer.rows.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name]])));
  return { ...answer, columns, rows };
}

/** The row of an answer that has only one, of a query without pages; else null. */
async function onlyRow({ query, rows }: Answer): Promise<AnswerRow | null> {
  const [row] = rows;
  if (row === undefined || rows.length > 1) return null;
  const { queries } = await readCatalogue();
  return queries.some(({ name, paged }) => name === query && !paged) ? row : null;
}
