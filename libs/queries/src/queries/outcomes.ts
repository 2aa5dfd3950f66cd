import { Day, Describe, Optional, Text } from '#contracts';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';

class OutcomesParams {
  @Optional() @Text(512) @Describe('only this source') source!: string | null;
  @Optional() @Day() @Describe('the first day of receipt') from!: string | null;
  @Optional() @Day() @Describe('the last day of receipt') to!: string | null;
}

/** No silent loss: what became of every event received, and whether the sum comes out. */
export const outcomes = query({
  name: 'outcomes',
  summary: 'What became of every event received, by source and day.',
  description:
    'received = accepted + duplicate + quarantined + suppressed: unaccounted is the difference, and is 0 where nothing was lost. Days are UTC days of receipt.',
  permission: 'read',
  params: OutcomesParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'source', type: 'text', description: 'the source as the events name it' },
    { name: 'day', type: 'day', description: 'the UTC day of receipt' },
    { name: 'received', type: 'integer', description: 'events received' },
    { name: 'accepted', type: 'integer', description: 'recorded' },
    { name: 'duplicate', type: 'integer', description: 'recorded before with the same content' },
    { name: 'quarantined', type: 'integer', description: 'kept apart, with the reason: see quarantine' },
    { name: 'suppressed', type: 'integer', description: 'not kept at all, by rule' },
    { name: 'unaccounted', type: 'integer', description: 'received less the four outcomes: 0 where nothing was lost' },
    { name: 'reasons', type: 'json', description: 'the quarantined and the suppressed ones by their code' },
  ],
  async answer(context, { params, after, limit }) {
    const where = new Where(limit + 1)
      .and('source = ?::text', params.source)
      .and('day >= ?::date', params.from)
      .and('day <= ?::date', params.to);
    if (after !== null)
      where.always(`(source, day) > (${where.param(after[0])}::text, ${where.param(after[1])}::date)`);
    return inReadModels(context.database, async (models) => {
      const rows = await models.query<{ source: string; day: string }>(
        `WITH page AS (
           SELECT * FROM ingest_outcomes ${where.sql} ORDER BY source, day LIMIT $1::int
         ), quarantined AS (
           SELECT source, day, jsonb_object_agg(code, number) AS codes
             FROM (SELECT COALESCE(q.source, '(unreadable)') AS source, (q.received_at AT TIME ZONE 'UTC')::date AS day, q.code, count(*) AS number
                     FROM quarantine q
                    WHERE COALESCE(q.source, '(unreadable)') IN (SELECT source FROM page WHERE quarantined > 0)
                    GROUP BY 1, 2, 3) each
            GROUP BY source, day
         )
         SELECT page.source, to_char(page.day, 'YYYY-MM-DD') AS day, received, accepted, duplicate, quarantined, suppressed,
                received - accepted - duplicate - quarantined - suppressed AS unaccounted,
                COALESCE(q.codes, '{}') || page.reasons AS reasons
           FROM page LEFT JOIN quarantined q ON q.source = page.source AND q.day = page.day
          ORDER BY page.source, page.day`,
        where.params,
      );
      return { ...pageOf(rows, limit, ({ source, day }) => [source, day]), position: models.position };
    });
  },
});
