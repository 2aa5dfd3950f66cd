import { NoParams } from '../running/params.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';

/** Links that would have joined strangers: for a person to look at. */
export const refusedLinks = query({
  name: 'refused-links',
  summary: 'Links between identifiers that were rejected, with the reason.',
  permission: 'read',
  params: NoParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'position', type: 'integer', description: 'its position in the log' },
    { name: 'occurredAt', type: 'instant', description: 'when the touchpoint with both identifiers happened' },
    { name: 'a', type: 'text', description: 'one subject' },
    { name: 'b', type: 'text', description: 'the other subject' },
    { name: 'source', type: 'text', description: 'the source of the touchpoint' },
    { name: 'eventId', type: 'text', description: 'the id of the touchpoint' },
    { name: 'origin', type: 'text', description: 'what linked them' },
    { name: 'reason', type: 'text', description: 'why it joins no customers' },
  ],
  async answer(context, { after, limit }) {
    const where = new Where(limit + 1).always('rejected IS NOT NULL');
    if (after !== null)
      where.always(
        `(position, a, b) > (${where.param(after[0])}::bigint, ${where.param(after[1])}::text, ${where.param(after[2])}::text)`,
      );
    return inReadModels(context.database, async (models) => {
      const rows = await models.query<{ position: number; a: string; b: string }>(
        `SELECT position, occurred_at AS "occurredAt", a, b, source, event_id AS "eventId", origin, rejected AS reason
           FROM links ${where.sql}
          ORDER BY position, a, b
          LIMIT $1::int`,
        where.params,
      );
      return { ...pageOf(rows, limit, ({ position, a, b }) => [position, a, b]), position: models.position };
    });
  },
});
