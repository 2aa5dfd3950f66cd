import type { Instant } from '#contracts';
import { insertRows, instantText, sortedByKey, type Row, type Transaction, type Writer } from '#database';
import { DIRTY } from '../read-models/working-tables.js';
import { REASONS, type AffectedCustomer, type Reason } from './affected-customer.js';

/** SQL: the rank of a reason; the higher one wins. */
export const rankOfReason = (reason: string): string =>
  `array_position(ARRAY[${REASONS.map((each) => `'${each}'`).join(',')}], ${reason})`;

/** Of two reasons that meet in one dirty mark, the one with the higher rank. */
const STRONGER_REASON = /* sql */ `CASE WHEN ${rankOfReason('EXCLUDED.reason')} > ${rankOfReason('dirty.reason')} THEN EXCLUDED.reason ELSE dirty.reason END`;

/** Marks customers dirty: they must be folded again. A second mark adds up with the first; the stronger reason wins. */
export async function markDirty(
  writes: Writer,
  affected: readonly AffectedCustomer[],
  position: number,
  now: Instant,
): Promise<void> {
  if (affected.length === 0) return;
  const rows = affected.map((one): Row => ({
    customer_id: one.customerId,
    position,
    pending: one.events.length,
    earliest_at: one.earliestAt,
    reason: one.reason,
    since: now,
    not_before: null,
  }));
  await insertRows(
    writes,
    DIRTY,
    sortedByKey(DIRTY, rows),
    `(customer_id) DO UPDATE SET position = greatest(dirty.position, EXCLUDED.position),
       pending = dirty.pending + EXCLUDED.pending, earliest_at = least(dirty.earliest_at, EXCLUDED.earliest_at),
       reason = ${STRONGER_REASON},
       not_before = NULL`,
  );
}

/**
 * Marks all customers dirty, after a policy was published or came into force, or a segment was defined; `fromStart`: they are folded from the beginning. Those that have rows and those that are dirty already.
 * Another process may be writing a customer's first rows at this moment, and only the dirty mark of that customer can be seen.
 */
export async function markAllDirty(
  tx: Transaction,
  reason: Reason,
  position: number,
  now: Instant,
  fromStart = false,
): Promise<void> {
  await tx.query(
    `INSERT INTO dirty (customer_id, position, pending, earliest_at, reason, since)
     SELECT customer_id, $1::bigint, 0, CASE WHEN $4 THEN '-infinity'::timestamptz END, $2::text, $3::timestamptz
       FROM (SELECT customer_id FROM customers UNION SELECT customer_id FROM dirty) all_customers ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET position = greatest(dirty.position, EXCLUDED.position),
       earliest_at = least(dirty.earliest_at, EXCLUDED.earliest_at), reason = ${STRONGER_REASON}`,
    [position, reason, instantText(now), fromStart],
  );
}

/**
 * Marks the customers dirty whose deadline has come, the earliest first, at most `limit`; returns how many. Parked customers stay
 * parked: one with an unreadable event keeps the deadline of what was folded of them.
 */
export async function markDue(tx: Transaction, now: Instant, limit: number): Promise<number> {
  const rows = await tx.query<{ n: number }>(
    `WITH due AS (
       SELECT customer_id FROM customers c WHERE wake_at <= $1::timestamptz
          AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.customer_id = c.customer_id)
          AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.customer_id = c.customer_id)
        ORDER BY wake_at LIMIT $2),
     marked AS (
       INSERT INTO dirty (customer_id, position, pending, earliest_at, reason, since)
       SELECT customer_id, (SELECT position FROM checkpoint), 0, NULL, 'deadline', $1::timestamptz FROM due ORDER BY customer_id
       ON CONFLICT DO NOTHING RETURNING 1)
     SELECT count(*)::int AS n FROM marked`,
    [instantText(now), limit],
  );
  return rows[0]?.n ?? 0;
}

/**
 * Marks the customers dirty that have an action held back until now, the earliest first, at most `limit`; returns how many actions those were. Those of a customer
 * who is dirty already come with the next call, unless the fold wrote them again; a parked customer has nothing held back.
 */
export async function markHeldDue(tx: Transaction, now: Instant, limit: number): Promise<number> {
  const rows = await tx.query<{ n: number }>(
    `WITH due AS (
       SELECT customer_id, action_key FROM perennial.held_actions h WHERE wake_at <= $1::timestamptz
          AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.customer_id = h.customer_id)
        ORDER BY wake_at LIMIT $2 FOR UPDATE SKIP LOCKED),
     woken AS (
       UPDATE perennial.held_actions h SET wake_at = NULL FROM due
        WHERE h.customer_id = due.customer_id AND h.action_key = due.action_key RETURNING h.customer_id),
     marked AS (
       INSERT INTO dirty (customer_id, position, pending, earliest_at, reason, since)
       SELECT DISTINCT customer_id, (SELECT position FROM checkpoint), 0, NULL::timestamptz, 'deadline', $1::timestamptz
         FROM woken ORDER BY customer_id
       ON CONFLICT DO NOTHING)
     SELECT count(*)::int AS n FROM woken`,
    [instantText(now), limit],
  );
  return rows[0]?.n ?? 0;
}
