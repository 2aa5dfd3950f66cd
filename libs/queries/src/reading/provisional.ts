import { instantText, type Database } from '#database';
import type { Instant } from '#contracts';
import type { QueryContext } from '../running/query.js';
import { inReadModels } from './read-models.js';
import { restingSources } from './source-state.js';

/** Why figures may still change: these sources have not closed this day yet. */
export interface Provisional {
  readonly day: string;
  readonly sources: readonly string[];
}

/**
 * The sources that close their books by days, and have not closed the last day that an answer includes. Null where all have, and where no source closes its books.
 * A source that is paused or retired is not waited for.
 */
export async function provisionalAt(
  { database, log }: Pick<QueryContext, 'database' | 'log'>,
  asOf: Instant,
  timeZone: string,
): Promise<Provisional | null> {
  const found = await openSources(database, asOf, timeZone);
  if (found === null) return null;
  const resting = await restingSources(log);
  const sources = found.sources.filter((source) => !resting.has(source));
  return sources.length === 0 ? null : { day: found.day, sources };
}

function openSources(database: Database, asOf: Instant, timeZone: string): Promise<Provisional | null> {
  return inReadModels(database, async (models) => {
    // An instant at the start of a day includes that instant alone: the last day is the one before.
    const rows = await models.query<{ source: string; day: string }>(
      `WITH last AS (SELECT ($1::timestamptz AT TIME ZONE $2::text)::date AS day)
       SELECT c.source, to_char(last.day, 'YYYY-MM-DD') AS day FROM source_closings c, last
        WHERE c.until_day IS NOT NULL GROUP BY c.source, last.day
       HAVING NOT bool_or(c.first_day <= last.day AND c.until_day > last.day) ORDER BY c.source`,
      [instantText(asOf - 1), timeZone],
    );
    const [first] = rows;
    return first === undefined ? null : { day: first.day, sources: rows.map(({ source }) => source) };
  });
}
