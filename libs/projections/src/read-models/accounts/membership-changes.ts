import { insertRows, sortedByKey, type Row, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { membershipChange } from '#lifecycle';
import { toLifecycleEvent } from '../../folding/fold-one.js';
import { accountIdOf } from './account-id.js';
import { MEMBERSHIP_CHANGES } from './tables.js';

/** Whether a touchpoint may change a membership. */
export function concernsMembership({ type }: RecordedEvent): boolean {
  return type === 'account-joined' || type === 'account-left';
}

/** The row of a touchpoint that changes a membership; null for one that does not, and for one that cannot be read: its customer is parked. */
export function membershipChangeRow(event: RecordedEvent, subjectId: string): Row | null {
  let found;
  try {
    found = membershipChange(toLifecycleEvent(event));
  } catch {
    return null;
  }
  if (found === null) return null;
  const { account, change } = found;
  const isNamed = change.kind === 'company' || change.kind === 'other';
  return {
    account_id: accountIdOf(account),
    subject_id: subjectId,
    occurred_at: change.occurredAt,
    type: change.type,
    source: change.source,
    event_id: change.id,
    kind: change.kind,
    part: change.part,
    reference: isNamed ? account.accountId : null,
    position: event.position,
  };
}

/** Stores changes of memberships. The same ones again change nothing. */
export async function recordMembershipChanges(writes: Writer, changes: readonly Row[]): Promise<void> {
  if (changes.length === 0) return;
  await insertRows(
    writes,
    MEMBERSHIP_CHANGES,
    sortedByKey(MEMBERSHIP_CHANGES, changes),
    '(source, event_id) DO NOTHING',
  );
}
