import type { Instant } from '#contracts';
import { arrayText, insertRows, sortedByKey, type Row, type Transaction, type Writer } from '#database';
import { publishActions } from '../outbox/publish-actions.js';
import type { Publishing } from '../outbox/publish-stage-changes.js';
import { refoldFromStart } from '../indexing/affected-customer.js';
import { markDirty } from '../indexing/dirty.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { PARKED } from '../read-models/working-tables.js';

/** A customer who cannot be folded, with the reason. */
export interface ParkedCustomer {
  readonly customerId: string;
  readonly reason: 'fold-failed' | 'write-failed' | 'unreadable-event';
  readonly detail: string;
}

/** Lists customers as parked: they are not folded again before an operator releases them. */
export async function park(
  writes: Writer,
  parked: readonly ParkedCustomer[],
  position: number,
  now: Instant,
): Promise<void> {
  const rows = parked.map((one): Row => ({
    customer_id: one.customerId,
    reason: one.reason,
    detail: one.detail.slice(0, 2_000),
    since: now,
    position,
  }));
  await insertRows(
    writes,
    PARKED,
    sortedByKey(PARKED, rows),
    '(customer_id) DO UPDATE SET reason = EXCLUDED.reason, detail = EXCLUDED.detail, position = EXCLUDED.position',
  );
}

/**
 * Parks customers whose folding failed. Their deadline and their dirty mark go, so that nothing folds them, and the actions proposed
 * for them are withdrawn, since what they withdraw from now on is not processed.
 */
export async function parkFailed(
  tx: Transaction,
  writes: Writer,
  failed: readonly ParkedCustomer[],
  { position, now, epoch, publishes }: Omit<Publishing, 'restatedAt'> & { readonly publishes: boolean },
): Promise<void> {
  if (failed.length === 0) return;
  await park(writes, failed, position, now);
  const ids = arrayText(failed.map((one) => one.customerId));
  await writes.query('UPDATE customers SET wake_at = NULL WHERE customer_id = ANY($1::text[])', [ids]);
  await writes.query('DELETE FROM dirty WHERE customer_id = ANY($1::text[])', [ids]);
  if (!publishes) return;
  const withdrawn = failed.map(({ customerId }) => ({
    customerId,
    view: null,
    erased: false,
    restricted: false,
    suppressions: [],
    reason: 'parked' as const,
  }));
  await publishActions(tx, writes, withdrawn, {
    position,
    now,
    epoch,
    restatedAt: -Infinity,
    policy: { timeZone: 'UTC' },
  });
}

/** Releases a parked customer, to be folded from the beginning. False when the customer is not parked. */
export async function release(store: ReadModelStore, customerId: string): Promise<boolean> {
  return store.transaction(async (tx) => {
    const [row] = await tx.query<{ position: number }>(
      'DELETE FROM parked WHERE customer_id = $1 RETURNING (SELECT position FROM checkpoint) AS position',
      [customerId],
    );
    if (row === undefined) return false;
    await markDirty(tx, [refoldFromStart(customerId, 'released')], row.position, store.context.now());
    return true;
  });
}
