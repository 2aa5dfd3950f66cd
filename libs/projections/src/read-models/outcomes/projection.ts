import type { Receipt } from '#event-log';
import type { Recount } from '../../indexing/event-ids/recount.js';
import { insertRows, sortedByKey } from '#database';
import type { Writer } from '#database';
import { OUTCOMES } from './table.js';

interface OutcomeRow extends Record<string, unknown> {
  source: string;
  day: string;
  received: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  suppressed: number;
  reasons: Record<string, number>;
}

/**
 * Adds what receipts tell to the counts by source and day (UTC, of the receipt), and moves over what was found to be a
 * duplicate since: its receipt may come before or after.
 */
export async function countOutcomes(
  writes: Writer,
  receipts: readonly Receipt[],
  recounts: readonly Recount[] = [],
): Promise<void> {
  if (receipts.length + recounts.length === 0) return;
  const rows = new Map<string, OutcomeRow>();
  const rowOf = (source: string, day: string): OutcomeRow => {
    const key = `${day} ${source}`;
    let row = rows.get(key);
    if (row === undefined) rows.set(key, (row = empty(source, day)));
    return row;
  };
  for (const { source, day, accepted, quarantined } of recounts) {
    const row = rowOf(source, day);
    row.accepted -= accepted;
    row.quarantined -= quarantined;
    row.duplicate += accepted + quarantined;
  }
  for (const receipt of receipts) {
    const row = rowOf(receipt.source, new Date(receipt.receivedAt).toISOString().slice(0, 10));
    row.received += receipt.received;
    row.accepted += receipt.accepted;
    row.duplicate += receipt.duplicates.length;
    row.quarantined += receipt.quarantined;
    for (const [reason, count] of Object.entries(receipt.suppressed)) {
      row.suppressed += count;
      row.reasons[reason] = (row.reasons[reason] ?? 0) + count;
    }
  }
  await insertRows(writes, OUTCOMES, sortedByKey(OUTCOMES, [...rows.values()]), ADDED_UP);
}

/** A source's day that is there already is added to, reason by reason. */
const ADDED_UP = `(source, day) DO UPDATE SET received = ingest_outcomes.received + EXCLUDED.received,
  accepted = ingest_outcomes.accepted + EXCLUDED.accepted, duplicate = ingest_outcomes.duplicate + EXCLUDED.duplicate,
  quarantined = ingest_outcomes.quarantined + EXCLUDED.quarantined, suppressed = ingest_outcomes.suppressed + EXCLUDED.suppressed,
  reasons = CASE WHEN EXCLUDED.reasons = '{}' THEN ingest_outcomes.reasons ELSE (
    SELECT jsonb_object_agg(reason, n) FROM (
      SELECT reason, sum(n::int) AS n FROM (
        SELECT * FROM jsonb_each_text(ingest_outcomes.reasons) UNION ALL SELECT * FROM jsonb_each_text(EXCLUDED.reasons)) e(reason, n)
       GROUP BY reason) added) END`;

function empty(source: string, day: string): OutcomeRow {
  return { source, day, received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0, reasons: {} };
}
