import { createHash } from 'node:crypto';
import type { AppendItem, Receipt, ReceiptDraft, Verdict } from './port.js';

/** The source of every receipt event. */
export const RECEIPT_SOURCE = 'perennial/intake';
/** The type of every receipt event. */
export const RECEIPT_TYPE = 'intake-receipt';

/** Duplicates in one receipt event take at most this much text, so that the event stays below the limit of any log. */
const DUPLICATES_TEXT_MAX = 512 * 1024;

/**
 * The receipt events that a draft and the verdicts of its batch come to; none when it would count nothing.
 * Nearly always one. When the ids of the duplicates would make it too large for a log, they go on in further receipts
 * (`<id>+2`, `<id>+3`, …) that count only those: the sum over all receipts is what counts.
 */
export function receiptsOf(
  draft: ReceiptDraft,
  items: readonly AppendItem[],
  verdicts: readonly Verdict[],
): AppendItem[] {
  let accepted = 0;
  let quarantined = 0;
  const pages: (readonly [id: string, position: number])[][] = [[]];
  let textLength = 0;
  for (const { index, outcome } of draft.items) {
    const verdict = verdicts[index];
    const item = items[index];
    if (verdict === undefined || item === undefined) continue;
    if (verdict.status === 'accepted') {
      if (outcome === 'accepted') accepted += 1;
      else quarantined += 1;
    } else if (verdict.status === 'duplicate') {
      // An escaped character is at most six characters of JSON.
      const length = item.event.id.length * 6 + 24;
      if (textLength + length > DUPLICATES_TEXT_MAX) {
        pages.push([]);
        textLength = 0;
      }
      textLength += length;
      pages.at(-1)?.push([item.event.id, verdict.position]);
    }
  }
  const suppressed = Object.values(draft.suppressed).reduce((sum, count) => sum + count, 0);
  const counts = accepted + quarantined + suppressed;
  if (counts + (pages[0]?.length ?? 0) === 0) return [];
  return pages.map((duplicates, page) => {
    const first = page === 0;
    return receiptItem(draft, first ? draft.id : `${draft.id}+${page + 1}`, {
      source: draft.source,
      receivedAt: draft.receivedAt,
      received: (first ? counts : 0) + duplicates.length,
      accepted: first ? accepted : 0,
      quarantined: first ? quarantined : 0,
      suppressed: first ? draft.suppressed : {},
      duplicates,
    });
  });
}

function receiptItem(draft: ReceiptDraft, id: string, receipt: Receipt): AppendItem {
  const data = JSON.stringify(receipt);
  return {
    stream: draft.stream,
    event: {
      source: RECEIPT_SOURCE,
      id,
      type: RECEIPT_TYPE,
      schemaVersion: 1,
      occurredAt: draft.receivedAt,
      contentHash: createHash('sha256').update(data).digest().subarray(0, 16),
      meta: '{}',
      data,
    },
  };
}
