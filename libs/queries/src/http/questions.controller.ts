import { QUESTIONS } from '../questions/index.js';
import { questionController } from './question-routes.js';

/** Every question by its name: `/v1/query/NAME`. */
export const questionsController = questionController(
  'questions',
  'v1/query',
  QUESTIONS.map((question) => ({ path: question.name, question })),
);
