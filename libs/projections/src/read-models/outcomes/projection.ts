import { HOUR, type Instant } from '#contracts';
import { insertRows, sortedByKey, type Row, type Writer } from '#database';
import type { Receipt } from '#event-log';
import type { Recount } from '../../indexing/event-ids/recount.js';
import { utcDay } from '../../time.js';
import { INGEST_OUTCOMES, SOURCE_HOURS } from './table.js';

interface OutcomeRow extends Row {
  source: string;
  day: string;
  received: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  suppressed: number;
  reasons: Record<string, number>;
}

/** Adds receipts and recounts to the counts by source and day. */
export async function countOutcomes(
  writes: Writer,
  receipts: readonly Receipt[],
  recounts: readonly Recount[] = [],
): Promise<void> {
  await insertRows(
    writes,
    INGEST_OUTCOMES,
    sortedByKey(INGEST_OUTCOMES, outcomeRows(receipts, recounts)),
    ADDED_TO_EXISTING,
  );
  await insertRows(writes, SOURCE_HOURS, sortedByKey(SOURCE_HOURS, hourRows(receipts)), ADDED_TO_HOUR);
}

interface HourRow extends Row {
  source: string;
  hour: Instant;
  received: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  suppressed: number;
  last_at: Instant;
}

/** What receipts add to the counts by source and hour of receipt. */
export function hourRows(receipts: readonly Receipt[]): HourRow[] {
  const rows = new Map<string, HourRow>();
  for (const { source, receivedAt, received, accepted, quarantined, suppressed, duplicates } of receipts) {
    const hour = Math.floor(receivedAt / HOUR) * HOUR;
    const key = `${hour} ${source}`;
    let row = rows.get(key);
    if (row === undefined) {
      const counts = { received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
      rows.set(key, (row = { source, hour, ...counts, last_at: receivedAt }));
    }
    row.received += received;
    row.accepted += accepted;
    row.duplicate += duplicates.length;
    row.quarantined += quarantined;
    for (const count of Object.values(suppressed)) row.suppressed += count;
    row.last_at = Math.max(row.last_at, receivedAt);
  }
  return [...rows.values()];
}

const ADDED_TO_HOUR = `(source, hour) DO UPDATE SET received = source_hours.received + EXCLUDED.received,
  accepted = source_hours.accepted + EXCLUDED.accepted, duplicate = source_hours.duplicate + EXCLUDED.duplicate,
  quarantined = source_hours.quarantined + EXCLUDED.quarantined, suppressed = source_hours.suppressed + EXCLUDED.suppressed,
  last_at = greatest(source_hours.last_at, EXCLUDED.last_at)`;

/**
 * What receipts and recounts add to the counts, one row per source and day (UTC, of receipt). A recount moves events that
 * proved to be duplicates; it may come before the receipt that counted them, or after.
 */
export function outcomeRows(receipts: readonly Receipt[], recounts: readonly Recount[] = []): OutcomeRow[] {
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
    const row = rowOf(receipt.source, utcDay(receipt.receivedAt));
    row.received += receipt.received;
    row.accepted += receipt.accepted;
    row.duplicate += receipt.duplicates.length;
    row.quarantined += receipt.quarantined;
    for (const [reason, count] of Object.entries(receipt.suppressed)) {
      row.suppressed += count;
      row.reasons[reason] = (row.reasons[reason] ?? 0) + count;
    }
  }
  return [...rows.values()];
}

/** Adds to the row of the source and day where there is one, reason by reason. */
const ADDED_TO_EXISTING = `(source, day) DO UPDATE SET received = ingest_outcomes.received + EXCLUDED.received,
  accepted = ingest_outcomes.accepted + EXCLUDED.accepted, duplicate = ingest_outcomes.duplicate + EXCLUDED.duplicate,
  quarantined = ingest_outcomes.quarantined + EXCLUDED.quarantined,
  suppressed = ingest_outcomes.suppressed + EXCLUDED.suppressed,
  reasons = CASE WHEN EXCLUDED.reasons = '{}' THEN ingest_outcomes.reasons ELSE (
    SELECT jsonb_object_agg(reason, n) FROM (
      SELECT reason, sum(n::int) AS n FROM (
        SELECT * FROM jsonb_each_text(ingest_outcomes.reasons)
        UNION ALL SELECT * FROM jsonb_each_text(EXCLUDED.reasons)) e(reason, n)
       GROUP BY reason) added) END`;

function empty(source: string, day: string): OutcomeRow {
  return { source, day, received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0, reasons: {} };
}
