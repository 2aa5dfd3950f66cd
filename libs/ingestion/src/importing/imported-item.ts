import type { ImportItem, InvalidRow } from '#imports';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';

/** What an importer made of a row: a touchpoint to be validated like any other, or a row to be quarantined with its reason. */
export function importedItem(item: ImportItem): IngestItem {
  return item.kind === 'touchpoint' ? { document: item.touchpoint } : invalidRowItem(item.invalid);
}

/** The row is kept as the document; its reason is the rejection. */
export function invalidRowItem({ code, pointer, detail, hint, ...document }: InvalidRow): IngestItem {
  const { file, line } = document;
  return { document, rejection: Rejection.of(code, pointer, detail, hint), at: { file, line } };
}
