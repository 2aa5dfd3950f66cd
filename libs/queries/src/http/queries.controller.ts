import { QUESTIONS } from '../queries/index.js';
import { questionController } from './query-routes.js';

/** Every question by its name: `/v1/query/NAME`. */
export const questionsController = questionController(
  'questions',
  'v1/query',
  QUESTIONS.map((question) => ({ path: question.name, question })),
);
