import { instantText } from '#database';
import { instantOf } from '../running/answer.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { PLACE_COLUMNS } from '../reading/columns.js';
import { IDENTIFIER_COLUMN, strongestIdentifiers, withIdentifiers } from '../reading/identifiers.js';
import { inReadModels } from '../reading/read-models.js';
import { memberCondition, SegmentParam } from '../reading/segments.js';
import { Where } from '../reading/where.js';

/** All customers' stage periods as of an instant: later ones are absent, lasting ones have no end. */
export const stagePeriods = query({
  name: 'stage-periods',
  summary: "All customers' stage periods, as of an instant.",
  description:
    'One row for each stage period that had begun by as-of, ordered by customer and then by time. leftAt is empty where the stage period lasted at that instant.',
  permission: 'read',
  params: SegmentParam,
  time: 'as-of',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    IDENTIFIER_COLUMN,
    ...PLACE_COLUMNS,
    { name: 'enteredAt', type: 'instant', description: 'when the stage period began' },
    { name: 'leftAt', type: 'instant', nullable: true, description: 'when it ended; null where it lasted at as-of' },
  ],
  async answer(context, { params, asOf, after, limit }) {
    // By entry and not by seq: a late event may shift the numbers between two pages, never the instants before it.
    const [customerId, enteredAt] = after ?? ['', 0];
    const { rows, identifiers, position } = await inReadModels(context.database, async (models) => {
      const where = new Where(instantText(asOf), customerId, instantText(Number(enteredAt)), limit + 1);
      const member = await memberCondition(models, where, params.segment, 'stage_periods.customer_id');
      const rows = await models.query<{ customerId: string; enteredAt: unknown }>(
        `SELECT customer_id AS "customerId", cycle, stage, phase, entered_at AS "enteredAt",
                CASE WHEN left_at <= $1::timestamptz THEN left_at END AS "leftAt"
           FROM stage_periods
          WHERE customer_id >= $2::text AND (customer_id > $2::text OR entered_at > $3::timestamptz)
            AND entered_at <= $1::timestamptz ${member === null ? '' : `AND ${member}`}
          ORDER BY customer_id, seq
          LIMIT $4::int`,
        where.params,
      );
      const ids = [...new Set(rows.map((row) => row.customerId))];
      return { rows, identifiers: await strongestIdentifiers(models, ids), position: models.position };
    });
    const page = pageOf(rows, limit, (last) => [last.customerId, instantOf(last.enteredAt)]);
    return { ...page, rows: await withIdentifiers(context, page.rows, identifiers), position };
  },
});
