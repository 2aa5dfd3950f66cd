import type { Receipt } from '#event-log';
import type { Transaction } from '../database.js';
import type { Recount } from '../ids/recount.js';
import { unnest, upsertRows } from '../rows.js';
import { FATES } from './table.js';

interface FateRow extends Record<string, unknown> {
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
export async function countFates(
  tx: Transaction,
  receipts: readonly Receipt[],
  recounts: readonly Recount[] = [],
): Promise<void> {
  if (receipts.length + recounts.length === 0) return;
  const rows = new Map<string, FateRow>();
  const rowOf = (source: string, day: string): FateRow => {
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
  const keys = unnest(FATES, ['source', 'day'], [...rows.values()], 'k');
  const before = await tx.query<FateRow>(
    `SELECT f.* FROM fates f JOIN ${keys.sql} ON f.source = k.source AND f.day = k.day`,
    keys.params,
  );
  for (const old of before) {
    const row = rows.get(`${old.day} ${old.source}`);
    if (row !== undefined) add(row, old);
  }
  await upsertRows(tx, FATES, [...rows.values()]);
}

function empty(source: string, day: string): FateRow {
  return { source, day, received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0, reasons: {} };
}

function add(row: FateRow, old: FateRow): void {
  row.received += old.received;
  row.accepted += old.accepted;
  row.duplicate += old.duplicate;
  row.quarantined += old.quarantined;
  row.suppressed += old.suppressed;
  for (const [reason, count] of Object.entries(old.reasons)) row.reasons[reason] = (row.reasons[reason] ?? 0) + count;
}
