import { createHash } from 'node:crypto';
import { DAY, type Instant } from '#contracts';
import { consentFor, isRetention, type Contact, type CustomerView, type NextAction, type Policy } from '#lifecycle';
import {
  arrayText,
  insertRows,
  instantText,
  unnest,
  type Row,
  type Table,
  type Transaction,
  type Writer,
} from '#database';
import type { Epoch } from '../fitting/epoch.js';
import { RESTATES_WITH_CUSTOMERS } from '../read-models/policies/load-policies.js';
import type { KnownSuppression } from '../read-models/suppressions/table.js';
import { restrictedCustomer } from '../read-models/restrictions/table.js';
import {
  blocked,
  heldRow,
  idOf,
  readProposals,
  Restraint,
  selectHeld,
  selectProposals,
  writeHeld,
  type HeldRow,
} from './held-actions.js';
import { historyEnds } from './historical.js';
import type { RetractionReason } from './publications.js';
import type { Publishing } from './publish-stage-changes.js';

/** Why an action is no longer called for. */
export type WithdrawalReason =
  | 'expired'
  | 'phase-left'
  | 'consent-withdrawn'
  | 'policy-changed'
  | 'policy-restated'
  | 'reversal'
  | 'merge'
  | 'unmerge'
  | 'rebuild'
  | 'customer-returned'
  | 'parked'
  | 'erased'
  | 'restricted'
  | 'suppressed';

/** A customer who was just folded, or parked: the fold may call for actions, and earlier proposals may still stand. */
export interface CustomerActions {
  readonly customerId: string;
  /** Null where the customer has nothing to show, or was parked. */
  readonly view: CustomerView | null;
  /** An erased customer gets no action. */
  readonly erased: boolean;
  /** Neither does one whose data are restricted: what is called for is held back until the restriction is lifted. */
  readonly restricted: boolean;
  /** Nor one with an identifier on the suppression list. */
  readonly suppressions: readonly KnownSuppression[];
  /** Why the customer was folded; `parked` when that failed. */
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

/** When actions are published, and by which rules of contact. */
export interface ActionPublishing extends Publishing {
  /** The policy in force now. */
  readonly policy: Pick<Policy, 'contact' | 'timeZone'>;
}

/**
 * Publishes the difference between the proposals that stand and the actions that are called for now: actions that are no longer called for are
 * withdrawn, new ones proposed, except those called for since before the end of history, or since before the past was last restated. The second time there is no difference.
 * What is called for and must not go out now is held back and listed with the reason; it is proposed once nothing holds it back, however late that is.
 * Returns how many messages were published.
 */
export async function publishActions(
  tx: Transaction,
  writes: Writer,
  customers: readonly CustomerActions[],
  { position, now, epoch, restatedAt, policy }: ActionPublishing,
): Promise<number> {
  if (customers.length === 0) return 0;
  const historyEnd = Math.max(historyEnds(now, epoch), restatedAt);
  const { published, held } = await publishedOf(tx, customers);
  const proposals = await proposalsOf(tx, customers, policy, now);
  const rows: Row[] = [];
  const ended: Row[] = [];
  const heldNow = new Map<string, HeldRow>();
  for (const customer of customers) {
    const { customerId, view, erased } = customer;
    const { standing, last } = published.get(customerId) ?? { standing: [], last: 0 };
    let number = last;
    const add = (row: Row) => {
      number += 1;
      rows.push({ ...row, customer_id: customerId, number, position, published_at: now });
    };
    const calledFor = new Map(
      view === null || erased ? [] : view.actions.map((action) => [keyOf({ ...view, ...action }), action]),
    );
    /** Proposals that something blocks from now on: they wait, whatever their age, unless a channel carried them out. */
    const taken = new Set<string>();
    for (const row of standing) {
      const key = keyOf(row);
      const isBlocked = blocked(customer, row.medium, now) !== null;
      if (row.valid_until > now && calledFor.has(key)) {
        if (!isBlocked) {
          calledFor.delete(key);
          continue;
        }
        if (view?.contacts.some(({ actionId }) => actionId === row['action_id']) === true) calledFor.delete(key);
        else taken.add(key);
      }
      ended.push({ customer_id: customerId, number: row.number });
      add({ ...row, kind: 'withdrawn', reason: withdrawalReason(row, customer, now), standing: false });
    }
    if (view === null) continue;
    const restraint = new Restraint(customer, view, proposals.get(customerId) ?? [], policy, now);
    for (const [key, action] of calledFor) {
      const before = held.get(idOf({ customer_id: customerId, action_key: key })) ?? null;
      // A warning is due as long as the erasure is to come, and what was held back as long as it applies.
      const isDue = action.since >= historyEnd || isRetention(action) || before !== null || taken.has(key);
      if (!isDue) continue;
      const hold = restraint.holds(action);
      if (hold !== null) {
        const row = heldRow({ customerId, key, view, action }, hold, before, { now, position });
        heldNow.set(idOf(row), row);
        continue;
      }
      const proposed = proposal(customerId, view, action, { number: number + 1, epoch });
      restraint.proposed(action, proposed['action_id'] as string);
      add({ ...proposed, kind: 'proposed', reason: null, standing: true });
    }
  }
  if (ended.length > 0) {
    const source = unnest(ACTIONS, ['customer_id', 'number'], ended, 'e');
    await writes.query(
      `UPDATE perennial.actions a SET standing = false FROM ${source.sql}
        WHERE a.customer_id = e.customer_id AND a.number = e.number`,
      source.params,
    );
  }
  await insertRows(writes, ACTIONS, rows);
  await writeHeld(writes, [...held.values()], heldNow);
  return rows.length;
}

/** What was proposed, in the windows of the caps, to the customers who have actions now; none is read where the policy has no caps. */
async function proposalsOf(
  tx: Transaction,
  customers: readonly CustomerActions[],
  { contact }: Pick<Policy, 'contact'>,
  now: Instant,
): Promise<ReadonlyMap<string, readonly Contact[]>> {
  const days = Math.max(0, ...(contact?.caps ?? []).map((cap) => cap.days));
  const ids = customers.filter(({ view }) => (view?.actions.length ?? 0) > 0).map(({ customerId }) => customerId);
  if (days === 0 || ids.length === 0) return new Map();
  // A day more: a calendar day may have more than 24 hours.
  const statement = selectProposals(ids, now - (days + 1) * DAY);
  return readProposals(await tx.query(statement.sql, statement.params));
}

/** The standing proposals of each customer, the number of the last message about their actions, and what is held back. */
async function publishedOf(
  tx: Transaction,
  customers: readonly CustomerActions[],
): Promise<{
  readonly published: ReadonlyMap<string, { readonly standing: ActionRow[]; readonly last: number }>;
  /** By `idOf`. */
  readonly held: ReadonlyMap<string, HeldRow>;
}> {
  const ids = customers.map((one) => one.customerId);
  const [rows = [], held = []] = await tx.batch([
    {
      sql: `SELECT c.id AS for_customer, l.last, a.* FROM unnest($1::text[]) AS c(id)
       LEFT JOIN LATERAL (SELECT max(number) AS last FROM perennial.actions WHERE customer_id = c.id) l ON true
       LEFT JOIN LATERAL (SELECT * FROM perennial.actions s WHERE s.customer_id = c.id AND s.standing OFFSET 0) a ON true
      ORDER BY c.id, a.number`,
      params: [arrayText(ids)],
    },
    selectHeld(ids),
  ]);
  const published = new Map<string, { standing: ActionRow[]; last: number }>();
  for (const row of rows as (ActionRow & { for_customer: string; last: number | null; number: number | null })[]) {
    let one = published.get(row.for_customer);
    if (one === undefined) published.set(row.for_customer, (one = { standing: [], last: row.last ?? 0 }));
    if (row.number !== null) one.standing.push(row);
  }
  return { published, held: new Map((held as HeldRow[]).map((row) => [idOf(row), row])) };
}

/**
 * An action is the same as long as treatment, purpose, medium and stage period are: a late event that moves its beginning changes nothing. What tells a
 * customer of their erasure is no part of a stage period, and another one where the day of the erasure is.
 */
function keyOf(
  action: Pick<ActionRow, 'cycle' | 'stage' | 'phase' | 'treatment' | 'purpose' | 'medium'> & {
    readonly valid_until?: Instant;
    readonly validUntil?: Instant;
  },
): string {
  const { cycle, stage, phase, treatment, purpose, medium } = action;
  if (isRetention(action)) return JSON.stringify([treatment, medium, action.valid_until ?? action.validUntil]);
  return JSON.stringify([cycle, stage, phase, treatment, purpose, medium]);
}

function proposal(
  customerId: string,
  view: CustomerView,
  action: NextAction,
  { number, epoch }: { readonly number: number; readonly epoch: Epoch },
): Row {
  const { treatment, purpose, medium, since, validUntil } = action;
  const { cycle, stage, phase, enteredAt, cause, policyVersion } = view;
  // Numbers begin again with an epoch, and ids must not.
  const inEpoch = epoch.number === 0 ? [] : [epoch.number];
  const name = JSON.stringify([
    ...[customerId, cycle, stage, phase, treatment, purpose, medium, since, number],
    ...inEpoch,
  ]);
  return {
    action_id: createHash('sha256').update(name).digest('hex').slice(0, 32),
    ...{ treatment, purpose, medium, cycle, stage, phase, since },
    ...{
      entered_at: enteredAt,
      because: isRetention(action) ? treatment : cause.rule,
      policy_version: policyVersion,
      valid_until: validUntil,
    },
  };
}

function withdrawalReason(row: ActionRow, customer: CustomerActions, now: Instant): WithdrawalReason {
  const { view, erased, restricted, reason } = customer;
  if (row.valid_until <= now) return 'expired';
  if (erased) return 'erased';
  if (restricted) return 'restricted';
  if (blocked(customer, row.medium, now) !== null) return 'suppressed';
  if (isRetention(row)) return retentionWithdrawal(row, view, reason);
  const moved = view === null || view.cycle !== row.cycle || view.stage !== row.stage || view.phase !== row.phase;
  if (moved) return reason === 'late-event' ? 'phase-left' : reason;
  const stated = view.consents.filter(
    ({ purpose, medium }) => purpose === row.purpose && (medium ?? row.medium) === row.medium,
  );
  if (consentFor(view.consents, row.purpose, row.medium, now) !== null) {
    if (reason === 'rebuild' || reason === 'policy-restated') return reason;
    // The treatment's days are over by what is known now, or another policy no longer names it.
    return view.policyVersion === row['policy_version'] ? 'expired' : 'policy-changed';
  }
  return stated.every(({ given }) => given) && stated.length > 0 ? 'expired' : 'consent-withdrawn';
}

/** The customer came back, or another policy gives another day. */
function retentionWithdrawal(
  row: ActionRow,
  view: CustomerView | null,
  reason: CustomerActions['reason'],
): WithdrawalReason {
  if (view === null || reason === 'rebuild' || reason === 'policy-restated' || reason === 'parked') {
    return reason === 'late-event' ? 'customer-returned' : reason;
  }
  if ((view.lastContactAt ?? -Infinity) > (row['since'] as Instant)) return 'customer-returned';
  if (view.policyVersion !== row['policy_version']) return 'policy-changed';
  return reason === 'late-event' ? 'customer-returned' : reason;
}

/**
 * Marks customers dirty when a version becomes the live one and its actions differ from the published ones: a proposal stands that it does
 * not call for, it calls for an action that was not proposed, or something is held back. The version's tables are on the search path.
 */
export async function markWhereActionsDiffer(tx: Transaction, now: Instant, epoch: Epoch): Promise<void> {
  await tx.query(
    `WITH restated AS (
       SELECT coalesce((extract(epoch FROM max(p.recorded_at)) * 1000)::bigint, 0) AS restated_at
         FROM policies p WHERE ${RESTATES_WITH_CUSTOMERS}),
     called AS (
       SELECT c.customer_id, c.cycle, c.stage, c.phase, a.treatment, a.purpose, a.medium,
              a.since >= greatest($2::bigint, (SELECT restated_at FROM restated)) AND a."validUntil" > $3::bigint AS fresh
         FROM customers c CROSS JOIN LATERAL
              jsonb_to_recordset(c.actions) AS a(treatment text, purpose text, medium text, since bigint, "validUntil" bigint)
        WHERE c.actions <> '[]' AND NOT ${restrictedCustomer('c.customer_id')} AND NOT EXISTS (
          SELECT 1 FROM subjects s WHERE s.customer_id = c.customer_id GROUP BY s.customer_id HAVING bool_and(s.erased_at IS NOT NULL))),
     standing AS (SELECT customer_id, cycle, stage, phase, treatment, purpose, medium FROM perennial.actions WHERE standing),
     differ AS (
       SELECT customer_id FROM (
         SELECT * FROM standing EXCEPT SELECT customer_id, cycle, stage, phase, treatment, purpose, medium FROM called) ended
       UNION
       SELECT customer_id FROM perennial.held_actions
       UNION
       SELECT customer_id FROM (
         SELECT customer_id, cycle, stage, phase, treatment, purpose, medium FROM called WHERE fresh EXCEPT SELECT * FROM standing) new)
     INSERT INTO dirty (customer_id, position, pending, earliest_at, reason, since)
     SELECT customer_id, (SELECT position FROM checkpoint), 0, '-infinity', 'rebuild', $1::timestamptz FROM differ ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET reason = 'rebuild', earliest_at = '-infinity', not_before = NULL`,
    [instantText(now), historyEnds(now, epoch), now],
  );
}
