import type { AnswerRow, Column } from './query.js';

/** The header and rows of a table as RFC 4180 wants them quoted, a line feed at each end. */
export function csvHeader(columns: readonly Column[]): string {
  return `${columns.map(({ name }) => quoted(name)).join(',')}\n`;
}

export function csvRow(columns: readonly Column[], row: AnswerRow): string {
  return `${columns.map(({ name, type }) => cell(row[name], type)).join(',')}\n`;
}

function cell(value: unknown, type: Column['type']): string {
  if (value === null || value === undefined) return '';
  if (type === 'json' && typeof value !== 'string') return quoted(JSON.stringify(value));
  if (typeof value !== 'string') return String(value);
  return quoted(disarmed(value));
}

/**
 * A spreadsheet takes a cell that begins with one of these for a formula, and a customer chooses their own name: a quote mark
 * before it makes it text again. A signed number is left alone.
 */
function disarmed(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
