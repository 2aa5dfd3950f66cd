import { question } from '../asking/question.js';
import { inReadModels } from '../reading/read-models.js';

const COUNTED = ['customers', 'subjects', 'links', 'visits', 'bookings', 'policies', 'dirty', 'parked'] as const;

/** The engine in figures: how long the log is, how far the read models follow, how much there is of each. */
export const stats = question({
  name: 'stats',
  summary: 'The engine in figures: the head of the log, how far the read models follow it, how much there is of each.',
  permission: 'read',
  params: {},
  time: 'none',
  paged: false,
  columns: [
    { name: 'figure', type: 'text', description: 'what is counted; the unit last' },
    { name: 'value', type: 'integer', nullable: true, description: 'how much; null where it cannot be told' },
    { name: 'at', type: 'instant', nullable: true, description: 'the instant it belongs to, where it has one' },
  ],
  async answer(context) {
    const head = await context.log.head();
    return inReadModels(context.database, async (models) => {
      const [counts] = await models.query<Record<string, number>>(
        `SELECT ${COUNTED.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(', ')},
                (SELECT count(*) FROM quarantine WHERE status = 'open') AS quarantine_open,
                (SELECT count(*) FROM perennial.published) AS published,
                (SELECT count(*) FROM perennial.outbox WHERE sent_at IS NULL) AS outbox_waiting,
                pg_database_size(current_database()) AS read_models_bytes`,
      );
      const [checkpoint] = await models.query('SELECT position, recorded_at, clock FROM checkpoint');
      const figures: (readonly [figure: string, value: unknown, at?: unknown])[] = [
        ['log_head_position', head.position, head.position === 0 ? null : head.recordedAt],
        ['read_models_position', checkpoint?.['position'] ?? 0, checkpoint?.['recorded_at']],
        ['lag_events', Math.max(0, head.position - models.position)],
        ['clock', null, checkpoint?.['clock']],
        ...Object.entries(counts ?? {}),
      ];
      return {
        rows: figures.map(([figure, value, at]) => ({ figure, value, at })),
        next: null,
        position: models.position,
      };
    });
  },
});
