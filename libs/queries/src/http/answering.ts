import { Readable } from 'node:stream';
import type { QueryBus } from '@nestjs/cqrs';
import type { Principal } from '#platform';
import { Problem } from '#platform/nest';
import type { Answer } from '../running/answer.js';
import { csvHeader, csvRow } from '../running/csv.js';
import type { RawParams } from '../running/params.js';
import type { QueryDefinition } from '../running/query.js';
import { QueryRejected } from '../running/query-rejected.js';
import { PAGE_SIZE } from '../running/standard-params.js';
import { ReadModelsMissing } from '../reading/read-models.js';
import { RunQuery } from './run-query.js';
import { FORMATS, formatOf, type Format } from './formats.js';

/** What answering needs of Fastify's request and reply. */
export interface AskRequest {
  readonly query: RawParams;
  readonly params: RawParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface AskReply {
  header(name: string, value: string): AskReply;
  send(body: unknown): unknown;
}

/** Answers a question over HTTP: JSON in pages, CSV and NDJSON as a stream of all rows. */
export async function answerOverHttp(
  bus: QueryBus,
  query: QueryDefinition,
  caller: Principal,
  request: AskRequest,
  reply: AskReply,
): Promise<void> {
  try {
    const { format: wanted, ...given } = request.query;
    const accept = request.headers['accept'];
    const format = formatOf(wanted, typeof accept === 'string' ? accept : undefined);
    const params: RawParams = { ...given, ...request.params };
    const askFor = (more: RawParams): Promise<Answer> =>
      bus.execute(new RunQuery(query.name, { ...params, ...more }, caller.permissions.has('open')));
    const whole = format !== 'json' && query.paged && params['limit'] === undefined;
    const pageSize: RawParams = whole ? { limit: String(PAGE_SIZE.maximum) } : {};
    // The first page comes before the headers: what is wrong with the question is told as a problem, not as a cut stream.
    const first = await askFor(pageSize);
    reply.header('content-type', FORMATS[format]);
    if (format === 'json') {
      const { query: name, columns, rows, nextCursor, meta } = first;
      reply.send(JSON.stringify({ query: name, columns, rows, nextCursor, meta }));
      return;
    }
    if (!whole && first.nextCursor !== null) reply.header('x-next-cursor', first.nextCursor);
    if (format === 'csv') reply.header('content-disposition', `attachment; filename="${query.name}.csv"`);
    const rest = (cursor: string): Promise<Answer> => askFor({ ...pageSize, cursor });
    reply.send(Readable.from(written(format, first, whole ? rest : null), { objectMode: false }));
  } catch (error) {
    throw problemOf(error);
  }
}

/** The text of an answer, a page at a time: the next page is asked for when the reader has taken the one before. */
async function* written(
  format: Exclude<Format, 'json'>,
  first: Answer,
  rest: ((cursor: string) => Promise<Answer>) | null,
): AsyncGenerator<string> {
  const { columns } = first;
  if (format === 'csv') yield csvHeader(columns);
  for (let answer = first; ;) {
    let text = '';
    for (const row of answer.rows) text += format === 'csv' ? csvRow(columns, row) : `${JSON.stringify(row)}\n`;
    if (text !== '') yield text;
    if (rest === null || answer.nextCursor === null) return;
    answer = await rest(answer.nextCursor);
  }
}

/** What a rejection is over HTTP. Anything else is passed on as it is: nobody expected it. */
function problemOf(error: unknown): unknown {
  if (error instanceof ReadModelsMissing)
    return new Problem(503, { detail: error.message, type: 'starting', headers: { 'retry-after': '1' } });
  if (!(error instanceof QueryRejected)) return error;
  return new Problem(error.status, {
    type: error.code,
    title: TITLES[error.code],
    detail: error.message,
    errors: error.faults,
  });
}

const TITLES: Readonly<Record<QueryRejected['code'], string>> = {
  'invalid-question': 'The question cannot be answered as it was put',
  'unknown-question': 'There is no such question',
  'unknown-customer': 'There is no such customer',
  'not-permitted': 'The key does not allow this',
};
