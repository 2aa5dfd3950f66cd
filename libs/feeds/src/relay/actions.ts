import type { Queryable, Row } from '#database';
import type { ActionChange } from '../outbox-message.js';
import type { OutboxSource } from '../outbox-source.js';
import { anyPending, drainOutbox, replayOutbox, type OutboxTable } from './outbox.js';

interface ActionRow extends Row {
  readonly action_id: string;
  readonly customer_id: string;
  readonly number: number;
  readonly epoch: number | null;
  readonly kind: ActionChange['kind'];
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly entered_at: number;
  readonly because: string;
  readonly policy_version: string;
  readonly since: number;
  readonly valid_until: number;
  readonly reason: string | null;
  readonly published_at: number;
}

export const ACTIONS_OUTBOX: OutboxTable<ActionChange> = {
  table: 'perennial.actions',
  owner: 'customer_id',
  ownerOf: ({ customerId }) => customerId,
  keepsPublished: true,
  sequence: 'number',
  sequenceOf: ({ number }) => number,
  read: readActionChanges,
};

/** Action changes: one table holds the pending and the published ones. */
export const ACTIONS_SOURCE: OutboxSource = {
  pending: anyPending(ACTIONS_OUTBOX),
  drain: (database, publish, now, cursor) => drainOutbox(database, ACTIONS_OUTBOX, publish, now, cursor),
  replay: (database, fromPosition) => replayOutbox(database, ACTIONS_OUTBOX, ACTIONS_OUTBOX.table, fromPosition),
};

async function readActionChanges(on: Queryable, which: string, params: readonly unknown[]): Promise<ActionChange[]> {
  const rows = await on.query<ActionRow>(
    `WITH o AS (${which}) SELECT a.*, (SELECT epoch FROM perennial.log_identity) AS epoch FROM o JOIN perennial.actions a USING (customer_id, number) ORDER BY customer_id, number`,
    params,
  );
  return rows.map((row) => ({
    actionId: row.action_id,
    customerId: row.customer_id,
    number: row.number,
    epoch: row.epoch ?? 0,
    kind: row.kind,
    treatment: row.treatment,
    purpose: row.purpose,
    medium: row.medium,
    cycle: row.cycle,
    stage: row.stage,
    phase: row.phase,
    enteredAt: row.entered_at,
    because: row.because,
    policyVersion: row.policy_version,
    since: row.since,
    validUntil: row.valid_until,
    reason: row.reason,
    publishedAt: row.published_at,
  }));
}
