import type { Instant } from '#contracts';
import { insertRows, isRejection, sortedByKey } from '#database';
import { describeError } from '#platform';
import { park, type ParkedCustomer } from '../../folding/park.js';
import type { Sums } from '../../folding/sums.js';
import { DIRTY, waitingRow } from '../../read-models/working-tables.js';
import type { BuildRun } from './build-run.js';
import { advance, type BuildState } from './build-state.js';
import { copiesOf, rowsOf, type FoldedCustomer } from './customer-rows.js';

/** Customers that were folded together, and what came of them. */
export interface FoldedBatch {
  readonly folded: FoldedCustomer[];
  readonly failed: ParkedCustomer[];
  /** Customers whose events all lie in the future. */
  readonly waiting: { readonly customerId: string; readonly until: Instant }[];
  events: number;
}

/** Writes a batch. When the database rejects it, its customers are tried one by one: the rejected ones are parked, the others written. */
export async function writeOrPark(
  run: BuildRun,
  batch: FoldedBatch,
  sums: readonly Sums[],
  next: BuildState,
): Promise<void> {
  try {
    await writeBatch(run, batch, sums, next);
  } catch (error) {
    if (!isRejection(error)) throw error;
    await run.transaction((tx) => run.own(tx));
    const kept: FoldedBatch = { ...batch, folded: [], failed: [...batch.failed] };
    for (const one of batch.folded) {
      const rejection = await rejectionOf(run, one);
      if (rejection === null) kept.folded.push(one);
      else
        kept.failed.push({
          customerId: one.folded.customerId,
          reason: 'write-failed',
          detail: describeError(rejection),
        });
    }
    await writeBatch(run, kept, sums, next);
  }
}

/** Writes one customer and rolls it back; the error with which the database rejected the rows, or null. */
async function rejectionOf(run: BuildRun, one: FoldedCustomer): Promise<unknown> {
  const rollBack = new Error('Rolled back.');
  try {
    await run.transaction(async (tx) => {
      // Rows that another process wrote in the meantime are no fault of the customer's.
      await run.own(tx);
      for (const [table, rows] of rowsOf([one])) await insertRows(tx, table, rows);
      throw rollBack;
    });
  } catch (error) {
    if (isRejection(error)) return error;
    if (error !== rollBack) throw error;
  }
  return null;
}

async function writeBatch(run: BuildRun, batch: FoldedBatch, sums: readonly Sums[], next: BuildState): Promise<void> {
  const { database, schema } = run.options;
  const { upTo, asOf } = run.state;
  // In a transaction of their own, since most batches have none: after a kill in between, their rows are there already.
  if (batch.failed.length > 0 || batch.waiting.length > 0)
    await run.transaction(async (tx) => {
      await run.own(tx);
      await park(tx, batch.failed, upTo, asOf);
      const waiting = batch.waiting.map((one) => waitingRow(one, upTo, asOf));
      await insertRows(tx, DIRTY, sortedByKey(DIRTY, waiting), '(customer_id) DO NOTHING');
    });
  const { copies, stagePeriods } = copiesOf(batch.folded);
  // If the machine of a server dies and loses its last commits, their customers are folded again, as the state says. PGlite has no
  // background process to write such commits later.
  const asynchronous = database.kind === 'postgres' ? [{ sql: 'SET LOCAL synchronous_commit = off' }] : [];
  await database.transaction(async (tx) => {
    const path = { sql: "SELECT set_config('search_path', $1, true)", params: [`${schema}, perennial`] };
    const [, advanced] = await tx.batch([path, advance(run.state, next), ...asynchronous, ...copies]);
    run.assertStillOwner(advanced);
  });
  run.state = next;
  for (const sum of sums) for (const period of stagePeriods) sum.add(period, 1);
  run.report('customers', next.folded, next.customers);
}
