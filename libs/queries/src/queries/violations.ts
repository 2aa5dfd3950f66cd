import { Day, Describe, Optional, Text } from '#contracts';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';

class ViolationsParams {
  @Optional() @Text(512) @Describe('only events of this source') source!: string | null;
  @Optional() @Text(256) @Describe('only events that name this type') type!: string | null;
  @Optional() @Text(128) @Describe('only those with this code') code!: string | null;
  @Optional() @Day() @Describe('the first day of receipt') from!: string | null;
  @Optional() @Day() @Describe('the last day of receipt') to!: string | null;
}

interface ViolationRow extends Record<string, unknown> {
  readonly day: string;
  readonly source: string;
  readonly type: string;
  readonly code: string;
  readonly field: string;
}

/** Which sources break which contracts: where in which type, how often, and since when. */
export const violations = query({
  name: 'violations',
  summary: 'Which contracts the events of which source broke, by day, type and field.',
  description:
    'One row for each day, source, type, code and field, from the events that were quarantined: of one with several issues, the first. Days are UTC days of receipt. `open` counts those that are still to be fixed; the query quarantine lists them.',
  permission: 'read',
  params: ViolationsParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'day', type: 'day', description: 'the UTC day of receipt' },
    { name: 'source', type: 'text', description: 'the source, as far as it could be read' },
    { name: 'type', type: 'text', description: 'the type that they name, as far as it could be read' },
    { name: 'code', type: 'text', description: 'the kind of reason' },
    {
      name: 'field',
      type: 'text',
      description: 'where in the event, as a JSON pointer; * stands for each item of a list',
    },
    { name: 'events', type: 'integer', description: 'how many events' },
    { name: 'open', type: 'integer', description: 'how many of them are still to be fixed or discarded' },
    { name: 'detail', type: 'text', description: 'what is wrong with the last of them' },
    { name: 'hint', type: 'text', nullable: true, description: 'how to fix it' },
    { name: 'lastAt', type: 'instant', description: 'when the last of them was received' },
  ],
  async answer(context, { params, after, limit }) {
    const where = new Where(limit + 1)
      .and('source = ?::text', params.source)
      .and('type = ?::text', params.type)
      .and('code = ?::text', params.code)
      .and("received_at >= ?::date::timestamp AT TIME ZONE 'UTC'", params.from)
      .and("received_at < (?::date + 1)::timestamp AT TIME ZONE 'UTC'", params.to);
    const rest =
      after === null
        ? ''
        : `WHERE (day, source, type, code, field) > (${KEYS.map((key, at) => `${where.param(after[at])}::${key}`).join(', ')})`;
    return inReadModels(context.database, async (models) => {
      const rows = await models.query<ViolationRow>(
        `SELECT to_char(day, 'YYYY-MM-DD') AS day, source, type, code, field, events, open, detail, hint, last_at AS "lastAt"
           FROM (
             SELECT (received_at AT TIME ZONE 'UTC')::date AS day, COALESCE(source, '(unreadable)') COLLATE "C" AS source,
                    COALESCE(type, '(unreadable)') COLLATE "C" AS type, code COLLATE "C" AS code,
                    regexp_replace(COALESCE(pointer, '#'), '/[0-9]+(?=/|$)', '/*', 'g') COLLATE "C" AS field,
                    count(*)::int AS events, count(*) FILTER (WHERE status = 'open')::int AS open,
                    (array_agg(detail ORDER BY position DESC))[1] AS detail, (array_agg(hint ORDER BY position DESC))[1] AS hint,
                    max(received_at) AS last_at
               FROM quarantine ${where.sql}
              GROUP BY 1, 2, 3, 4, 5
           ) broken ${rest}
          ORDER BY broken.day, source, type, code, field
          LIMIT $1::int`,
        where.params,
      );
      const key = ({ day, source, type, code, field }: ViolationRow) => [day, source, type, code, field];
      return { ...pageOf(rows, limit, key), position: models.position };
    });
  },
});

/** The types of the columns by which rows are ordered. */
const KEYS = ['date', 'text', 'text', 'text', 'text'] as const;
