import { DAY, formatInstant, STREAMS, type Data, type Instant } from '#contracts';
import { openingRulesOf, periodInWords, purposesOf, type Policy } from '#lifecycle';
import { runQuery, runQueryInPages, type AnswerRow, type QueryContext } from '#queries';
import type { OwnPerson } from './own-person.js';

/** An opening of personal data of the person: by which role, for what, when. Who it was is not told. */
export interface OpeningOfPerson {
  readonly openedAt: string;
  readonly role: string | null;
  readonly purpose: string;
  readonly kind: string;
  readonly query: string;
}

/** A system outside the engine that is sent what is derived of customers. */
export interface Recipient {
  readonly name: string;
  readonly what: string;
  readonly status: string;
  /** Whether anything about this person has been published to it or is to be. */
  readonly carriedThem: boolean;
}

const DAY_LENGTH = 10;
const PAGE_SIZE = 500;
/** Openings are kept for about three years. */
const DAYS_BACK_MAX = 1_100;

/** Who opened personal data of the person, from the record of openings, day by day. Memory holds a page of the record. */
export async function* openingsOf(
  { log }: Pick<QueryContext, 'log'>,
  person: OwnPerson,
  quarantineIds: readonly string[],
  { from, to }: { readonly from: Instant; readonly to: Instant },
): AsyncGenerator<OpeningOfPerson> {
  const ids = new Set([...person.subjectIds, ...quarantineIds]);
  const roles = new Map<string, string>();
  const first = Math.max(from - DAY, to - DAYS_BACK_MAX * DAY);
  const days = new Set<string>();
  for (let at = first; at < to + DAY; at += DAY) days.add(formatInstant(at).slice(0, DAY_LENGTH));
  for (const day of days)
    // To the end: the opening of this very package stands there.
    for await (const page of log.read(STREAMS.access(day), 0, { pageSize: PAGE_SIZE }))
      for (const event of page) {
        const data = JSON.parse(event.data) as Data &
          Partial<Record<'keyId' | 'role' | 'purpose' | 'kind' | 'query', string>>;
        if (event.type === 'key-created' && typeof data.role === 'string') roles.set(`key:${data.keyId}`, data.role);
        if (event.type !== 'personal-data-opened') continue;
        const { subjectIds = [], quarantineIds: bodies = [] } = data as {
          readonly subjectIds?: readonly string[];
          readonly quarantineIds?: readonly string[];
        };
        if (![...subjectIds, ...bodies].some((id) => ids.has(id))) continue;
        const { by = '' } = JSON.parse(event.meta) as { readonly by?: string };
        yield {
          openedAt: formatInstant(event.occurredAt),
          role: roles.get(by) ?? (by === 'local' ? 'operator of the machine' : null),
          ...{ purpose: data.purpose ?? '', kind: data.kind ?? '', query: data.query ?? '' },
        };
      }
}

/** Webhooks and topics that are sent stage changes, profiles and actions. */
export async function recipientsOf(
  { database, hasRelay }: Pick<QueryContext, 'database' | 'hasRelay'>,
  { customerId }: OwnPerson,
): Promise<Recipient[]> {
  const carried = customerId === null ? new Set<string>() : await publishedOf(database, customerId);
  const recipients: Recipient[] = [];
  const [table] = await database.query<{ there: boolean }>(
    "SELECT to_regclass('perennial_webhooks.endpoints') IS NOT NULL AS there",
  );
  if (table?.there === true) {
    const rows = await database.query<{ url: string; feeds: readonly string[]; status: string }>(
      'SELECT url, feeds, status FROM perennial_webhooks.endpoints ORDER BY url, endpoint_id',
    );
    for (const { url, feeds, status } of rows)
      recipients.push({
        // The rest of an address may hold a secret.
        ...{ name: `webhook ${hostOf(url)}`, what: feeds.join(', '), status },
        carriedThem: feeds.some((feed) => carried.has(feed)),
      });
  }
  if (hasRelay === true)
    for (const feed of FEEDS)
      recipients.push({
        ...{ name: `Kafka topic perennial.${feed}`, what: feed, status: 'active' },
        carriedThem: carried.has(feed),
      });
  return recipients;
}

const FEEDS = ['stage-changes', 'customers', 'actions'] as const;

async function publishedOf(database: QueryContext['database'], customerId: string): Promise<Set<string>> {
  const [row] = await database.query<{ stages: boolean; profiles: boolean; actions: boolean }>(
    `SELECT EXISTS (SELECT FROM perennial.published WHERE customer_id = $1::text) AS stages,
            EXISTS (SELECT FROM perennial.customers_published WHERE customer_id = $1::text) AS profiles,
            EXISTS (SELECT FROM perennial.actions WHERE customer_id = $1::text) AS actions`,
    [customerId],
  );
  return new Set([
    ...(row?.stages === true ? ['stage-changes'] : []),
    ...(row?.profiles === true ? ['customers'] : []),
    ...(row?.actions === true ? ['actions'] : []),
  ]);
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'of an address that cannot be read';
  }
}

/** What was published to be done about the person, and what of it was taken back; a page at a time. */
export async function* actionsOf(
  { database }: Pick<QueryContext, 'database'>,
  { customerId }: OwnPerson,
): AsyncGenerator<AnswerRow> {
  if (customerId === null) return;
  for (let after: number | null = null; ;) {
    const rows: ActionRow[] = await database.query<ActionRow>(
      `SELECT number, kind, treatment, purpose, medium, stage, phase, because, policy_version AS "policyVersion", since,
              valid_until AS "validUntil", reason, published_at AS "publishedAt"
         FROM perennial.actions WHERE customer_id = $1::text AND ($2::bigint IS NULL OR number > $2::bigint)
        ORDER BY number LIMIT $3::int`,
      [customerId, after, PAGE_SIZE],
    );
    for (const { since, validUntil, publishedAt, ...row } of rows)
      yield { ...row, ...{ since: textOf(since), validUntil: textOf(validUntil), publishedAt: textOf(publishedAt) } };
    after = Number(rows.at(-1)?.number ?? 0);
    if (rows.length < PAGE_SIZE) return;
  }
}

type ActionRow = Record<string, unknown> & {
  readonly number: unknown;
  readonly since: unknown;
  readonly validUntil: unknown;
  readonly publishedAt: unknown;
};

const textOf = (at: unknown): string | null =>
  at === null || at === undefined ? null : formatInstant(typeof at === 'number' ? at : new Date(String(at)).getTime());

/** The policy in force: for what personal data are used, on which legal basis, and how long they are kept. */
export async function policyInForce(
  context: QueryContext,
): Promise<{ readonly version: string | null; readonly policy: Policy | null }> {
  for await (const { rows } of runQueryInPages(context, 'policies', {})) {
    const current = rows.find(({ status }) => status === 'in force');
    if (current !== undefined) return { version: String(current['version']), policy: current['policy'] as Policy };
  }
  return { version: null, policy: null };
}

/** For how long openings are listed, in words. */
export function openingsKeptFor(policy: Policy | null): string {
  const rule = policy?.retention?.find(({ what }) => what === 'openings');
  return rule === undefined ? `${openingRulesOf(policy ?? {}).keepDays} days` : periodInWords(rule.after);
}

export const purposesUnder = (policy: Policy | null) => purposesOf(policy ?? {});

/** All rows of a query about the customer; none for a person without one. */
export async function* rowsOf(
  context: QueryContext,
  query: string,
  { customerId }: OwnPerson,
): AsyncGenerator<AnswerRow> {
  if (customerId === null) return;
  for await (const { rows } of runQueryInPages(context, query, { customer: customerId })) yield* rows;
}

/** Why the customer was where they were at an instant, in words; null where nothing was known of them. */
export async function explanationAt(
  context: QueryContext,
  { customerId }: OwnPerson,
  at: string,
): Promise<string | null> {
  if (customerId === null) return null;
  const { rows } = await runQuery(context, 'explain', { customer: customerId, 'as-of': at });
  const text = rows[0]?.['text'];
  return typeof text === 'string' ? text : null;
}
