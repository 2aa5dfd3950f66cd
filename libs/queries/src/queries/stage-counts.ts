import { Day, DAY, Describe, OneOf, Optional } from '#contracts';
import { dayOf } from '#lifecycle';
import { query } from '../running/query.js';
import { reject } from '../running/query-rejected.js';
import { inReadModels, type ReadModels } from '../reading/read-models.js';
import { memberSql, mustBeDefined, SegmentParam } from '../reading/segments.js';
import { PHASES, STAGES } from '../reading/stages.js';
import { Where } from '../reading/where.js';

class StageCountsParams extends SegmentParam {
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
    'Days are those of the zone of the policy in force now, or of time-zone. After a policy with another zone they are counted again: until that is done, `complete` is false and customers are missing. A phase is listed on the days on which a customer was in it, entered it or left it. With `segment` those who are members now are counted, when the query runs.',
  permission: 'read',
  params: StageCountsParams,
  time: 'none',
  days: true,
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
    const { from, to, segment } = params;
    if (from !== null && to !== null && from > to) throw reject('from', 'lies after to', 'Swap from and to.');
    return inReadModels(context.database, async (models) => {
      const counted = await countedDays(models, timeZone, segment);
      const { complete } = counted;
      const everyDay = new Where(timeZone);
      const [bounds] = await models.query<{ first: string | null; last: string | null }>(
        `WITH ${counted.days(everyDay)}
         SELECT to_char(min(day), 'YYYY-MM-DD') AS first, to_char(max(day), 'YYYY-MM-DD') AS last FROM days`,
        everyDay.params,
      );
      const begun = bounds?.first ?? null;
      if (begun === null) return { rows: [], next: null, position: models.position, complete };
      // Before the first customer and after today there are no rows, however long the period is.
      const first = later(from ?? begun, begun);
      const last = earlier(to ?? bounds?.last ?? begun, dayText(dayOf(asOf, timeZone)));
      if (first > last) return { rows: [], next: null, position: models.position, complete };
      // A page may end within a day: its key is the day, and how many phases of it were listed.
      const [from0, listed] = after === null ? [first, 0] : [String(after[0]), Number(after[1])];
      const start = listed < PHASES.length ? from0 : nextDay(from0);
      // Each day has a row, unless it is filtered out: so these days fill a page.
      const end = earlier(addDays(start, limit), last);
      const where = new Where(timeZone, start, end, params.stage, params.phase, PHASES, from0, listed, limit + 1);
      const rows = await models.query<DayRow>(
        `WITH ${counted.days(where)}, before AS (
           SELECT stage, phase, sum(entered - left_)::bigint AS customers
             FROM days WHERE day < $2::date GROUP BY stage, phase
         ), grid AS (
           SELECT d.day::date AS day, p.stage, p.phase
             FROM generate_series($2::date, $3::date, interval '1 day') AS d(day)
            CROSS JOIN (SELECT DISTINCT stage, phase FROM days WHERE day <= $3::date) p
         ), counted AS (
           SELECT g.day, g.stage, g.phase, COALESCE(s.entered, 0) AS entered, COALESCE(s.left_, 0) AS "left",
                  COALESCE(b.customers, 0) + sum(COALESCE(s.entered, 0) - COALESCE(s.left_, 0))
                    OVER (PARTITION BY g.stage, g.phase ORDER BY g.day) AS customers
             FROM grid g
             LEFT JOIN days s ON s.day = g.day AND s.stage = g.stage AND s.phase = g.phase
             LEFT JOIN before b ON b.stage = g.stage AND b.phase = g.phase
         )
         SELECT to_char(day, 'YYYY-MM-DD') AS day, stage, phase, entered::int AS entered, "left"::int AS "left",
                customers::bigint AS customers
           FROM counted
          WHERE (entered <> 0 OR "left" <> 0 OR customers <> 0)
            AND ($4::text IS NULL OR stage = $4::text) AND ($5::text IS NULL OR phase = $5::text)
            AND (day > $7::date OR array_position($6::text[], phase) > $8::int)
          ORDER BY day, array_position($6::text[], phase)
          LIMIT $9::int`,
        where.params,
      );
      const page = rows.slice(0, limit).map((row) => ({ ...row, customers: Number(row.customers) }));
      const lastRow = page.at(-1);
      const next =
        rows.length > limit && lastRow !== undefined
          ? [lastRow.day, PHASES.indexOf(lastRow.phase) + 1]
          : end < last
            ? [end, PHASES.length]
            : null;
      return { rows: page, next, position: models.position, complete };
    });
  },
});

/**
 * The days of a zone, as a table expression `days` of which `$1` is the zone. Those of the business's own zone are counted as customers
 * move; those of any other are counted when they are asked for, and so are those of a segment, and all where the read models were made by
 * another program.
 */
async function countedDays(models: ReadModels, timeZone: string, segment: string | null): Promise<CountedDays> {
  if (segment !== null) {
    await mustBeDefined(models, segment);
    return { days: (where) => countedNow(`WHERE ${memberSql(where, segment, 'p.customer_id')}`), complete: true };
  }
  const [kept] = await models.query<{ kept: boolean }>(`SELECT to_regclass('day_zones') IS NOT NULL AS kept`);
  const [zone] =
    kept?.kept === true
      ? await models.query<{ complete: boolean }>(
          'SELECT counted_to IS NULL AS complete FROM day_zones WHERE time_zone = $1',
          [timeZone],
        )
      : [];
  if (zone === undefined) return { days: () => countedNow(''), complete: true };
  const ofZone = 'days AS (SELECT day, stage, phase, entered, left_ FROM stage_days WHERE time_zone = $1::text)';
  return { days: () => ofZone, complete: zone.complete };
}

/** The table expression, counted from the stage periods that a condition on `p` selects. */
const countedNow = (condition: string): string => `days AS MATERIALIZED (
  WITH p AS (SELECT stage, phase, entered_at, left_at FROM stage_periods p ${condition})
  SELECT day, stage, phase, sum(entered) AS entered, sum(left_) AS left_
    FROM (SELECT (entered_at AT TIME ZONE $1::text)::date AS day, stage, phase, 1 AS entered, 0 AS left_ FROM p
          UNION ALL
          SELECT (left_at AT TIME ZONE $1::text)::date, stage, phase, 0, 1 FROM p WHERE left_at IS NOT NULL) moves
   GROUP BY day, stage, phase)`;

interface CountedDays {
  /** The table expression, with its parameters added to those of the statement. */
  days(where: Where): string;
  readonly complete: boolean;
}

interface DayRow extends Record<string, unknown> {
  readonly day: string;
  readonly phase: (typeof PHASES)[number];
  readonly customers: number;
}

const dayText = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);
const addDays = (day: string, n: number): string => dayText(Date.parse(`${day}T00:00:00Z`) / DAY + n);
const nextDay = (day: string): string => addDays(day, 1);
const earlier = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a > b ? a : b);
