import { formatInstant, type Instant } from '#contracts';
import { policyAt } from '#lifecycle';
import { QUERIES } from '../queries/index.js';
import { policiesKnown, startOfDayIn } from '../reading/policies.js';
import { present, type Answer } from './answer.js';
import { readCursor, writeCursor } from './cursor.js';
import { parseParams, printable, type RawParams } from './params.js';
import type { QueryContext, QueryDefinition } from './query.js';
import { QueryRejected, reject } from './query-rejected.js';
import { allParams, PAGE_SIZE } from './standard-params.js';

/**
 * Answers a question by its name, from parameters as text. The same for HTTP and for the command line.
 * @throws QuestionRefused where the question, a parameter or the customer is not to be had.
 */
export async function runQuery(context: QueryContext, name: string, raw: RawParams): Promise<Answer> {
  const asked = QUERIES.find((query) => query.name === name);
  if (asked === undefined)
    throw new QueryRejected('unknown-question', [
      {
        pointer: 'question',
        detail: `${printable(name)} is no question that we know`,
        hint: `Ask one of: ${QUERIES.map((query) => query.name).join(', ')}.`,
      },
    ]);
  return answerTo(asked, context, raw);
}

/**
 * All rows of an answer, page by page, from one moment: what a file is written from. Memory holds one page.
 * With `limit` among the parameters it is the size of the one page asked for.
 */
export async function* runQueryInPages(
  context: QueryContext,
  name: string,
  raw: RawParams,
): AsyncGenerator<Answer, void> {
  let answer = await runQuery(context, name, isPaged(name) ? { limit: String(PAGE_SIZE.maximum), ...raw } : raw);
  yield answer;
  if (raw['limit'] !== undefined) return;
  while (answer.nextCursor !== null) {
    answer = await runQuery(context, name, { ...raw, limit: String(PAGE_SIZE.maximum), cursor: answer.nextCursor });
    yield answer;
  }
}

const isPaged = (name: string): boolean => QUERIES.some((query) => query.name === name && query.paged);

/** Answers one question, known by its description. */
export async function answerTo(query: QueryDefinition, context: QueryContext, raw: RawParams): Promise<Answer> {
  const now = context.clock.now();
  const current = await policiesKnown(context.log, null);
  const zoneNow = policyAt(current, now).policy.timeZone;
  if (raw['known-at'] !== undefined && query.time !== 'as-of and known-at') throw beliefIsKeptPerCustomer(query);
  const values = parseParams(allParams(query), raw, startOfDayIn(zoneNow));
  const filters = filtersOf(query, values);
  const said = values['as-of'] as Instant | null | undefined;
  const cursor = values['cursor'] as string | null | undefined;
  const place = cursor === null || cursor === undefined ? null : readCursor(query.name, filters, cursor);
  const asOf = place?.asOf ?? said ?? now;
  const knownAt = (values['known-at'] as Instant | null | undefined) ?? null;
  if (query.time === 'as-of' && asOf > now)
    throw reject(
      'as-of',
      'lies in the future, and populations are known up to now',
      'Ask up to now; or ask `explain` of one customer what comes next, and when.',
    );
  const limit = (values['limit'] as number | null | undefined) ?? (query.paged ? PAGE_SIZE.default : PAGE_SIZE.maximum);
  const page = await query.answer(context, {
    params: values,
    asOf,
    knownAt,
    past: said !== null && said !== undefined,
    timeZone: policyAt(current, asOf).policy.timeZone,
    after: place?.after ?? null,
    position: place?.position ?? null,
    limit,
  });
  const believed = knownAt === null ? current : await policiesKnown(context.log, page.position);
  return {
    query: query.name,
    columns: query.columns,
    rows: page.rows.map((row) => present(query.columns, row)),
    nextCursor:
      page.next === null ? null : writeCursor(query.name, filters, { after: page.next, asOf, position: page.position }),
    meta: {
      asOf: formatInstant(asOf),
      knownAt: knownAt === null ? null : formatInstant(knownAt),
      position: page.position,
      policyVersion: policyAt(believed, asOf).version,
    },
  };
}

/** What makes two pages pages of one answer: everything that was said but where the page begins and how long it is. */
function filtersOf(query: QueryDefinition, values: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    Object.keys(allParams(query))
      .filter((name) => name !== 'limit' && name !== 'cursor')
      .map((name) => values[name] ?? null),
  );
}

function beliefIsKeptPerCustomer(query: QueryDefinition): QueryRejected {
  return reject(
    'known-at',
    `cannot be asked of ${query.name}: what was believed at a past moment is told of one customer at a time`,
    'Leave known-at out; or ask `stage`, `history` or `explain` of each customer with known-at.',
  );
}
