/** The questions: one file each, asked over HTTP and on the command line by the same name with the same parameters. */
export { ask, askAll } from './asking/ask.js';
export type { Answer, AnswerMeta } from './asking/answer.js';
export { csvHeader, csvRow } from './asking/csv.js';
export type { Param, Params, RawParams } from './asking/params.js';
export { personalData, type PersonalData } from './asking/personal-data.js';
export type { AnswerRow, AskContext, Column, Question, QuestionPermission } from './asking/question.js';
export { QuestionRefused, type Fault } from './asking/refused.js';
export { storeBytesIn, type StoreBytes } from './reading/store-bytes.js';
export { allParams } from './asking/standard-params.js';
export { QUESTIONS } from './questions/index.js';
