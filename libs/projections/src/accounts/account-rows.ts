import type { Row } from '#database';
import type { CustomerView, StagePeriod } from '#lifecycle';
import type { FoldedView } from '../read-models/read-model.js';
import { BOOKED_MONEY } from '../read-models/bookings/projection.js';
import { earliest, viewColumns } from '../read-models/customers/projection.js';

/** What an account is, and who is in it, at the instant of its fold. */
export interface AccountFacts {
  readonly accountId: string;
  readonly source: string;
  readonly reference: string | null;
  readonly kind: string;
  /** Rows of `account_memberships`. */
  readonly memberships: readonly Row[];
  /** The next instant at which something that is known already happens: a touchpoint, a joining, a leaving. */
  readonly waitingUntil: number | null;
}

/** The row of an account. */
export function accountRow(facts: AccountFacts, view: CustomerView, position: number): Row {
  const { accountId, source, reference, kind, memberships, waitingUntil } = facts;
  return {
    account_id: accountId,
    source,
    reference: kind === 'household' ? null : reference,
    kind,
    members: memberships.filter((row) => row['left_at'] === null).length,
    members_ever: new Set(memberships.map((row) => row['customer_id'])).size,
    ...viewColumns(view),
    contracts: view.contracts,
    folded_position: position,
    waiting_until: waitingUntil,
    wake_at: earliest([view.next?.dueAt ?? null, waitingUntil]),
  };
}

/** The rows of an account's stays in phases. */
export function accountStagePeriodRows(accountId: string, periods: readonly StagePeriod[]): Row[] {
  return periods.map(({ seq, cycle, stage, phase, enteredAt, leftAt, cause }) => ({
    account_id: accountId,
    ...{ seq, cycle, stage, phase, entered_at: enteredAt, left_at: leftAt, cause },
    policy_version: cause.policyVersion,
  }));
}

/** The rows of an account's bookings: those of a customer, under the account. */
export function accountBookingRows(folded: FoldedView): Row[] {
  if (BOOKED_MONEY.shape !== 'by-event') return [];
  return BOOKED_MONEY.rows(folded).map(({ customer_id: account_id, ...row }) => ({ account_id, ...row }));
}
