/** The queries: one file each, run over HTTP and on the command line by the same name with the same parameters. */
export { runQuery, runQueryInPages } from './running/run-query.js';
export type { Answer, AnswerMeta } from './running/answer.js';
export { csvHeader, csvRow } from './running/csv.js';
export { isInstantParam, paramSchemas, type RawParams } from './running/params.js';
export { personalData, type PersonalData } from './running/personal-data.js';
export type { AnswerRow, QueryContext, Column, QueryDefinition, QueryPermission } from './running/query.js';
export { QueryRejected } from './running/query-rejected.js';
export { eventData } from './reading/event-data.js';
export { decisionsOnRecord, type DecisionOnRecord, type DecisionsOnRecord } from './reading/decisions.js';
export { lifecycleEventOf } from './reading/life.js';
export { policiesKnown } from './reading/policies.js';
export { inReadModels, ReadModelsMissing, type ReadModels } from './reading/read-models.js';
export { connectedSubjects, type ConnectedSubjects } from './reading/subjects-known.js';
export { storeBytesIn, type StoreBytes } from './reading/store-bytes.js';
export { dueState, type RequestState } from './queries/subject-requests.js';
export { QUERIES } from './queries/index.js';
