import { formatInstant, HOUR, pointerTo, type Instant } from '#contracts';
import type { Database } from '#database';
import { isTimeZone, policyAt, type PolicyEra } from '#lifecycle';
import { isInScope } from '#platform';
import { QUERIES } from '../queries/index.js';
import { BrandFilter } from '../reading/brands.js';
import { provisionalAt } from '../reading/provisional.js';
import { policiesKnown, startOfDayIn } from '../reading/policies.js';
import { waitForPosition } from '../reading/wait-for-position.js';
import { present, type Answer } from './answer.js';
import { readCursor, writeCursor } from './cursor.js';
import { inReadModels } from '../reading/read-models.js';
import { isDay, paramSchemas, parseParams, printable, type RawParams } from './params.js';
import { OpeningSession } from './opening-session.js';
import type { QueryContext, QueryDefinition } from './query.js';
import { QueryRejected, reject } from './query-rejected.js';
import { PAGE_SIZE, reckonsDays } from './standard-params.js';

/**
 * Runs a query by its name, with parameters as text. HTTP and the command line both call it.
 * @throws QueryRejected when the query or the customer is not known, or a parameter is not valid
 */
export async function runQuery(context: QueryContext, name: string, raw: RawParams): Promise<Answer> {
  const query = QUERIES.find((each) => each.name === name);
  if (query === undefined)
    throw new QueryRejected('unknown-query', [
      {
        pointer: '#',
        detail: `${printable(name)} is not the name of a query`,
        hint: `Run one of: ${QUERIES.map((query) => query.name).join(', ')}.`,
      },
    ]);
  return answerTo(query, context, raw);
}

/**
 * All rows of an answer, page by page, from one moment: what a file is written from. Memory holds one page.
 * With `limit` among the parameters there is one page of that size.
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

/** Runs one query, given its definition. */
export async function answerTo(query: QueryDefinition, context: QueryContext, raw: RawParams): Promise<Answer> {
  const now = context.clock.now();
  if (raw['known-at'] !== undefined && query.time !== 'as-of and known-at') throw beliefIsKeptPerCustomer(query);
  const { values, asOf: givenAsOf, inForce } = await placeInTime(query, context, raw, now);
  const brands = brandsOf(context, values);
  const filters = filtersOf(query, values);
  const cursor = values['cursor'] as string | null | undefined;
  const place = cursor === null || cursor === undefined ? null : readCursor(query.name, filters, cursor);
  const asOf = place?.asOf ?? givenAsOf ?? now;
  const knownAt = (values['known-at'] as Instant | null | undefined) ?? null;
  if (query.time === 'as-of' && asOf > now)
    throw reject(
      'as-of',
      'lies in the future; the state of all customers is known up to now only',
      'Give an instant up to now; or run `explain` for one customer to see what comes next, and when.',
    );
  const afterPosition = values['after-position'] as number | null | undefined;
  if (afterPosition !== null && afterPosition !== undefined) {
    const { position: head } = await context.log.head();
    if (afterPosition > head)
      throw reject(
        'after-position',
        `lies beyond the event log, which ends at position ${head}`,
        'give the position that the publication of an event returned',
      );
    await waitForPosition(context.database, afterPosition, context.clock);
  }
  const limit = (values['limit'] as number | null | undefined) ?? (query.paged ? PAGE_SIZE.default : PAGE_SIZE.maximum);
  const { version, policy } = inForce(asOf);
  const timeZone = (values['time-zone'] as string | null | undefined) ?? policy.timeZone;
  const session = await OpeningSession.begin(query, values, context);
  const requestId = place?.requestId ?? context.opening?.requestId ?? null;
  const page = await query.answer(
    { ...context, personalData: session.personalData },
    {
      params: values,
      asOf,
      knownAt,
      past: givenAsOf !== null,
      timeZone,
      after: place?.after ?? null,
      position: place?.position ?? null,
      brands,
      limit,
    },
  );
  // Before anything of the page can leave: what was opened for it is durable in the log.
  await session.record(requestId ?? '', filters);
  const complete = page.complete !== false && !(reckonsDays(query) && (await awaitsRefolding(context.database)));
  // What sources still send changes what is said of customers, and nothing that the engine records of itself (`acts`, `openings`, …).
  const until =
    query.permission !== 'read'
      ? null
      : query.time === 'as-of'
        ? asOf
        : reckonsDays(query)
          ? endOf(values['to'], timeZone, now)
          : null;
  const provisional = until === null ? null : await provisionalAt(context, until, timeZone);
  return {
    query: query.name,
    columns: query.columns,
    rows: page.rows.map((row) => present(query.columns, row)),
    nextCursor:
      page.next === null
        ? null
        : writeCursor(query.name, filters, { after: page.next, asOf, position: page.position, requestId }),
    meta: {
      asOf: formatInstant(asOf),
      knownAt: knownAt === null ? null : formatInstant(knownAt),
      position: page.position,
      timeZone,
      currency: policy.currency,
      policyVersion: version,
      complete,
      ...(provisional === null ? {} : { provisional }),
      ...(session.state === null ? {} : { personalData: session.state }),
    },
  };
}

/** @throws QueryRejected where the brand that is named is none of those that the caller may see */
function brandsOf({ brands: scope = 'all' }: QueryContext, values: Readonly<Record<string, unknown>>): BrandFilter {
  const brand = (values['brand'] as string | null | undefined) ?? null;
  if (brand !== null && !isInScope(scope, brand))
    throw new QueryRejected('not-permitted', [
      {
        pointer: pointerTo('brand'),
        detail: 'is none of the brands that the caller may see',
        hint: 'leave it out for what the caller may see, or use a key or role that allows this brand',
      },
    ]);
  return new BrandFilter(brand, scope);
}

/** An instant within the last day that a query is about, or now. */
function endOf(day: unknown, timeZone: string, now: Instant): Instant {
  return typeof day === 'string' ? Math.min(now, startOfDayIn(timeZone)(day) + 23 * HOUR) : now;
}

interface PlacedInTime {
  readonly values: Readonly<Record<string, unknown>>;
  /** Null where it was not given. */
  readonly asOf: Instant | null;
  /** The policy by which the answer reckons, given what it is about. */
  readonly inForce: (asOf: Instant) => PolicyEra;
}

/**
 * Reads the parameters, each date in the zone in which the answer reckons days. A population has one zone, whatever it is asked about: that
 * of the policy in force now. One customer is seen through the policies that were known at known-at.
 */
async function placeInTime(
  query: QueryDefinition,
  { log }: QueryContext,
  raw: RawParams,
  now: Instant,
): Promise<PlacedInTime> {
  const current = policyAt(await policiesKnown(log, null), now);
  const named = raw['time-zone'];
  const zone = typeof named === 'string' && isTimeZone(named) ? named : current.policy.timeZone;
  const values = parseParams(query, raw, startOfDayIn(zone));
  const asOf = (values['as-of'] as Instant | null | undefined) ?? null;
  if (query.time !== 'as-of and known-at') return { values, asOf, inForce: () => current };
  const knownAt = (values['known-at'] as Instant | null | undefined) ?? null;
  const known = await policiesKnown(log, knownAt);
  const inForce = (at: Instant): PolicyEra => policyAt(known, at);
  const date = raw['as-of'];
  if (asOf === null || typeof date !== 'string' || !isDay(date)) return { values, asOf, inForce };
  // The date says roughly which policy was in force, and that policy's zone says exactly when the date began.
  const began = startOfDayIn(inForce(asOf).policy.timeZone)(date);
  return { values: { ...values, 'as-of': began }, asOf: began, inForce };
}

/** Whether customers are still to be folded again since another policy holds: until then some stand where the former one put them. */
function awaitsRefolding(database: Database): Promise<boolean> {
  return inReadModels(database, async (models) => {
    const [row] = await models.query<{ any: boolean }>(
      `SELECT EXISTS (SELECT FROM dirty WHERE reason IN ('policy-changed', 'policy-restated')) AS any`,
    );
    return row?.any === true;
  });
}

/** What two pages of one answer have in common: every parameter but where the page begins and how long it is. */
function filtersOf(query: QueryDefinition, values: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    Object.keys(paramSchemas(query))
      .filter((name) => name !== 'limit' && name !== 'cursor' && name !== 'after-position')
      .map((name) => values[name] ?? null),
  );
}

function beliefIsKeptPerCustomer(query: QueryDefinition): QueryRejected {
  return reject(
    'known-at',
    `is not a parameter of ${query.name}: past belief is kept for one customer at a time`,
    'Leave known-at out; or run `stage`, `history` or `explain` for a customer with known-at.',
  );
}
