import { QUERIES } from '../queries/index.js';
import { queryController } from './query-routes.js';

/** Every question by its name: `/v1/query/NAME`. */
export const queriesController = queryController(
  'questions',
  'query',
  QUERIES.map((query) => ({ path: query.name, query })),
);
