import type { Instant } from '#contracts';
import type { Queryable } from '#database';

/**
 * A stretch of publication without a gap. Where the read models were lost, and with them what was published, the next epoch begins: the current state of
 * each customer is published once more, as a resync.
 */
export interface Epoch {
  /** 0: the first one. Else the milliseconds at which it began: later epochs have higher numbers. */
  readonly number: number;
  /** Nothing that became true before this instant calls for an action, since the epoch before may have called for it. */
  readonly beganAt: Instant;
  /** Whether the current state of every customer still is to be published. */
  readonly needsResync: boolean;
}

export const FIRST_EPOCH: Epoch = { number: 0, beganAt: Number.NEGATIVE_INFINITY, needsResync: false };

/** The epoch of the database; the first one where no process that keeps it has recorded any. */
export async function epochOf(database: Pick<Queryable, 'query'>): Promise<Epoch> {
  const [row] = await database.query<{ epoch: number; resynced: boolean }>(
    'SELECT epoch, resynced FROM perennial.log_identity',
  );
  if (row === undefined || row.epoch === 0) return FIRST_EPOCH;
  // What became true in the very millisecond may have been published as well.
  return { number: row.epoch, beganAt: row.epoch + 1, needsResync: !row.resynced };
}
