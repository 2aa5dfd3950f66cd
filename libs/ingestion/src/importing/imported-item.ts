import type { ImportItem, InvalidRow } from '#imports';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';

/** What an importer made of a row: a touchpoint to be validated like any other, or a row to be quarantined with its reason. */
export function importedItem(item: ImportItem): IngestItem {
  if (item.kind === 'invalid') return invalidRowItem(item.invalid);
  const { touchpoint: document, origin } = item;
  const [row] = origin?.rows ?? [];
  if (origin === undefined || row === undefined) return { document };
  return { document, origin: { file: origin.file, line: origin.line, row } };
}

/** The row is kept as the document; its reason is the rejection. */
export function invalidRowItem({ code, pointer, detail, hint, ...document }: InvalidRow): IngestItem {
  const { file, line, id: row } = document;
  return {
    document,
    rejection: Rejection.of(code, pointer, detail, hint),
    at: { file, line },
    origin: { file, line, row },
  };
}
