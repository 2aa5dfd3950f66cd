import { Describe, Text } from '#contracts';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { PLACE_COLUMNS } from '../reading/columns.js';
import { IDENTIFIER_COLUMN, strongestIdentifiers, withIdentifiers } from '../reading/identifiers.js';
import { inReadModels } from '../reading/read-models.js';
import { mustBeDefined } from '../reading/segments.js';

class SegmentMembersParams {
  @Text(64) @Describe('the id of the segment') segment!: string;
}

/** Who belongs to a segment now. */
export const segmentMembers = query({
  name: 'segment-members',
  summary: 'The customers who belong to a segment, since when, and what made them enter.',
  description:
    'One row for each member, ordered by customerId. The query customers lists them by other orders and conditions.',
  permission: 'read',
  params: SegmentMembersParams,
  time: 'none',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    IDENTIFIER_COLUMN,
    ...PLACE_COLUMNS,
    { name: 'orders', type: 'integer', description: 'surviving orders' },
    {
      name: 'enteredAt',
      type: 'instant',
      nullable: true,
      description: 'since when; null where it is not published yet',
    },
    {
      name: 'cause',
      type: 'json',
      nullable: true,
      description: 'why they entered: its kind, and the events that were new',
    },
  ],
  async answer(context, { params, after, limit }) {
    const { rows, identifiers, position } = await inReadModels(context.database, async (models) => {
      await mustBeDefined(models, params.segment);
      const rows = await models.query<{ customerId: string }>(
        `SELECT m.customer_id AS "customerId", c.cycle, c.stage, c.phase, c.orders, e.at AS "enteredAt", e.cause
           FROM segment_members m JOIN customers c ON c.customer_id = m.customer_id
           LEFT JOIN LATERAL (SELECT at, cause, kind FROM segment_changes s
                               WHERE s.customer_id = m.customer_id AND s.segment_id = m.segment_id
                               ORDER BY number DESC LIMIT 1) e ON e.kind = 'entered'
          WHERE m.segment_id = $1::text AND m.customer_id > $2::text
          ORDER BY m.customer_id LIMIT $3::int`,
        [params.segment, after?.[0] ?? '', limit + 1],
      );
      const ids = rows.map((row) => row.customerId);
      return { rows, identifiers: await strongestIdentifiers(models, ids), position: models.position };
    });
    const page = pageOf(rows, limit, (last) => [last.customerId]);
    return { ...page, rows: await withIdentifiers(context, page.rows, identifiers), position };
  },
});
