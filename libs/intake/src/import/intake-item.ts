import { Refusal } from '../taking/refusal.js';
import type { IntakeItem } from '../taking/item.js';
import type { ImportItem } from './draft.js';

/** What intake is given for an imported item: a touchpoint as it is, or a row to set aside with its place and its reason. */
export function intakeItem(item: ImportItem): IntakeItem {
  if (item.kind === 'touchpoint') return { document: item.draft };
  const { code, path, detail, mend, ...document } = item.unfit;
  return {
    document,
    refusal: Refusal.of(code, path, detail, mend),
    at: { file: item.unfit.file, line: item.unfit.line },
  };
}
