import { instantText } from '#database';
import { PLACE_COLUMNS } from '../reading/columns.js';
import { IDENTIFIER_COLUMN, strongestIdentifiers, withIdentifiers } from '../reading/identifiers.js';
import { OneAccount, requireAccount } from '../reading/one-account.js';
import { inReadModels } from '../reading/read-models.js';
import { instantOf } from '../running/answer.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

/** Who was a member of an account from when to when, and where each of them stands by themselves. */
export const accountMembers = query({
  name: 'account-members',
  summary: 'The members of one account, from joining to leaving, and where each of them stands.',
  description:
    'One row for each stay that had begun by as-of, in the order of joining: a customer who left and joined again has two. Stage, phase and figures are those of the customer now, whatever the account.',
  permission: 'read',
  params: OneAccount,
  time: 'as-of',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    IDENTIFIER_COLUMN,
    { name: 'part', type: 'text', nullable: true, description: 'what they are in the account, as last stated' },
    { name: 'joinedAt', type: 'instant', description: 'since when they were a member' },
    { name: 'leftAt', type: 'instant', nullable: true, description: 'until when; null where the stay lasted at as-of' },
    ...PLACE_COLUMNS.map((column) => ({ ...column, nullable: true as const })),
    { name: 'orders', type: 'integer', nullable: true, description: 'surviving orders of the customer' },
    { name: 'lastSeenAt', type: 'instant', nullable: true, description: 'the last touchpoint of the customer' },
  ],
  async answer(context, { params, asOf, after, limit }) {
    const [joinedAt, customerId] = after ?? [null, ''];
    const { rows, identifiers, position } = await inReadModels(context.database, async (models) => {
      const accountId = await requireAccount(models, params);
      const rows = await models.query<{ customerId: string; joinedAt: unknown }>(
        `SELECT m.customer_id AS "customerId", m.part, m.joined_at AS "joinedAt",
                CASE WHEN m.left_at <= $2::timestamptz THEN m.left_at END AS "leftAt",
                c.cycle, c.stage, c.phase, c.orders, c.last_seen_at AS "lastSeenAt"
           FROM account_memberships m LEFT JOIN customers c ON c.customer_id = m.customer_id
          WHERE m.account_id = $1::text AND m.joined_at <= $2::timestamptz
            AND ($3::timestamptz IS NULL OR (m.joined_at, m.customer_id) > ($3::timestamptz, $4::text))
          ORDER BY m.joined_at, m.customer_id LIMIT $5::int`,
        [accountId, instantText(asOf), joinedAt === null ? null : instantText(Number(joinedAt)), customerId, limit + 1],
      );
      const ids = [...new Set(rows.map((row) => row.customerId))];
      return { rows, identifiers: await strongestIdentifiers(models, ids), position: models.position };
    });
    const page = pageOf(rows, limit, (last) => [instantOf(last.joinedAt), last.customerId]);
    return { ...page, rows: await withIdentifiers(context, page.rows, identifiers), position };
  },
});
