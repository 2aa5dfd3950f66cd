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
    // A file may hold ids that the record of a quarantined event cannot: such a row is not found again by its id.
    ...(isRowId(row) ? { origin: { file, line, row } } : {}),
  };
}

/** Whether a row can be named by this id, as in the contract of a quarantined event. */
export const isRowId = (id: unknown): id is string =>
  typeof id === 'string' && id !== '' && id.length <= ROW_ID_MAX && !/\0|\p{Surrogate}/u.test(id);

const ROW_ID_MAX = 100;
