import { instantText } from '#database';
import { PLACE_COLUMNS } from '../reading/columns.js';
import { OneAccount, requireAccount } from '../reading/one-account.js';
import { inReadModels } from '../reading/read-models.js';
import { instantOf, withInstants } from '../running/answer.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

/** One account's stays in phases, each with its cause. */
export const accountHistory = query({
  name: 'account-history',
  summary: "One account's stage periods, each with its cause, as of an instant.",
  description:
    'As the history of a customer: the stage periods cover the time of the account without gaps, from the first touchpoint of a member on. leftAt is empty where the stage period lasted at as-of.',
  permission: 'read',
  params: OneAccount,
  time: 'as-of',
  paged: true,
  columns: [
    { name: 'accountId', type: 'text', description: 'the account' },
    ...PLACE_COLUMNS,
    { name: 'enteredAt', type: 'instant', description: 'when the stage period began' },
    { name: 'leftAt', type: 'instant', nullable: true, description: 'when it ended; null where it lasted at as-of' },
    { name: 'rule', type: 'text', description: 'the rule that began it' },
    { name: 'cause', type: 'json', description: 'what met the rule, and the values it compared' },
    { name: 'policyVersion', type: 'text', description: 'the policy in force when it began' },
  ],
  async answer(context, { params, asOf, after, limit }) {
    // By entry and not by number: a late event may shift the numbers between two pages, never the instants before it.
    const enteredAt = after === null ? '-infinity' : instantText(Number(after[0]));
    return inReadModels(context.database, async (models) => {
      const accountId = await requireAccount(models, params);
      const rows = await models.query<{ enteredAt: unknown; cause: unknown }>(
        `SELECT account_id AS "accountId", cycle, stage, phase, entered_at AS "enteredAt",
                CASE WHEN left_at <= $2::timestamptz THEN left_at END AS "leftAt", cause ->> 'rule' AS rule, cause,
                policy_version AS "policyVersion"
           FROM account_stage_periods
          WHERE account_id = $1::text AND entered_at <= $2::timestamptz AND entered_at > $3::timestamptz
          ORDER BY entered_at LIMIT $4::int`,
        [accountId, instantText(asOf), enteredAt, limit + 1],
      );
      const page = pageOf(rows, limit, (last) => [instantOf(last.enteredAt)]);
      const shown = page.rows.map((row) => ({ ...row, cause: withInstants(row['cause']) }));
      return { ...page, rows: shown, position: models.position };
    });
  },
});
