/**
 * What PostgreSQL's engine answers, in its own protocol: messages of a letter, a length and what the letter says. PGlite's reader copies every
 * value before it reads it, which takes longer than to find the row; here each is read where it lies.
 */

const letter = (name: string): number => name.charCodeAt(0);
const DATA_ROW = letter('D');
const ROW_DESCRIPTION = letter('T');
const COMMAND_COMPLETE = letter('C');
const EMPTY_QUERY = letter('I');
const ERROR = letter('E');

/** A column of an answer, and how its text is read. */
export interface Field {
  readonly name: string;
  readonly read: (text: string) => unknown;
}

export type Values = Record<string, unknown>;

const asText = (text: string): string => text;

/**
 * The rows of each statement, in the order of the statements; `fieldsOf` are their columns.
 *
 * @throws PostgreSQL's error, with its code
 */
export function rowsOf(answers: Buffer, fieldsOf: readonly (readonly Field[])[]): Values[][] {
  const results: Values[][] = [];
  let rows: Values[] = [];
  for (const { kind, from } of messages(answers))
    switch (kind) {
      case DATA_ROW:
        rows.push(readRow(answers, from, fieldsOf[results.length] ?? []));
        break;
      case COMMAND_COMPLETE:
      case EMPTY_QUERY:
        results.push(rows);
        rows = [];
        break;
      default:
        break;
    }
  return results;
}

/**
 * The columns that a statement was described with; none where it gives no rows. `parsers` read the types that are not text.
 *
 * @throws PostgreSQL's error, with its code
 */
export function fieldsOf(
  answers: Buffer,
  parsers: Readonly<Record<number, (text: string) => unknown>>,
): readonly Field[] {
  const fields: Field[] = [];
  for (const { kind, from } of messages(answers)) {
    if (kind !== ROW_DESCRIPTION) continue;
    let at = from + 2;
    for (let count = answers.readInt16BE(from); count > 0; count -= 1) {
      const end = answers.indexOf(0, at);
      // After the name: the table's number (4 bytes) and the column's (2), then the type's; after it size (2), modifier (4) and format (2).
      const type = answers.readInt32BE(end + 7);
      fields.push({ name: answers.toString('utf8', at, end), read: parsers[type] ?? asText });
      at = end + 19;
    }
  }
  return fields;
}

/** Goes through the messages; one that says that something failed is thrown. */
function* messages(answers: Buffer): Generator<{ readonly kind: number; readonly from: number }> {
  for (let at = 0; at < answers.length;) {
    const kind = answers[at] ?? 0;
    if (kind === ERROR) throw errorAt(answers, at + 5);
    yield { kind, from: at + 5 };
    at += 1 + answers.readInt32BE(at + 1);
  }
}

function readRow(answers: Buffer, from: number, fields: readonly Field[]): Values {
  const row: Values = {};
  let at = from + 2;
  for (const { name, read } of fields) {
    const length = answers.readInt32BE(at);
    at += 4;
    if (length < 0) row[name] = null;
    else row[name] = read(answers.toString('utf8', at, (at += length)));
  }
  return row;
}

/** An error has fields of a letter and a text each: its message under M, its SQLSTATE under C. */
function errorAt(answers: Buffer, from: number): Error {
  const told: Record<string, string> = {};
  for (let at = from; answers[at] !== 0;) {
    const end = answers.indexOf(0, at + 1);
    told[String.fromCharCode(answers[at] ?? 0)] = answers.toString('utf8', at + 1, end);
    at = end + 1;
  }
  return Object.assign(new Error(told['M'] ?? 'The database rejected without saying why.'), { code: told['C'] ?? '' });
}
