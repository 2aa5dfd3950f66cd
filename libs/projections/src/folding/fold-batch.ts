import { arrayText, instantText, isRejection, Writes, type Row, type Transaction } from '#database';
import type { Instant } from '#contracts';
import { describeError } from '#platform';
import type { Reason } from '../indexing/affected-customer.js';
import { readPolicies, SELECT_POLICIES } from '../read-models/policies/load-policies.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { foldAndWrite, type FoldTask } from './fold-customers.js';
import { foldsWithOthers } from './folding-lock.js';
import { parkFailed } from './park.js';

/** Which dirty customers are folded together. */
export interface FoldBatch {
  readonly limit: number;
  /** False: heavy customers with a late event wait until folding them pays. */
  readonly all: boolean;
  /** Only these; null for any. */
  readonly only: readonly string[] | null;
}

/** A heavy customer with late events is folded again when so large a part of the history is new … */
const HEAVY_PENDING_SHARE = 8;
/** … or when the first mark is as old as this for each event of the history, five seconds at most. */
const HEAVY_WAIT_MS_PER_EVENT = 0.4;
const HEAVY_WAIT_MS_MAX = 5_000;
/** One of so many customers of a batch may be there because their deadline has come. */
const DUE_SHARE = 2;

/**
 * Folds a batch of dirty customers, in the caller's transaction: claims them, loads what the tables know, folds, writes the rows of every
 * read model and what is to be published, and removes the dirty marks. Customers that another worker has claimed are skipped. Returns
 * how many were claimed.
 */
export async function foldBatch(tx: Transaction, batch: FoldBatch, store: ReadModelStore): Promise<number> {
  await foldsWithOthers(tx, store);
  const now = store.context.now();
  const tasks = await claim(tx, batch, store.context.snapshotEvery, now);
  if (tasks.length === 0) return 0;
  const ids = arrayText(tasks.map((task) => task.customerId));
  // Read after the claim: what was indexed since then concerns none of the claimed customers, whose marks are locked.
  const [at = [], counted = []] = await tx.batch([
    { sql: 'SELECT position FROM checkpoint' },
    SELECT_POLICIES,
    { sql: 'DELETE FROM dirty WHERE customer_id = ANY($1::text[])', params: [ids] },
  ]);
  const { count, zones } = readPolicies(counted);
  const policies = await store.policies(tx, count);
  const position = Number(at[0]?.['position'] ?? 0);
  const writes = new Writes();
  await foldAndWrite(tx, writes, tasks, null, { policies, zones, position, now }, store);
  await writes.send(tx);
  return tasks.length;
}

/** A dirty mark as it is claimed. */
interface ClaimedMark extends Row {
  readonly customer_id: string;
  readonly reason: Reason;
  readonly pending: number;
  readonly earliest_at: number | null;
}

/**
 * Claims dirty customers: up to half of the batch those whose deadline has come, the earliest first, then those that have been dirty for longest. So a long
 * queue does not delay what time alone changes, and many deadlines do not delay the queue.
 */
async function claim(tx: Transaction, batch: FoldBatch, heavyAbove: number, now: Instant): Promise<FoldTask[]> {
  const due = batch.only === null ? await claimDue(tx, Math.ceil(batch.limit / DUE_SHARE), now) : [];
  const dueIds = due.map((mark) => mark.customer_id);
  const aged = await claimAged(tx, { ...batch, limit: batch.limit - due.length }, dueIds, heavyAbove, now);
  return [...due, ...aged].map((mark) => ({
    customerId: mark.customer_id,
    reason: mark.reason,
    pending: mark.pending,
    earliestAt: mark.earliest_at,
    events: null,
    complete: false,
  }));
}

/** Heavy customers too: each fold moves the deadline on, so it is folded once for each. */
function claimDue(tx: Transaction, limit: number, now: Instant): Promise<ClaimedMark[]> {
  return tx.query<ClaimedMark>(
    `SELECT d.customer_id, d.reason, d.pending, d.earliest_at FROM customers c JOIN dirty d ON d.customer_id = c.customer_id
      WHERE c.wake_at <= $1::timestamptz AND (d.not_before IS NULL OR d.not_before <= $1::timestamptz)
      ORDER BY c.wake_at, c.customer_id LIMIT $2 FOR UPDATE OF d SKIP LOCKED`,
    [instantText(now), limit],
  );
}

function claimAged(
  tx: Transaction,
  { limit, all, only }: FoldBatch,
  claimed: readonly string[],
  heavyAbove: number,
  now: Instant,
): Promise<ClaimedMark[]> {
  return tx.query<ClaimedMark>(
    `SELECT d.customer_id, d.reason, d.pending, d.earliest_at FROM dirty d
       LEFT JOIN states n ON n.customer_id = d.customer_id
      WHERE (d.not_before IS NULL OR d.not_before <= $1::timestamptz)
        AND ($2::text IS NULL OR d.customer_id = ANY($2::text[])) AND d.customer_id <> ALL($9::text[])
        AND ($3::boolean OR n.events IS NULL OR n.events <= $4 OR d.earliest_at IS NULL OR d.earliest_at >= n.upto_at
             OR d.pending * $5 >= n.events
             OR d.since <= $1::timestamptz - least(n.events * $6::float8, $7::float8) * interval '1 millisecond')
      ORDER BY d.since, d.customer_id LIMIT $8 FOR UPDATE OF d SKIP LOCKED`,
    [
      instantText(now),
      only === null ? null : arrayText(only),
      all,
      heavyAbove,
      HEAVY_PENDING_SHARE,
      HEAVY_WAIT_MS_PER_EVENT,
      HEAVY_WAIT_MS_MAX,
      limit,
      arrayText(claimed),
    ],
  );
}

/**
 * Folds up to `limit` dirty customers in one transaction; returns how many. When the database rejects the batch, halves of it are tried
 * until the customer is found whose rows cannot be written; that customer is parked.
 */
export async function foldDirty(store: ReadModelStore, limit: number, all: boolean): Promise<number> {
  try {
    return await foldInTransaction(store, { limit, all, only: null });
  } catch (error) {
    if (!isRejection(error)) throw error;
  }
  const tasks = await store.transaction((tx) =>
    claim(tx, { limit, all, only: null }, store.context.snapshotEvery, store.context.now()),
  );
  const customerIds = tasks.map((task) => task.customerId);
  await foldByHalves(store, customerIds, all);
  return customerIds.length;
}

function foldInTransaction(store: ReadModelStore, batch: FoldBatch): Promise<number> {
  return store.transaction((tx) => foldBatch(tx, batch, store), { byKeys: true });
}

async function foldByHalves(store: ReadModelStore, customerIds: readonly string[], all: boolean): Promise<void> {
  if (customerIds.length === 0) return;
  try {
    await foldInTransaction(store, { limit: customerIds.length, all, only: customerIds });
  } catch (error) {
    if (!isRejection(error)) throw error;
    if (customerIds.length > 1) {
      const middle = Math.ceil(customerIds.length / 2);
      await foldByHalves(store, customerIds.slice(0, middle), all);
      await foldByHalves(store, customerIds.slice(middle), all);
      return;
    }
    const failed = customerIds.map((customerId) => ({
      customerId,
      reason: 'write-failed' as const,
      detail: describeError(error),
    }));
    await store.transaction(async (tx) => {
      const [at] = await tx.query<{ position: number }>('SELECT position FROM checkpoint');
      const writes = new Writes();
      const { context, isLive: publishes } = store;
      await parkFailed(tx, writes, failed, {
        position: at?.position ?? 0,
        now: context.now(),
        epoch: context.epoch,
        publishes,
      });
      await writes.send(tx);
      context.counters.parked += failed.length;
    });
  }
}
