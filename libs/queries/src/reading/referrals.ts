import { STREAMS, subjectOfStream, type Instant, type TouchpointMeta } from '#contracts';
import { arrayText } from '#database';
import type { EventLog, RecordedEvent } from '#event-log';
import type { EventRef, ReferralEdge } from '#lifecycle';
import type { ReadModels } from './read-models.js';

/** A referral that converted, between the customers to which its subjects belong now. */
export interface Referral extends ReferralEdge {
  readonly event: EventRef;
}

/** All referrals that hang together with a customer's. */
export interface Referrals {
  readonly edges: readonly Referral[];
  /** False where there are more customers than the limit: the rest was not followed. */
  readonly complete: boolean;
}

/** So many customers are followed. */
const CUSTOMERS_MAX = 1_000;

/**
 * The referrals (`referral-converted`) that hang together with those of a customer, in both directions: whether one counts depends on earlier ones of any of these customers.
 */
export async function referralsAround(
  models: ReadModels,
  log: EventLog,
  customerId: string,
  asOf: Instant,
): Promise<Referrals> {
  const edges = new Map<string, Referral>();
  const seen = new Set<string>([customerId]);
  let frontier = [customerId];
  while (frontier.length > 0 && seen.size <= CUSTOMERS_MAX) {
    const subjects = await subjectsOf(models, frontier);
    const events = [...(await said(log, subjects, models.position)), ...(await naming(models, log, subjects))];
    const found = await between(
      models,
      events.filter((event) => event.occurredAt <= asOf),
    );
    const next = new Set<string>();
    for (const edge of found) {
      edges.set(`${edge.key}\0${edge.referred}`, edge);
      for (const each of [edge.referrer, edge.referred]) if (!seen.has(each)) next.add(each);
    }
    for (const each of next) seen.add(each);
    frontier = [...next];
  }
  return { edges: [...edges.values()], complete: frontier.length === 0 };
}

async function subjectsOf(models: ReadModels, customerIds: readonly string[]): Promise<readonly string[]> {
  const rows = await models.query<{ subject_id: string }>(
    'SELECT subject_id FROM subjects WHERE customer_id = ANY($1::text[]) ORDER BY subject_id',
    [arrayText(customerIds)],
  );
  return rows.map((row) => row.subject_id);
}

const isReferral = ({ type }: RecordedEvent): boolean => type === 'referral-converted';

/** Referrals of these subjects. */
async function said(log: EventLog, subjects: readonly string[], upTo: number): Promise<readonly RecordedEvent[]> {
  return (await log.readStreams(subjects.map(STREAMS.subject), { upTo })).filter(isReferral);
}

/** Referrals of others that name these subjects as the referee. */
async function naming(
  models: ReadModels,
  log: EventLog,
  subjects: readonly string[],
): Promise<readonly RecordedEvent[]> {
  const rows = await models.query<{ source: string; event_id: string }>(
    "SELECT DISTINCT source, event_id FROM mentions WHERE role = 'referee' AND subject_id = ANY($1::text[])",
    [arrayText(subjects)],
  );
  const found = await log.find(rows.map(({ source, event_id: id }) => ({ source, id })));
  return found.filter((event) => event !== null).filter(isReferral);
}

/** The edges that events give, between customers. A referee who is no customer yet gives none. */
async function between(models: ReadModels, events: readonly RecordedEvent[]): Promise<readonly Referral[]> {
  const pairs = events.flatMap((event) => {
    const { identifiers, test } = JSON.parse(event.meta) as TouchpointMeta;
    const referrer = subjectOfStream(event.stream);
    if (test === true || referrer === null) return [];
    return identifiers
      .filter(({ role }) => role === 'referee')
      .map(({ subjectId: referred }) => ({ event, referrer, referred }));
  });
  const subjects = [...new Set(pairs.flatMap(({ referrer, referred }) => [referrer, referred]))];
  const rows = await models.query<{ subject_id: string; customer_id: string }>(
    'SELECT subject_id, customer_id FROM subjects WHERE subject_id = ANY($1::text[])',
    [arrayText(subjects)],
  );
  const customerOf = new Map(rows.map((row) => [row.subject_id, row.customer_id]));
  return pairs.flatMap(({ event: { source, id, occurredAt }, ...pair }): Referral[] => {
    const [referrer, referred] = [customerOf.get(pair.referrer), customerOf.get(pair.referred)];
    if (referrer === undefined || referred === undefined) return [];
    return [{ referrer, referred, at: occurredAt, key: `${source}\0${id}`, event: { source, id } }];
  });
}
