import type { Instant } from '#contracts';
import { arrayText, instantText, type Row, type Transaction, type Writer } from '#database';
import type { AffectedCustomer, Reason } from '../indexing/affected-customer.js';
import { rankOfReason } from '../indexing/dirty.js';

const NEWER_MARK = `(account_id) DO UPDATE SET position = greatest(dirty_accounts.position, EXCLUDED.position),
       pending = dirty_accounts.pending + EXCLUDED.pending,
       earliest_at = least(dirty_accounts.earliest_at, EXCLUDED.earliest_at),
       reason = CASE WHEN ${rankOfReason('EXCLUDED.reason')} > ${rankOfReason('dirty_accounts.reason')}
                     THEN EXCLUDED.reason ELSE dirty_accounts.reason END,
       not_before = NULL, failure = NULL`;

/**
 * Marks the accounts dirty that a page concerns: those of which an affected customer is or was a member, and those that its touchpoints
 * join or leave. After the page's subjects and changes of memberships were written; costs nothing where there are no accounts.
 *
 * @param known whether any membership was on record before the page
 */
export async function markAccounts(
  writes: Writer,
  affected: readonly AffectedCustomer[],
  changes: readonly Row[],
  known: boolean,
  position: number,
  now: Instant,
): Promise<void> {
  if (affected.length === 0 || (!known && changes.length === 0)) return;
  await writes.query(
    `INSERT INTO dirty_accounts (account_id, position, pending, earliest_at, reason, since)
     SELECT account_id, $5::bigint, sum(pending)::int, min(earliest_at),
            (array_agg(reason ORDER BY ${rankOfReason('reason')} DESC))[1], $6::timestamptz
       FROM (SELECT DISTINCT m.account_id, c.customer_id, c.pending, c.earliest_at, c.reason
               FROM unnest($1::text[], $2::int[], $3::timestamptz[], $4::text[]) AS c(customer_id, pending, earliest_at, reason)
               JOIN subjects s ON s.customer_id = c.customer_id
               JOIN membership_changes m ON m.subject_id = s.subject_id) concerned
      GROUP BY account_id ORDER BY account_id
     ON CONFLICT ${NEWER_MARK}`,
    [
      arrayText(affected.map(({ customerId }) => customerId)),
      arrayText(affected.map(({ events }) => events.length)),
      arrayText(affected.map(({ earliestAt }) => (earliestAt === null ? null : instantText(earliestAt)))),
      arrayText(affected.map(({ reason }) => reason)),
      position,
      instantText(now),
    ],
  );
}

/** Marks all accounts dirty: with a `fromStart`, nothing that was folded of them is used again. */
export async function markAllAccounts(
  tx: Transaction,
  reason: Reason,
  position: number,
  now: Instant,
  fromStart = false,
): Promise<void> {
  await tx.query(
    `INSERT INTO dirty_accounts (account_id, position, pending, earliest_at, reason, since)
     SELECT DISTINCT account_id, $1::bigint, 0, CASE WHEN $4 THEN '-infinity'::timestamptz END, $2::text, $3::timestamptz
       FROM membership_changes ORDER BY account_id
     ON CONFLICT ${NEWER_MARK}`,
    [position, reason, instantText(now), fromStart],
  );
}

/** Marks the accounts dirty whose deadline has come, the earliest first, at most `limit`; returns how many. */
export async function markDueAccounts(tx: Transaction, now: Instant, limit: number): Promise<number> {
  const rows = await tx.query<{ n: number }>(
    `WITH due AS (
       SELECT account_id FROM accounts a WHERE wake_at <= $1::timestamptz
          AND NOT EXISTS (SELECT 1 FROM dirty_accounts d WHERE d.account_id = a.account_id)
        ORDER BY wake_at LIMIT $2),
     marked AS (
       INSERT INTO dirty_accounts (account_id, position, pending, earliest_at, reason, since)
       SELECT account_id, (SELECT position FROM checkpoint), 0, NULL, 'deadline', $1::timestamptz FROM due ORDER BY account_id
       ON CONFLICT DO NOTHING RETURNING 1)
     SELECT count(*)::int AS n FROM marked`,
    [instantText(now), limit],
  );
  return rows[0]?.n ?? 0;
}

/** Marks the accounts dirty whose stage periods, in the version on the search path, differ from what stands published. */
export async function markAccountsWherePublishedDiffers(tx: Transaction, now: Instant): Promise<void> {
  await tx.query(
    `WITH held AS (
       SELECT account_id, 'entered' AS kind, cycle, stage, phase, entered_at, entered_at AS at FROM account_stage_periods
       UNION ALL SELECT account_id, 'left', cycle, stage, phase, entered_at, left_at FROM account_stage_periods WHERE left_at IS NOT NULL),
     standing AS (
       SELECT account_id, kind, cycle, stage, phase, entered_at, at FROM perennial.accounts_published
        WHERE NOT retracted AND kind <> 'retracted'),
     differ AS (
       SELECT DISTINCT account_id FROM (
         SELECT account_id FROM (SELECT * FROM held UNION ALL SELECT * FROM standing) b
          GROUP BY account_id, kind, cycle, stage, phase, entered_at, at HAVING count(*) <> 2) d)
     INSERT INTO dirty_accounts (account_id, position, pending, earliest_at, reason, since)
     SELECT account_id, (SELECT position FROM checkpoint), 0, '-infinity', 'rebuild', $1::timestamptz FROM differ ORDER BY account_id
     ON CONFLICT (account_id) DO UPDATE SET reason = 'rebuild', earliest_at = '-infinity', not_before = NULL, failure = NULL`,
    [instantText(now)],
  );
}
