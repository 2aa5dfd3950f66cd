import type { Queryable, Row } from '#database';
import type { SaidAction } from '../published.js';
import type { Source } from '../source.js';
import { anyUnsent, carryUnsent, sayAgain, type Unsent } from './outbox.js';

interface ActionRow extends Row {
  readonly action_id: string;
  readonly customer_id: string;
  readonly number: number;
  readonly kind: SaidAction['kind'];
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

export const ACTIONS_SAID: Unsent<SaidAction> = {
  table: 'perennial.actions',
  kept: true,
  number: 'number',
  numberOf: ({ number }) => number,
  read,
};

/** What was said of actions: one table has what is still to be told and all of it. */
export const ACTIONS_TABLE: Source = {
  waiting: anyUnsent(ACTIONS_SAID),
  carry: (database, tell, now, round) => carryUnsent(database, ACTIONS_SAID, tell, now, round),
  again: (database, fromPosition) => sayAgain(database, ACTIONS_SAID, ACTIONS_SAID.table, fromPosition),
};

async function read(on: Queryable, which: string, params: readonly unknown[]): Promise<SaidAction[]> {
  const rows = await on.query<ActionRow>(
    `WITH o AS (${which}) SELECT a.* FROM o JOIN perennial.actions a USING (customer_id, number) ORDER BY customer_id, number`,
    params,
  );
  return rows.map((row) => ({
    actionId: row.action_id,
    customerId: row.customer_id,
    number: row.number,
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
    saidAt: row.published_at,
  }));
}
