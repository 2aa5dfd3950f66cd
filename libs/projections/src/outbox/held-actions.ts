import type { Instant } from '#contracts';
import {
  arrayText,
  deleteRows,
  sortedByKey,
  upsertRows,
  type Row,
  type Statement,
  type Table,
  type Writer,
} from '#database';
import {
  mayContact,
  withProposals,
  type Contact,
  type CustomerView,
  type NextAction,
  type Policy,
  type RestraintReason,
} from '#lifecycle';
import type { KnownSuppression } from '../read-models/suppressions/table.js';

/** Why an action that is called for is not proposed. What a customer did not allow is not called for. */
export type HoldReason = 'restricted' | 'suppressed' | RestraintReason;

/** What is called for and held back: it survives rebuilds, as what was published does. */
export const HELD_ACTIONS: Table = {
  name: 'perennial.held_actions',
  migrations: [],
  columns: {
    customer_id: 'text',
    action_key: 'text',
    treatment: 'text',
    purpose: 'text',
    medium: 'text',
    cycle: 'int',
    stage: 'text',
    phase: 'text',
    since: 'timestamptz',
    valid_until: 'timestamptz',
    reason: 'text',
    rule: 'text',
    held_since: 'timestamptz',
    until: 'timestamptz',
    wake_at: 'timestamptz',
    policy_version: 'text',
    position: 'bigint',
  },
  key: ['customer_id', 'action_key'],
  semantic: [],
};

/** What was called for, and why it was not proposed. */
export interface HoldCause {
  readonly reason: HoldReason;
  /** The rule of the policy, or the suppression, in words. */
  readonly rule: string | null;
  /** When nothing that is known now holds it back any more; null where that has no date. */
  readonly until: Instant | null;
}

export interface HeldRow extends Row {
  readonly customer_id: string;
  readonly action_key: string;
  readonly reason: HoldReason;
  readonly rule: string | null;
  readonly held_since: Instant;
  readonly until: Instant | null;
  readonly since: Instant;
  readonly valid_until: Instant;
  readonly wake_at: Instant | null;
  readonly policy_version: string;
}

/** What is held back for these customers. */
export const selectHeld = (customerIds: readonly string[]): Statement => ({
  sql: 'SELECT * FROM perennial.held_actions WHERE customer_id = ANY($1::text[])',
  params: [arrayText(customerIds)],
});

/** What was proposed to these customers, under their former ids too, after an instant. */
export const selectProposals = (customerIds: readonly string[], after: Instant): Statement => ({
  sql: `SELECT c.id AS for_customer, a.action_id, a.medium, a.purpose, a.published_at
          FROM unnest($1::text[]) AS c(id) JOIN subjects s ON s.customer_id = c.id
          JOIN perennial.actions a ON a.customer_id = s.subject_id
         WHERE a.kind = 'proposed' AND a.published_at > to_timestamp($2::bigint / 1000.0)`,
  params: [arrayText(customerIds), after],
});

/** The rows of `selectProposals`, by customer, as contacts. */
export function readProposals(rows: readonly Row[]): Map<string, Contact[]> {
  const found = new Map<string, Contact[]>();
  for (const row of rows) {
    const one: Contact = {
      at: row['published_at'] as Instant,
      medium: row['medium'] as string,
      purpose: row['purpose'] as string,
      actionId: row['action_id'] as string,
    };
    const customerId = row['for_customer'] as string;
    const list = found.get(customerId);
    if (list === undefined) found.set(customerId, [one]);
    else list.push(one);
  }
  return found;
}

/** A customer who may get a proposal. */
export interface Restrained {
  readonly restricted: boolean;
  readonly suppressions: readonly KnownSuppression[];
}

/** What holds back every action by a medium, whatever the policy says; null where nothing does. */
export function blocked({ restricted, suppressions }: Restrained, medium: string, now: Instant): HoldCause | null {
  if (restricted) return { reason: 'restricted', rule: null, until: null };
  let cause: HoldCause | null = null;
  for (const { suppressionId, medium: only, reason, expiresAt } of suppressions) {
    if ((only !== null && only !== medium) || (expiresAt !== null && expiresAt <= now)) continue;
    // Of several, the one that lasts longest.
    if (cause !== null && (cause.until === null || (expiresAt !== null && expiresAt <= cause.until))) continue;
    cause = { reason: 'suppressed', rule: `${reason} (suppression ${suppressionId})`, until: expiresAt };
  }
  return cause;
}

/** Decides for one customer, action by action: each one that is let through counts for those after it. */
export class Restraint {
  private readonly proposals: Contact[];

  constructor(
    private readonly customer: Restrained,
    private readonly view: Pick<CustomerView, 'contacts'>,
    proposals: readonly Contact[],
    private readonly policy: Pick<Policy, 'contact' | 'timeZone'>,
    private readonly now: Instant,
  ) {
    this.proposals = [...proposals];
  }

  /** Null where nothing holds the action back. */
  holds(action: Pick<NextAction, 'medium' | 'purpose' | 'treatment'>): HoldCause | null {
    const whole = blocked(this.customer, action.medium, this.now);
    if (whole !== null) return whole;
    const { contacts } = this.view;
    const history = { contacts, counted: withProposals(contacts, this.proposals) };
    const verdict = mayContact(action, history, this.policy, this.now);
    if (verdict.allowed) return null;
    const { reason, rule, until } = verdict;
    return { reason, rule, until };
  }

  /** It goes out now. */
  proposed({ medium, purpose }: Pick<NextAction, 'medium' | 'purpose'>, actionId: string): void {
    this.proposals.push({ at: this.now, medium, purpose, actionId });
  }
}

/** The row of an action that is held back; `before` is its row so far. */
export function heldRow(
  {
    customerId,
    key,
    view,
    action,
  }: {
    readonly customerId: string;
    readonly key: string;
    readonly view: CustomerView;
    readonly action: NextAction;
  },
  { reason, rule, until }: HoldCause,
  before: HeldRow | null,
  { now, position }: { readonly now: Instant; readonly position: number },
): HeldRow {
  const { treatment, purpose, medium, since, validUntil } = action;
  const { cycle, stage, phase, policyVersion } = view;
  return {
    ...{ customer_id: customerId, action_key: key, treatment, purpose, medium, cycle, stage, phase, since },
    ...{ valid_until: validUntil, reason, rule, held_since: before?.held_since ?? now, until },
    // Where it would be over by then, the end of the action is a deadline of the customer already.
    wake_at: until === null || until >= validUntil ? null : until,
    ...{ policy_version: policyVersion, position },
  };
}

const SHOWN = ['reason', 'rule', 'until', 'wake_at', 'since', 'valid_until', 'policy_version'] as const;

/** Writes what is held back now in place of what was: rows that are as before are left alone. */
export async function writeHeld(
  writes: Writer,
  before: readonly HeldRow[],
  now: ReadonlyMap<string, HeldRow>,
): Promise<void> {
  const gone = before.filter((row) => !now.has(idOf(row)));
  if (gone.length > 0) await deleteRows(writes, HELD_ACTIONS, HELD_ACTIONS.key, gone);
  const known = new Map(before.map((row) => [idOf(row), row]));
  const changed = [...now.values()].filter((row) => {
    const old = known.get(idOf(row));
    return old === undefined || SHOWN.some((column) => old[column] !== row[column]);
  });
  if (changed.length > 0) await upsertRows(writes, HELD_ACTIONS, sortedByKey(HELD_ACTIONS, changed));
}

/** Names a row of the table. */
export const idOf = ({ customer_id, action_key }: Pick<HeldRow, 'customer_id' | 'action_key'>): string =>
  `${customer_id} ${action_key}`;
