import type { ImportItem, UnfitRow } from '#imports';
import type { IntakeItem } from '../pipeline/item.js';
import { Refusal } from '../pipeline/rejection.js';

const TEXTS = ['id', 'source', 'file', 'code', 'path', 'detail', 'mend'] as const;
const TEXT_MAX = 2_000;

/** What an importer made of a row: a touchpoint to be checked like any other, or a row to be set aside with its reason. */
export function importedItem(item: ImportItem): IntakeItem {
  return item.kind === 'touchpoint' ? { document: item.draft } : unfitItem(item.unfit);
}

/** A line of the form `{"unfit": {…}}`: how an importer hands over a row that cannot become a touchpoint. Null for any other. */
export function handedOverUnfit(document: object): IntakeItem | null {
  const { unfit, ...others } = document as { readonly unfit?: unknown };
  if (typeof unfit !== 'object' || unfit === null || Object.keys(others).length > 0) return null;
  const row = unfit as Readonly<Record<string, unknown>>;
  const readable = TEXTS.every((name) => typeof row[name] === 'string' && row[name].length <= TEXT_MAX);
  return readable && Number.isSafeInteger(row['line']) ? unfitItem(unfit as UnfitRow) : null;
}

function unfitItem({ code, path, detail, mend, ...document }: UnfitRow): IntakeItem {
  const { file, line } = document;
  return { document, refusal: Refusal.of(code, path, detail, mend), at: { file, line } };
}
