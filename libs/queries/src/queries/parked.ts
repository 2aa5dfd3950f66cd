import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { onlyMembers, SegmentParam } from '../reading/segments.js';
import { Where } from '../reading/where.js';

/** Customers that could not be folded: their rows stay as they were until an operator fixes the cause and releases them. */
export const parked = query({
  name: 'parked',
  summary: 'Customers that are parked because their events could not be folded, with the reason.',
  permission: 'read',
  params: SegmentParam,
  time: 'none',
  paged: true,
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer: release them by this id' },
    { name: 'reason', type: 'text', description: 'what went wrong, in a word' },
    { name: 'detail', type: 'text', description: 'what went wrong, in full' },
    { name: 'since', type: 'instant', description: 'when the customer was parked' },
    { name: 'atPosition', type: 'integer', description: 'the log position that was being folded' },
  ],
  async answer(context, { params, after, limit }) {
    const where = new Where(limit + 1).and('customer_id > ?::text', after?.[0] ?? null);
    return inReadModels(context.database, async (models) => {
      await onlyMembers(models, where, params.segment, 'parked.customer_id');
      const rows = await models.query<{ customerId: string }>(
        `SELECT customer_id AS "customerId", reason, detail, since, position AS "atPosition"
           FROM parked ${where.sql}
          ORDER BY customer_id
          LIMIT $1::int`,
        where.params,
      );
      return { ...pageOf(rows, limit, ({ customerId }) => [customerId]), position: models.position };
    });
  },
});
