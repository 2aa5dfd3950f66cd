import { arrayText, type Row, type Transaction } from '#database';
import type { AccountKind, MembershipChange, Snapshot } from '#lifecycle';
import type { FoldState } from '../folding/fold-one.js';
import type { Reason } from '../indexing/affected-customer.js';
import { grouped } from './grouped.js';

/** An account that is to be folded. */
export interface AccountTask {
  readonly accountId: string;
  readonly reason: Reason;
  /** The earliest instant of what is new; -Infinity when nothing folded before is still valid; null when only time passed. */
  readonly earliestAt: number | null;
}

/** A change of a membership, and how much of the log it takes to know it. */
export interface KnownChange extends MembershipChange {
  readonly position: number;
}

/** A customer who is or was a member of an account. */
export interface KnownMember {
  readonly customerId: string;
  /** Sorted. */
  readonly subjectIds: readonly string[];
  readonly changes: readonly KnownChange[];
}

/** What the tables know of an account that is to be folded. */
export interface KnownAccount {
  readonly task: AccountTask;
  readonly source: string;
  /** The id that the source gives it, where one of its touchpoints says that it is no household. */
  readonly reference: string | null;
  readonly members: readonly KnownMember[];
  /** Whether it has rows already. */
  readonly written: boolean;
  readonly newest: FoldState | null;
}

interface ChangeRow extends Row {
  readonly account_id: string;
  readonly customer_id: string;
  readonly occurred_at: number;
  readonly type: MembershipChange['type'];
  readonly source: string;
  readonly event_id: string;
  readonly kind: AccountKind | null;
  readonly part: string | null;
  readonly reference: string | null;
  readonly position: number;
}

/** Loads what the tables know of these accounts: their members with all subjects, the changes of memberships, and the newest states. */
export async function loadAccounts(tx: Transaction, tasks: readonly AccountTask[]): Promise<KnownAccount[]> {
  const ids = arrayText(tasks.map(({ accountId }) => accountId));
  const fromStart = arrayText(tasks.map(({ earliestAt }) => earliestAt === -Infinity));
  const [changes = [], subjects = [], states = []] = await tx.batch([
    {
      sql: `SELECT m.*, s.customer_id FROM membership_changes m JOIN subjects s ON s.subject_id = m.subject_id
             WHERE m.account_id = ANY($1::text[]) ORDER BY m.account_id, s.customer_id`,
      params: [ids],
    },
    {
      sql: `SELECT customer_id, string_agg(subject_id, ',' ORDER BY subject_id) AS ids FROM subjects
             WHERE customer_id IN (SELECT s.customer_id FROM membership_changes m JOIN subjects s ON s.subject_id = m.subject_id
                                    WHERE m.account_id = ANY($1::text[]))
             GROUP BY customer_id`,
      params: [ids],
    },
    {
      sql: `SELECT c.account_id, a.account_id IS NOT NULL AS written, n.events, n.upto_at, n.position, n.state
              FROM unnest($1::text[], $2::boolean[]) AS c(account_id, from_start)
              LEFT JOIN accounts a ON a.account_id = c.account_id
              LEFT JOIN account_states n ON n.account_id = c.account_id AND NOT c.from_start`,
      params: [ids, fromStart],
    },
  ]);
  const subjectsOf = new Map(subjects.map((row) => [String(row['customer_id']), String(row['ids']).split(',')]));
  const byAccount = grouped(changes as ChangeRow[], (row) => row.account_id);
  const stateOf = new Map(states.map((row) => [String(row['account_id']), row]));
  return tasks.map((task): KnownAccount => {
    const rows = byAccount.get(task.accountId) ?? [];
    const state = stateOf.get(task.accountId);
    return {
      task,
      source: rows[0]?.source ?? '',
      reference: rows.find(({ reference }) => reference !== null)?.reference ?? null,
      members: [...grouped(rows, (row) => row.customer_id)].map(([customerId, of]) => ({
        customerId,
        subjectIds: subjectsOf.get(customerId) ?? [],
        changes: of.map(changeOf),
      })),
      written: state?.['written'] === true,
      newest: state === undefined || state['events'] === null ? null : stateOfRow(state),
    };
  });
}

function changeOf(row: ChangeRow): KnownChange {
  const { type, source, kind, part, position } = row;
  return { occurredAt: row.occurred_at, type, source, id: row.event_id, kind, part, position };
}

function stateOfRow(row: Row): FoldState {
  return {
    events: Number(row['events']),
    uptoAt: row['upto_at'] as number,
    position: Number(row['position']),
    snapshot: JSON.parse(String(row['state'])) as Snapshot,
  };
}
