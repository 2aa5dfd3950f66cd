import { createHash } from 'node:crypto';
import type { Instant } from '#contracts';
import { consentFor, type CustomerView, type NextAction } from '#lifecycle';
import type { Row, Transaction } from '#database';
import { insertRows, instantText, unnest } from '#database';
import { arrayText } from '#database';
import type { Table } from '#database';
import type { Writer } from '#database';
import { HISTORICAL_AFTER, type RetractionReason } from './publish.js';

/** Why an action is called for no longer. */
export type WithdrawalReason =
  | 'expired'
  | 'phase-left'
  | 'consent-withdrawn'
  | 'policy-changed'
  | 'reversal'
  | 'merge'
  | 'unmerge'
  | 'rebuild'
  | 'parked'
  | 'erased';

/** A customer for whom something may be called for, or stand, as they were just folded. */
export interface Treated {
  readonly customerId: string;
  /** Null where there is nothing to show of their any more. */
  readonly view: CustomerView | null;
  /** Nobody does anything for their any more. */
  readonly erased: boolean;
  /** Why they were folded; or they could not be, and was quarantined. */
  readonly reason: RetractionReason | 'parked';
}

const ACTIONS: Table = {
  name: 'perennial.actions',
  migrations: [],
  columns: {
    customer_id: 'text',
    number: 'int',
    kind: 'text',
    action_id: 'text',
    treatment: 'text',
    purpose: 'text',
    medium: 'text',
    cycle: 'int',
    stage: 'text',
    phase: 'text',
    entered_at: 'timestamptz',
    because: 'text',
    policy_version: 'text',
    since: 'timestamptz',
    valid_until: 'timestamptz',
    reason: 'text',
    position: 'bigint',
    published_at: 'timestamptz',
    standing: 'boolean',
  },
  key: ['customer_id', 'number'],
  semantic: [],
};

interface ActionRow extends Row {
  readonly customer_id: string;
  readonly number: number;
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly valid_until: Instant;
}

/**
 * Says what is to be done: the difference between the actions that were proposed and still stand, and those that are called for now.
 * What is called for no longer is withdrawn; what is called for since more than 24 hours back is history, and never proposed.
 * Saying it twice says nothing the second time.
 */
export async function propose(
  tx: Transaction,
  writes: Writer,
  treated: readonly Treated[],
  position: number,
  now: Instant,
): Promise<number> {
  if (treated.length === 0) return 0;
  const said = await standingOf(tx, treated);
  const rows: Row[] = [];
  const fallen: Row[] = [];
  for (const one of treated) {
    const { customerId, view, erased } = one;
    const { standing, last } = said.get(customerId) ?? { standing: [], last: 0 };
    let number = last;
    const say = (row: Row) => {
      number += 1;
      rows.push({ ...row, customer_id: customerId, number, position, published_at: now });
    };
    const called = new Map(
      view === null || erased ? [] : view.actions.map((action) => [keyOf({ ...view, ...action }), action]),
    );
    for (const row of standing) {
      if (row.valid_until > now && called.delete(keyOf(row))) continue;
      fallen.push({ customer_id: customerId, number: row.number });
      say({ ...row, kind: 'withdrawn', reason: withdrawalReason(row, one, now), standing: false });
    }
    if (view === null) continue;
    for (const action of called.values()) {
      if (action.since < now - HISTORICAL_AFTER) continue;
      say({ ...proposal(customerId, view, action, number + 1), kind: 'proposed', reason: null, standing: true });
    }
  }
  if (fallen.length > 0) {
    const source = unnest(ACTIONS, ['customer_id', 'number'], fallen, 'f');
    await writes.query(
      `UPDATE perennial.actions a SET standing = false FROM ${source.sql}
        WHERE a.customer_id = f.customer_id AND a.number = f.number`,
      source.params,
    );
  }
  await insertRows(writes, ACTIONS, rows);
  return rows.length;
}

/** What stands of what was proposed, per customer, and the number of what was said last. */
async function standingOf(
  tx: Transaction,
  treated: readonly Treated[],
): Promise<Map<string, { standing: ActionRow[]; last: number }>> {
  const rows = await tx.query<ActionRow & { asked: string; last: number | null; number: number | null }>(
    `SELECT c.id AS asked, l.last, a.* FROM unnest($1::text[]) AS c(id)
       LEFT JOIN LATERAL (SELECT max(number) AS last FROM perennial.actions WHERE customer_id = c.id) l ON true
       LEFT JOIN LATERAL (SELECT * FROM perennial.actions s WHERE s.customer_id = c.id AND s.standing OFFSET 0) a ON true
      ORDER BY c.id, a.number`,
    [arrayText(treated.map((one) => one.customerId))],
  );
  const found = new Map<string, { standing: ActionRow[]; last: number }>();
  for (const row of rows) {
    let one = found.get(row.asked);
    if (one === undefined) found.set(row.asked, (one = { standing: [], last: row.last ?? 0 }));
    if (row.number !== null) one.standing.push(row);
  }
  return found;
}

/** An action is the same as long as it is the same thing, by the same medium, in the same stay: a late event that moves its beginning changes nothing. */
function keyOf(action: Pick<ActionRow, 'cycle' | 'stage' | 'phase' | 'treatment' | 'purpose' | 'medium'>): string {
  const { cycle, stage, phase, treatment, purpose, medium } = action;
  return JSON.stringify([cycle, stage, phase, treatment, purpose, medium]);
}

function proposal(customerId: string, view: CustomerView, action: NextAction, number: number): Row {
  const { treatment, purpose, medium, since, validUntil } = action;
  const { cycle, stage, phase, enteredAt, cause, policyVersion } = view;
  const name = JSON.stringify([customerId, cycle, stage, phase, treatment, purpose, medium, since, number]);
  return {
    action_id: createHash('sha256').update(name).digest('hex').slice(0, 32),
    ...{ treatment, purpose, medium, cycle, stage, phase, since },
    ...{ entered_at: enteredAt, because: cause.rule, policy_version: policyVersion, valid_until: validUntil },
  };
}

function withdrawalReason(row: ActionRow, { view, erased, reason }: Treated, now: Instant): WithdrawalReason {
  if (row.valid_until <= now) return 'expired';
  if (erased) return 'erased';
  const moved = view === null || view.cycle !== row.cycle || view.stage !== row.stage || view.phase !== row.phase;
  if (moved) return reason === 'late-event' ? 'phase-left' : reason;
  const said = view.consents.filter(
    ({ purpose, medium }) => purpose === row.purpose && (medium ?? row.medium) === row.medium,
  );
  if (consentFor(view.consents, row.purpose, row.medium, now) !== null) {
    if (reason === 'rebuild') return reason;
    // The days of the treatment are over, by what is known now, or the policy does not name it any more.
    return view.policyVersion === row['policy_version'] ? 'expired' : 'policy-changed';
  }
  return said.every(({ given }) => given) && said.length > 0 ? 'expired' : 'consent-withdrawn';
}

/**
 * Marks, when a version becomes the live one, the customers of whom it believes otherwise than was said: what stands and is not called
 * for, or is called for and was never proposed. The version's tables are on the search path.
 */
export async function markOtherwiseTreated(tx: Transaction, now: Instant): Promise<void> {
  await tx.query(
    `WITH called AS (
       SELECT c.customer_id, c.cycle, c.stage, c.phase, a.treatment, a.purpose, a.medium,
              a.since >= $2::bigint AND a."validUntil" > $3::bigint AS fresh
         FROM customers c CROSS JOIN LATERAL
              jsonb_to_recordset(c.actions) AS a(treatment text, purpose text, medium text, since bigint, "validUntil" bigint)
        WHERE c.actions <> '[]' AND NOT EXISTS (
          SELECT 1 FROM subjects s WHERE s.customer_id = c.customer_id GROUP BY s.customer_id HAVING bool_and(s.erased_at IS NOT NULL))),
     standing AS (SELECT customer_id, cycle, stage, phase, treatment, purpose, medium FROM perennial.actions WHERE standing),
     differ AS (
       SELECT customer_id FROM (
         SELECT * FROM standing EXCEPT SELECT customer_id, cycle, stage, phase, treatment, purpose, medium FROM called) fallen
       UNION
       SELECT customer_id FROM (
         SELECT customer_id, cycle, stage, phase, treatment, purpose, medium FROM called WHERE fresh EXCEPT SELECT * FROM standing) new)
     INSERT INTO dirty (customer_id, position, pending, earliest_at, reason, since)
     SELECT customer_id, (SELECT position FROM checkpoint), 0, '-infinity', 'rebuild', $1::timestamptz FROM differ ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET reason = 'rebuild', earliest_at = '-infinity', not_before = NULL`,
    [instantText(now), now - HISTORICAL_AFTER, now],
  );
}
