import { Day, DAY, Describe, OneOf, Optional } from '#contracts';
import { dayOf } from '#lifecycle';
import { query } from '../running/query.js';
import { reject } from '../running/query-rejected.js';
import { inReadModels } from '../reading/read-models.js';
import { PHASES, STAGES } from '../reading/stages.js';

class StageCountsParams {
  @Optional() @Day() @Describe('the first day; by default the first with any customer') from!: string | null;
  @Optional() @Day() @Describe('the last day; by default the last on which a customer moved') to!: string | null;
  @Optional() @OneOf(...STAGES) @Describe('only this stage') stage!: string | null;
  @Optional() @OneOf(...PHASES) @Describe('only this phase') phase!: string | null;
}

/** How many customers stood in each phase at the end of each day, and how many entered and left. */
export const stageCounts = query({
  name: 'stage-counts',
  summary: 'Customers in each phase by day: how many entered, left, and were there at the end of the day.',
  description:
    'Days are those of the zone of the business. A phase is listed on the days on which a customer was in it, entered it or left it.',
  permission: 'read',
  params: StageCountsParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'day', type: 'day', description: 'the day, in the zone of the business' },
    { name: 'stage', type: 'text', description: 'acquisition, retention or expansion' },
    { name: 'phase', type: 'text', description: 'phase within the stage' },
    { name: 'entered', type: 'integer', description: 'stage periods that began that day' },
    { name: 'left', type: 'integer', description: 'stage periods that ended that day' },
    { name: 'customers', type: 'integer', description: 'customers there at the end of the day' },
  ],
  async answer(context, { params, asOf, timeZone, after, limit }) {
    const { from, to } = params;
    if (from !== null && to !== null && from > to) throw reject('from', 'lies after to', 'Swap from and to.');
    return inReadModels(context.database, async (models) => {
      const [bounds] = await models.query<{ first: string | null; last: string | null }>(
        `SELECT to_char(min(day), 'YYYY-MM-DD') AS first, to_char(max(day), 'YYYY-MM-DD') AS last FROM stage_days`,
      );
      const begun = bounds?.first ?? null;
      if (begun === null) return { rows: [], next: null, position: models.position };
      // Before the first customer and after today there are no rows, however long the period is.
      const first = later(from ?? begun, begun);
      const last = earlier(to ?? bounds?.last ?? begun, dayText(dayOf(asOf, timeZone)));
      if (first > last) return { rows: [], next: null, position: models.position };
      // A page holds whole days, so that its key is a day and what was there before is one sum.
      const days = Math.max(1, Math.floor(limit / PHASES.length));
      const start = after === null ? first : nextDay(String(after[0]));
      const end = earlier(addDays(start, days - 1), last);
      const rows = await models.query<DayRow>(
        `WITH before AS (
           SELECT stage, phase, sum(entered - left_)::bigint AS customers
             FROM stage_days WHERE day < $1::date GROUP BY stage, phase
         ), grid AS (
           SELECT d.day::date AS day, p.stage, p.phase
             FROM generate_series($1::date, $2::date, interval '1 day') AS d(day)
            CROSS JOIN (SELECT DISTINCT stage, phase FROM stage_days WHERE day <= $2::date) p
         ), counted AS (
           SELECT g.day, g.stage, g.phase, COALESCE(s.entered, 0) AS entered, COALESCE(s.left_, 0) AS "left",
                  COALESCE(b.customers, 0) + sum(COALESCE(s.entered, 0) - COALESCE(s.left_, 0))
                    OVER (PARTITION BY g.stage, g.phase ORDER BY g.day) AS customers
             FROM grid g
             LEFT JOIN stage_days s ON s.day = g.day AND s.stage = g.stage AND s.phase = g.phase
             LEFT JOIN before b ON b.stage = g.stage AND b.phase = g.phase
         )
         SELECT to_char(day, 'YYYY-MM-DD') AS day, stage, phase, entered::int AS entered, "left"::int AS "left",
                customers::bigint AS customers
           FROM counted
          WHERE (entered <> 0 OR "left" <> 0 OR customers <> 0)
            AND ($3::text IS NULL OR stage = $3::text) AND ($4::text IS NULL OR phase = $4::text)
          ORDER BY day, array_position($5::text[], phase)`,
        [start, end, params.stage, params.phase, PHASES],
      );
      return {
        rows: rows.map((row) => ({ ...row, customers: Number(row.customers) })),
        next: end < last ? [end] : null,
        position: models.position,
      };
    });
  },
});

interface DayRow extends Record<string, unknown> {
  readonly customers: number;
}

const dayText = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);
const addDays = (day: string, n: number): string => dayText(Date.parse(`${day}T00:00:00Z`) / DAY + n);
const nextDay = (day: string): string => addDays(day, 1);
const earlier = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a > b ? a : b);
