import type { Answer, AnswerRow } from '#queries';
import { singleLine } from './single-line.js';

/** One row as lines, one for each column that has a value; an object gets a line for each of its fields. */
export function expandedRow(columns: Answer['columns'], row: AnswerRow): string {
  const known = columns.map(({ name }) => name).filter((name) => row[name] !== undefined && row[name] !== null);
  return labelled(known.map((name) => [name, linesOf(row[name])]))
    .map((line) => `${line}\n`)
    .join('');
}

/** Names in a column of their own, each beside the first line of its value. */
function labelled(parts: readonly (readonly [string, readonly string[]])[]): string[] {
  const width = Math.max(0, ...parts.map(([name]) => name.length));
  return parts.flatMap(([name, lines]) =>
    lines.map((line, at) => `${(at === 0 ? name : '').padEnd(width)}  ${line}`.trimEnd()),
  );
}

function linesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ['none'] : linesOfAll(value);
  if (typeof value !== 'object' || value === null) return [singleLine(String(value))];
  const parts = Object.entries(value).filter(([, part]) => part !== null);
  return parts.length === 0 ? ['none'] : labelled(parts.map(([name, part]) => [singleLine(name), linesOf(part)]));
}

function linesOfAll(values: readonly unknown[]): string[] {
  return values.every((value) => typeof value !== 'object') ? [singleLine(values.join(', '))] : values.map(inOneLine);
}

/** An object of a list in one line, with the names of its fields. */
function inOneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return singleLine(String(value));
  return Object.entries(value)
    .filter(([, part]) => part !== null)
    .map(([name, part]) => singleLine(`${name} ${typeof part === 'object' ? JSON.stringify(part) : String(part)}`))
    .join(', ');
}
