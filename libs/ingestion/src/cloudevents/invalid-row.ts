import type { ImportItem, InvalidRow } from '#imports';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';

const TEXTS = ['id', 'source', 'file', 'code', 'pointer', 'detail', 'hint'] as const;
const TEXT_MAX = 2_000;

/** What an importer made of a row: a touchpoint to be checked like any other, or a row to be quarantined with its reason. */
export function importedItem(item: ImportItem): IngestItem {
  return item.kind === 'touchpoint' ? { document: item.touchpoint } : invalidItem(item.invalid);
}

/** A line of the form `{"invalid": {…}}`: how an importer hands over a row that cannot become a touchpoint. Null for any other. */
export function importedInvalidRow(document: object): IngestItem | null {
  const { invalid, ...others } = document as { readonly invalid?: unknown };
  if (typeof invalid !== 'object' || invalid === null || Object.keys(others).length > 0) return null;
  const row = invalid as Readonly<Record<string, unknown>>;
  const readable = TEXTS.every((name) => typeof row[name] === 'string' && row[name].length <= TEXT_MAX);
  return readable && Number.isSafeInteger(row['line']) ? invalidItem(invalid as InvalidRow) : null;
}

function invalidItem({ code, pointer, detail, hint, ...document }: InvalidRow): IngestItem {
  const { file, line } = document;
  return { document, rejection: Rejection.of(code, pointer, detail, hint), at: { file, line } };
}
