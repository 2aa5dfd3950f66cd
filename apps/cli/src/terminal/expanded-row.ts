import type { Answer, AnswerRow } from '#queries';
import { singleLine } from './single-line.js';
import { wrap } from './wrap.js';

/** One row as lines, one for each column that has a value; an object gets a line for each of its fields. Long lines are broken at `width`. */
export function expandedRow(columns: Answer['columns'], row: AnswerRow, width: number | null = null): string {
  const known = columns.map(({ name }) => name).filter((name) => row[name] !== undefined && row[name] !== null);
  return labelled(
    known.map((name) => [name, linesOf(row[name])]),
    width,
  )
    .map((line) => `${line}\n`)
    .join('');
}

/** Names in a column of their own, each beside the first line of its value. */
function labelled(parts: readonly (readonly [string, readonly string[]])[], width: number | null): string[] {
  const label = Math.max(0, ...parts.map(([name]) => name.length));
  return parts.flatMap(([name, lines]) =>
    lines.flatMap((line, at) => {
      const whole = `${(at === 0 ? name : '').padEnd(label)}  ${line}`.trimEnd();
      if (width === null || whole.length <= width) return [whole];
      return `${(at === 0 ? name : '').padEnd(label)}  ${wrap(line, width, label + 2 + indentOf(line))}`.split('\n');
    }),
  );
}

/** How far the value of a line within an object stands to the right of its name. */
const indentOf = (line: string): number => /^\w+ {2,}/.exec(line)?.[0].length ?? 0;

function linesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ['none'] : linesOfAll(value);
  if (typeof value !== 'object' || value === null) return String(value).trimEnd().split('\n').map(singleLine);
  const parts = Object.entries(value).filter(([, part]) => part !== null);
  return parts.length === 0
    ? ['none']
    : labelled(
        parts.map(([name, part]) => [singleLine(name), linesOf(part)]),
        null,
      );
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
