import { LOCKS, tryLock, waitForSharedLock, type Transaction } from '#database';
import type { ReadModelStore } from '../read-models/read-model-store.js';

/**
 * Whether no other transaction folds until this one ends. Transactions that fold dirty customers share the lock of folding. A transaction
 * that indexes may fold its customers at once, without dirty marks, only while it has the lock alone: otherwise two could write one
 * customer's rows. PGlite has one process and one connection, and needs no lock.
 */
export async function foldsAlone(tx: Transaction, { context, version }: ReadModelStore): Promise<boolean> {
  if (context.database.kind === 'pglite') return true;
  const [lock] = await tx.query<{ acquired: boolean }>(`SELECT ${tryLock(LOCKS.folding(version))} AS acquired`);
  return lock?.acquired === true;
}

/** Shares the lock until the transaction ends; waits while a transaction that indexes folds alone. */
export async function foldsWithOthers(tx: Transaction, { context, version }: ReadModelStore): Promise<void> {
  if (context.database.kind === 'postgres') await tx.query(`SELECT ${waitForSharedLock(LOCKS.folding(version))}`);
}
