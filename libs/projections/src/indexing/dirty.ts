import type { Instant } from '#contracts';
import type { Transaction, Row } from '#database';
import { insertRows, instantText, sortedByKey } from '#database';
import { DIRTY, PARKED } from '../read-models/working-tables.js';
import type { Writer } from '#database';
import type { Reason, AffectedCustomer } from './indexer.js';

const RANK = /* sql */ `array_position(ARRAY['events','deadline','policy-changed','released','rebuild','unmerge','merge'], `;

/** Marks customers to be folded again. Marking twice adds up; the weightier reason wins. */
export async function markDirty(
  writes: Writer,
  touched: readonly AffectedCustomer[],
  position: number,
  now: Instant,
): Promise<void> {
  if (touched.length === 0) return;
  const rows = touched.map((one): Row => ({
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
       reason = CASE WHEN ${RANK} EXCLUDED.reason) > ${RANK} dirty.reason) THEN EXCLUDED.reason ELSE dirty.reason END,
       not_before = NULL`,
  );
}

/**
 * Marks everybody: after a policy was published or came into force. Those who are marked as well as those who have rows:
 * somebody may be writing a customer's first rows at this moment, and their mark is what can be seen of them.
 */
export async function markAllCustomers(tx: Transaction, reason: Reason, position: number, now: Instant): Promise<void> {
  await tx.query(
    `INSERT INTO dirty (customer_id, position, pending, earliest_at, reason, since)
     SELECT customer_id, $1::bigint, 0, NULL::timestamptz, $2::text, $3::timestamptz
       FROM (SELECT customer_id FROM customers UNION SELECT customer_id FROM dirty) everybody ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET position = greatest(dirty.position, EXCLUDED.position),
       reason = CASE WHEN ${RANK} EXCLUDED.reason) > ${RANK} dirty.reason) THEN EXCLUDED.reason ELSE dirty.reason END`,
    [position, reason, instantText(now)],
  );
}

/** Marks those whose deadline has come, at most `limit`, the earliest first; returns how many. */
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

/** Sets a customer aside who cannot be folded. */
export async function park(
  writes: Writer,
  parked: readonly { readonly customerId: string; readonly reason: string; readonly detail: string }[],
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
