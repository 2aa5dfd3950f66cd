import type { Answer, AnswerRow } from '#queries';
import { plainLine } from './single-line.js';

/** One row as a sheet: a line for each column, and what has parts of its own with a line for each part. */
export function expandedRow(columns: Answer['columns'], row: AnswerRow): string {
  const known = columns.map(({ name }) => name).filter((name) => row[name] !== undefined && row[name] !== null);
  return labelled(known.map((name) => [name, linesOf(row[name])]))
    .map((line) => `${line}\n`)
    .join('');
}

/** Names in a column of their own, each beside the first line of what it names. */
function labelled(parts: readonly (readonly [string, readonly string[]])[]): string[] {
  const width = Math.max(0, ...parts.map(([name]) => name.length));
  return parts.flatMap(([name, lines]) =>
    lines.map((line, at) => `${(at === 0 ? name : '').padEnd(width)}  ${line}`.trimEnd()),
  );
}

function linesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ['none'] : linesOfAll(value);
  if (typeof value !== 'object' || value === null) return [plainLine(String(value))];
  const parts = Object.entries(value).filter(([, part]) => part !== null);
  return parts.length === 0 ? ['none'] : labelled(parts.map(([name, part]) => [plainLine(name), linesOf(part)]));
}

function linesOfAll(values: readonly unknown[]): string[] {
  return values.every((value) => typeof value !== 'object') ? [plainLine(values.join(', '))] : values.map(inOneLine);
}

/** A member of a list, its parts named: lists of things are read downwards. */
function inOneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return plainLine(String(value));
  return Object.entries(value)
    .filter(([, part]) => part !== null)
    .map(([name, part]) => plainLine(`${name} ${typeof part === 'object' ? JSON.stringify(part) : String(part)}`))
    .join(', ');
}
