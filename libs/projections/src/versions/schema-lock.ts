import { LOCKS, waitForLock, type Transaction } from '#database';

/** Waits until no other transaction changes schemas; holds the lock until this one ends. */
export async function lockSchemas(tx: Transaction): Promise<void> {
  await tx.query(`SELECT ${waitForLock(LOCKS.migration)}`);
}
