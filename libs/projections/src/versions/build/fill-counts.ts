import { copyText, sortedByKey, type Row, type Transaction } from '#database';
import { ADD_COUNTS } from '../../read-models/completeness/projection.js';
import { SOURCE_COUNTS } from '../../read-models/completeness/table.js';

/** So many rows are sent at once. */
const ROWS_MAX = 50_000;

/**
 * Fills the empty table of counts with rows of different keys. There are nearly as many of them as touchpoints where a log is thin, so they are copied, and their
 * index is made at the end: half of the time that inserting them takes.
 */
export async function fillCounts(tx: Transaction, counts: readonly Row[]): Promise<void> {
  await tx.exec('ALTER TABLE source_counts DROP CONSTRAINT source_counts_pkey');
  const rows = sortedByKey(SOURCE_COUNTS, counts);
  for (let at = 0; at < rows.length; at += ROWS_MAX)
    await tx.batch([copyText(SOURCE_COUNTS, rows.slice(at, at + ROWS_MAX))]);
  await tx.exec('ALTER TABLE source_counts ADD CONSTRAINT source_counts_pkey PRIMARY KEY (source, quarter, type)');
}

/** Adds up the counts of a log that was written stretch by stretch. */
export async function addSeenCounts(tx: Transaction): Promise<void> {
  await tx.exec(
    `INSERT INTO source_counts
     SELECT source, quarter, type, sum(events)::int FROM counts_seen GROUP BY source, quarter, type ORDER BY source, quarter, type
     ON CONFLICT ${ADD_COUNTS}`,
  );
}
