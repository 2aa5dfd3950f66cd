import { arrayText, insertRows, unnest, upsertRows, type Row, type Writer } from '#database';
import { SNAPSHOTS, STATES } from '../read-models/working-tables.js';
import type { FoldState } from './fold-one.js';
import type { FoldOutcome } from './write.js';

/** A shorter history gets no row in `states`: it is read again from the log. */
export const STATE_FROM_EVENTS = 8;

/** The state of a customer as a row of `states` or `snapshots`. */
export function stateRow(customerId: string, state: FoldState): Row {
  return {
    customer_id: customerId,
    events: state.events,
    upto_at: state.uptoAt,
    position: state.position,
    state: JSON.stringify(state.snapshot),
  };
}

/**
 * Writes the newest state of each customer, and the snapshots; deletes those that no longer hold. Statements are added to `writes`, which the
 * caller sends.
 */
export async function writeStates(
  writes: Writer,
  outcomes: readonly FoldOutcome[],
  snapshotEvery: number,
): Promise<void> {
  const newest: Row[] = [];
  const snapshotRows: Row[] = [];
  const cut: Row[] = [];
  for (const { customerId, folded, newest: state, snapshots, base, again, hadState } of outcomes) {
    if (folded !== null && state !== null && state.events >= STATE_FROM_EVENTS)
      newest.push(stateRow(customerId, state));
    for (const snapshot of snapshots) snapshotRows.push(stateRow(customerId, snapshot));
    // A snapshot lasts only while what it holds is not folded again. A history that is too short for one has none.
    const mayHaveSnapshots = hadState || (state?.events ?? 0) >= snapshotEvery;
    if ((again || base === null) && mayHaveSnapshots) cut.push({ customer_id: customerId, events: base?.events ?? -1 });
  }
  const hadState = outcomes.filter((one) => one.hadState).map((one) => one.customerId);
  if (hadState.length > 0)
    await writes.query('DELETE FROM states WHERE customer_id = ANY($1::text[])', [arrayText(hadState)]);
  if (cut.length > 0) {
    const rows = unnest(SNAPSHOTS, ['customer_id', 'events'], cut, 'c');
    await writes.query(
      `DELETE FROM snapshots s USING ${rows.sql} WHERE s.customer_id = c.customer_id AND s.events > c.events`,
      rows.params,
    );
  }
  await insertRows(writes, SNAPSHOTS, snapshotRows, 'DO NOTHING');
  const had = new Set(hadState);
  const there = (row: Row): boolean => had.has(row['customer_id'] as string);
  await upsertRows(writes, STATES, newest.filter(there));
  await insertRows(
    writes,
    STATES,
    newest.filter((row) => !there(row)),
  );
}
