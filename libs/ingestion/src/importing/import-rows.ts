import type { InvalidRow } from '#imports';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { invalidRowItem } from './imported-item.js';

const TEXTS = ['id', 'source', 'file', 'code', 'pointer', 'detail', 'hint'] as const;
const TEXT_MAX = 2_000;

/**
 * Reads one line of `POST /v1/imports/rows`, as `perennial import` sends it: `{"touchpoint": …}`, or `{"invalidRow": …}` for a row that cannot
 * become one. A line of any other form is quarantined: the importer that wrote it has a defect.
 */
export function readImportRow(line: unknown): IngestItem {
  if (typeof line !== 'object' || line === null) return notARow(line);
  const [[name, value] = [], ...others] = Object.entries(line);
  if (others.length > 0) return notARow(line);
  if (name === 'touchpoint') return { document: value };
  return name === 'invalidRow' && isInvalidRow(value) ? invalidRowItem(value) : notARow(line);
}

function isInvalidRow(value: unknown): value is InvalidRow {
  if (typeof value !== 'object' || value === null) return false;
  const row = value as Readonly<Record<string, unknown>>;
  const readable = TEXTS.every((name) => typeof row[name] === 'string' && row[name].length <= TEXT_MAX);
  return readable && Number.isSafeInteger(row['line']);
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
