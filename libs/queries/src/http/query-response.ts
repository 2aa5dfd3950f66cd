import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { OpeningRequest, Principal } from '#platform';
import { Problem } from '#platform/nest';
import type { Answer } from '../running/answer.js';
import { csvHeader, csvRow } from '../running/csv.js';
import type { RawParams } from '../running/params.js';
import type { QueryDefinition } from '../running/query.js';
import { QueryRejected } from '../running/query-rejected.js';
import { PAGE_SIZE } from '../running/standard-params.js';
import { ReadModelsMissing } from '../reading/read-models.js';
import { ReadModelsBehind } from '../reading/wait-for-position.js';
import { RunQuery } from './run-query.js';
import { FORMATS, formatOf, type Format } from './formats.js';

/** What a response needs of Fastify's reply, and of the request that belongs to it. */
export interface QueryReply {
  readonly request: {
    readonly query: unknown;
    readonly params: unknown;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    /** Set by the access guard. */
    readonly principal?: Principal;
    /** Set by the access guard where the route may show personal data. */
    readonly opening?: OpeningRequest | null;
  };
  header(name: string, value: string): QueryReply;
  send(body: unknown): unknown;
}

/** Runs queries over HTTP: JSON in pages, CSV and NDJSON as a stream of all rows. */
@Injectable()
export class QueryResponse {
  constructor(@Inject(QueryBus) private readonly bus: QueryBus) {}

  /**
   * Runs a query with the parameters of the request and sends the answer.
   * @throws Problem when the parameters are not valid or the customer is not known
   */
  async send(query: QueryDefinition, reply: QueryReply): Promise<void> {
    try {
      await this.answer(query, reply);
    } catch (error) {
      throw problemOf(error);
    }
  }

  private async answer(query: QueryDefinition, reply: QueryReply): Promise<void> {
    const { headers, principal, opening: stated = null, ...request } = reply.request;
    const { format: wanted, ...inQueryString } = request.query as RawParams;
    const accept = headers['accept'];
    const format = formatOf(wanted, typeof accept === 'string' ? accept : undefined);
    const params: RawParams = { ...inQueryString, ...(request.params as RawParams) };
    // A file is an export, whatever the caller calls it.
    const opening: OpeningRequest | null =
      stated === null || format === 'json' ? stated : { ...stated, kind: 'export' };
    const mayAudit = principal?.permissions.has('audit') === true;
    const brands = principal?.scopes.brand ?? 'all';
    const run = (more: RawParams): Promise<Answer> =>
      this.bus.execute(new RunQuery(query.name, { ...params, ...more }, opening, mayAudit, brands));
    const allPages = format !== 'json' && query.paged && params['limit'] === undefined;
    const pageSize: RawParams = allPages ? { limit: String(PAGE_SIZE.maximum) } : {};
    // The first page comes before the headers: an invalid parameter is answered with a problem, not with a truncated stream.
    const first = await run(pageSize);
    reply.header('content-type', FORMATS[format]);
    if (format === 'json') {
      const { query: name, columns, rows, nextCursor, meta } = first;
      reply.send(JSON.stringify({ query: name, columns, rows, nextCursor, meta }));
      return;
    }
    if (!allPages && first.nextCursor !== null) reply.header('x-next-cursor', first.nextCursor);
    if (format === 'csv') reply.header('content-disposition', `attachment; filename="${query.name}.csv"`);
    const pageAfter = (cursor: string): Promise<Answer> => run({ ...pageSize, cursor });
    reply.send(Readable.from(textOf(format, first, allPages ? pageAfter : null), { objectMode: false }));
  }
}

/** The text of an answer, a page at a time: the next page is read when the client has taken the one before. */
async function* textOf(
  format: Exclude<Format, 'json'>,
  first: Answer,
  pageAfter: ((cursor: string) => Promise<Answer>) | null,
): AsyncGenerator<string> {
  const { columns } = first;
  if (format === 'csv') yield csvHeader(columns);
  for (let answer = first; ;) {
    let text = '';
    for (const row of answer.rows) text += format === 'csv' ? csvRow(columns, row) : `${JSON.stringify(row)}\n`;
    if (text !== '') yield text;
    if (pageAfter === null || answer.nextCursor === null) return;
    answer = await pageAfter(answer.nextCursor);
  }
}

/** The problem that answers a rejected query. Any other error is passed on: it is unexpected. */
function problemOf(error: unknown): unknown {
  if (error instanceof ReadModelsBehind)
    return new Problem(503, { detail: error.message, type: 'behind', headers: { 'retry-after': '1' } });
  if (error instanceof ReadModelsMissing)
    return new Problem(503, { detail: error.message, type: 'starting', headers: { 'retry-after': '1' } });
  if (!(error instanceof QueryRejected)) return error;
  return new Problem(error.status, {
    type: error.code,
    title: TITLES[error.code],
    detail: error.message,
    errors: error.issues,
    extension: error.extension,
  });
}

const TITLES: Readonly<Record<QueryRejected['code'], string>> = {
  'invalid-query': 'The parameters of the query are not valid',
  'unknown-query': 'There is no query of this name',
  'unknown-customer': 'There is no such customer',
  'unknown-account': 'There is no such account',
  erased: 'The person was erased',
  'not-permitted': 'The key does not permit this',
};
