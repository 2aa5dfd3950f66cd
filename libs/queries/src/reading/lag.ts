import type { Instant } from '#contracts';
import { instantText } from '#database';
import type { EventLog } from '#event-log';
import type { AnswerRow, Column } from '../running/query.js';
import type { ReadModels } from './read-models.js';

export const FIGURE_COLUMNS: readonly Column[] = [
  { name: 'figure', type: 'text', description: 'what is counted; the unit last' },
  { name: 'value', type: 'integer', nullable: true, description: 'how much; null where there is only an instant' },
  { name: 'at', type: 'instant', nullable: true, description: 'the instant it belongs to, where it has one' },
];

type Figure = readonly [figure: string, value: unknown, at?: unknown];

export const figureRows = (figures: readonly Figure[]): readonly AnswerRow[] =>
  figures.map(([figure, value, at]) => ({ figure, value, at }));

/** Where the log ends, where the read models stand, and what lies between. */
export async function followingFigures(
  models: ReadModels,
  log: Pick<EventLog, 'head' | 'counts'>,
  head: Awaited<ReturnType<EventLog['head']>>,
  now: Instant,
): Promise<readonly Figure[]> {
  const [row] = await models.query(
    `SELECT c.position, c.recorded_at, c.clock, d.*, (SELECT count(*) FROM parked) AS parked
       FROM checkpoint c,
            (SELECT count(*) FILTER (WHERE due) AS dirty, min(since) FILTER (WHERE due) AS oldest,
                    max(since) FILTER (WHERE due) AS newest, count(*) FILTER (WHERE NOT due) AS waiting, min(not_before) FILTER (WHERE NOT due) AS until
               FROM (SELECT since, not_before, not_before IS NULL OR not_before <= $1::timestamptz AS due FROM dirty) marks) d`,
    [instantText(now)],
  );
  const behind = Math.max(0, head.position - models.position);
  const known = typeof row?.['recorded_at'] === 'number' ? row['recorded_at'] : null;
  return [
    ['log_head_position', head.position, head.position === 0 ? null : head.recordedAt],
    ['read_models_position', row?.['position'] ?? 0, row?.['recorded_at']],
    // Where positions count bytes, the number of events between is not known, unless it is 0.
    ['lag_events', behind === 0 || log.counts !== 'bytes' ? behind : null],
    ['lag_positions', behind],
    ['lag_ms', behind === 0 || known === null ? 0 : Math.max(0, head.recordedAt - known)],
    ['clock', null, row?.['clock']],
    // Customers to be folded again, since when the first of them waits; and since when the last.
    ['dirty', row?.['dirty'] ?? 0, row?.['oldest']],
    ['dirty_newest', null, row?.['newest']],
    // Customers whose first event is still to come: nothing is behind because of them.
    ['waiting', row?.['waiting'] ?? 0, row?.['until']],
    ['parked', row?.['parked'] ?? 0],
  ];
}
