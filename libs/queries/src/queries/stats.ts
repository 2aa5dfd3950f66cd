import { NoParams } from '../running/params.js';
import { query } from '../running/query.js';
import { figureRows, FIGURE_COLUMNS, followingFigures } from '../reading/lag.js';
import { inReadModels } from '../reading/read-models.js';

const COUNTED = ['customers', 'subjects', 'links', 'stage_periods', 'bookings', 'policies'] as const;

/** The engine in figures: how long the log is, how far the read models follow, how much there is of each. */
export const stats = query({
  name: 'stats',
  summary:
    'The engine in figures: the head of the log, how far the read models follow it, how much there is of each, how many bytes they take.',
  description: 'Counts whole tables, which is slow when they are large: to wait for the read models, run lag.',
  permission: 'read',
  params: NoParams,
  time: 'none',
  paged: false,
  columns: FIGURE_COLUMNS,
  async answer(context) {
    const { log = null, keys = null } = context.storeBytes?.() ?? {};
    const head = await context.log.head();
    return inReadModels(context.database, async (models) => {
      const following = await followingFigures(models, context.log, head, context.clock.now());
      const [counts] = await models.query<Record<string, number>>(
        `SELECT ${COUNTED.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(', ')},
                (SELECT count(*) FROM quarantine WHERE status = 'open') AS quarantine_open,
                (SELECT count(*) FROM perennial.published) AS published,
                ${context.hasRelay === true ? '(SELECT count(*) FROM perennial.outbox) AS outbox_waiting,' : ''}
                pg_database_size(current_database()) AS read_models_bytes`,
      );
      return {
        rows: figureRows([
          ...following,
          ...Object.entries(counts ?? {}),
          ...(log === null ? [] : [['log_bytes', log] as const]),
          ...(log === null || head.position === 0
            ? []
            : [['log_bytes_per_event', Math.round(log / head.position)] as const]),
          ...(keys === null ? [] : [['keys_bytes', keys] as const]),
        ]),
        next: null,
        position: models.position,
      };
    });
  },
});
