import { NoParams } from '../running/params.js';
import { query } from '../running/query.js';
import { figureRows, FIGURE_COLUMNS, followingFigures } from '../reading/lag.js';
import { inReadModels } from '../reading/read-models.js';

/** How far the read models are behind the log: cheap enough to poll while waiting. */
export const lag = query({
  name: 'lag',
  summary: 'How far the read models are behind the log, and how many customers are to be folded again.',
  permission: 'read',
  params: NoParams,
  time: 'none',
  paged: false,
  columns: FIGURE_COLUMNS,
  async answer(context) {
    const head = await context.log.head();
    return inReadModels(context.database, async (models) => ({
      rows: figureRows(await followingFigures(models, context.log, head, context.clock.now())),
      next: null,
      position: models.position,
    }));
  },
});
