import { ACCOUNT_COLUMNS } from '../reading/account-columns.js';
import { STANDING_COLUMNS } from '../reading/columns.js';
import { OneAccount, requireAccount } from '../reading/one-account.js';
import { inReadModels } from '../reading/read-models.js';
import { withInstants } from '../running/answer.js';
import { query } from '../running/query.js';

/** So many members stand in the profile; the query `account-members` has all of them. */
const MEMBERS_SHOWN = 100;

/** One account's profile: where it stands and why, who is in it, what the relationship amounts to. */
export const account = query({
  name: 'account',
  summary: "One account's profile: where it stands and why, who is in it, what the relationship amounts to.",
  description:
    'By its id, or by its source and the id that the source gives it. There is no row where no member did anything while a member.',
  permission: 'read',
  params: OneAccount,
  time: 'none',
  paged: false,
  columns: [
    ...ACCOUNT_COLUMNS,
    ...STANDING_COLUMNS,
    { name: 'membersNow', type: 'integer', description: 'how many customers are members now' },
    { name: 'membersEver', type: 'integer', description: 'how many were members at some time' },
    {
      name: 'members',
      type: 'json',
      description: `the first ${MEMBERS_SHOWN} stays of members, those of now first: customerId, part, joinedAt, leftAt (null while it lasts); account-members has all`,
    },
    { name: 'contracts', type: 'json', description: 'the contracts of members, each with its status' },
    { name: 'policyVersion', type: 'text', description: 'the policy in force when the account was folded' },
    {
      name: 'failure',
      type: 'text',
      nullable: true,
      description: 'why the account could not be folded again: the row is older than the log; null otherwise',
    },
  ],
  async answer(context, { params }) {
    return inReadModels(context.database, async (models) => {
      const accountId = await requireAccount(models, params);
      const [row] = await models.query(
        `SELECT a.account_id AS "accountId", a.source, a.reference, a.kind, a.cycle, a.stage, a.phase, a.entered_at AS "enteredAt", a.cause,
                a.next_due_at AS "nextDueAt", a.next_due_kind AS "nextDueKind", a.flags, a.first_seen_at AS "firstSeenAt",
                a.last_seen_at AS "lastSeenAt", a.touchpoints, a.orders, a.revenue, a.first_purchase_at AS "firstPurchaseAt",
                a.last_purchase_at AS "lastPurchaseAt", a.members AS "membersNow", a.members_ever AS "membersEver", a.contracts,
                a.policy_version AS "policyVersion",
                (SELECT d.failure FROM dirty_accounts d WHERE d.account_id = a.account_id) AS failure
           FROM accounts a WHERE a.account_id = $1::text`,
        [accountId],
      );
      if (row === undefined) return { rows: [], next: null, position: models.position };
      const members = await models.query<{ joinedAt: number; leftAt: number | null }>(
        `SELECT customer_id AS "customerId", part, joined_at AS "joinedAt", left_at AS "leftAt" FROM account_memberships
          WHERE account_id = $1::text ORDER BY left_at IS NOT NULL, joined_at, customer_id LIMIT ${MEMBERS_SHOWN}`,
        [accountId],
      );
      const { cause, contracts } = row;
      const shown = {
        ...row,
        cause: withInstants(cause),
        contracts: withInstants(contracts),
        members: withInstants(members),
      };
      return { rows: [shown], next: null, position: models.position };
    });
  },
});
