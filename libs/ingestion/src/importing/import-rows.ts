import type { InvalidRow } from '#imports';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { invalidRowItem, isRowId } from './imported-item.js';

const TEXTS = ['id', 'source', 'file', 'code', 'pointer', 'detail', 'hint'] as const;
const TEXT_MAX = 2_000;

/**
 * Reads one line of `POST /v1/imports/rows`, as `perennial import` sends it: `{"touchpoint": …}`, with its `origin` (file, line, row) beside it, or `{"invalidRow": …}` for a row that cannot
 * become one. A line of any other form is quarantined: the importer that wrote it has a defect. The reason of an invalid row is free text in the clear, so
 * it is taken from the importer alone (`trusted`), whose reasons hold no value of the row.
 */
export function readImportRow(line: unknown, trusted: boolean): IngestItem {
  if (typeof line !== 'object' || line === null) return notARow(line);
  const { origin, ...item } = line as Readonly<Record<string, unknown>>;
  const [[name, value] = [], ...others] = Object.entries(item);
  if (others.length > 0) return notARow(line);
  if (name === 'touchpoint') {
    if (origin === undefined) return { document: value };
    if (!isOrigin(origin)) return notARow(line);
    return trusted ? { document: value, origin } : { document: value };
  }
  if (origin !== undefined || name !== 'invalidRow' || !isInvalidRow(value)) return notARow(line);
  return trusted ? invalidRowItem(value) : { document: line, rejection: NOT_THE_IMPORTER };
}

const NOT_THE_IMPORTER = Rejection.of(
  'importer-only',
  '#/invalidRow',
  'may only be sent by `perennial import` on the machine of the engine, since its reason is stored as it is',
  'run `perennial import` there, or publish touchpoints to /v1/touchpoints: ingestion finds the reason itself',
);

function isInvalidRow(value: unknown): value is InvalidRow {
  if (typeof value !== 'object' || value === null) return false;
  const row = value as Readonly<Record<string, unknown>>;
  const readable = TEXTS.every((name) => isText(row[name], TEXT_MAX));
  return readable && isPointer(row['pointer']) && Number.isSafeInteger(row['line']);
}

function isOrigin(value: unknown): value is NonNullable<IngestItem['origin']> {
  if (typeof value !== 'object' || value === null) return false;
  const { file, line, row, ...others } = value as Readonly<Record<string, unknown>>;
  const readable = isText(file, TEXT_MAX) && isRowId(row) && Number.isSafeInteger(line);
  return readable && Object.keys(others).length === 0;
}

/** A text that the log can hold. */
function isText(value: unknown, max: number): boolean {
  return typeof value === 'string' && value.length <= max && !/\0|\p{Surrogate}/u.test(value);
}

/** A percent sign that begins no escape is no part of a URI fragment. */
function isPointer(value: unknown): boolean {
  try {
    return decodeURIComponent(String(value)) !== '';
  } catch {
    return false;
  }
}

function notARow(line: unknown): IngestItem {
  return {
    document: line,
    rejection: Rejection.of(
      'unreadable',
      '#',
      'must be {"touchpoint": …} or {"invalidRow": …}, and nothing else',
      'send what `perennial import` sends; publish touchpoints to /v1/touchpoints',
    ),
  };
}
