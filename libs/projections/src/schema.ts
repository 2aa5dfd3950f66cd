/**
 * The front door of the read models' SQL schema: what other libs and apps may know of it as values. Which schema is live is
 * asked here and nowhere else; `test/read-model-tables.spec.ts` holds the SQL of queries, feeds, privacy and the apps to the tables named here.
 */
import type { Queryable, Statement } from '#database';
import { DIRTY_ACCOUNTS, FOLDED_ACCOUNT_TABLES, MEMBERSHIP_CHANGES } from './read-models/accounts/tables.js';
import { ATTRIBUTE_DEFINITIONS, ATTRIBUTE_FACTS } from './read-models/attributes/table.js';
import { BOOKINGS } from './read-models/bookings/table.js';
import { SOURCE_CLOSINGS, SOURCE_COUNTS, SOURCE_SEQUENCES } from './read-models/completeness/table.js';
import { CUSTOMER_BRANDS } from './read-models/customer-brands/table.js';
import { CUSTOMERS } from './read-models/customers/table.js';
import { DISCREPANCIES } from './read-models/discrepancies/table.js';
import { KEPT_APART, LINKS, SUBJECTS } from './read-models/links/table.js';
import { INGEST_OUTCOMES, SOURCE_HOURS } from './read-models/outcomes/table.js';
import { MENTIONS } from './read-models/mentions/table.js';
import { OPENED_SUBJECTS, OPENINGS_TABLE } from './read-models/openings/table.js';
import { RESTRICTED_SUBJECTS } from './read-models/restrictions/table.js';
import { SUPPRESSED_SUBJECTS } from './read-models/suppressions/table.js';
import { CUSTOM_TYPES, POLICIES } from './read-models/policies/table.js';
import { QUARANTINE } from './read-models/quarantine/table.js';
import { SEGMENT_EVENTS, SEGMENT_MEMBERS, SEGMENTS } from './read-models/segments/table.js';
import { STAGE_DAYS } from './read-models/stage-counts/table.js';
import { STAGE_PERIODS } from './read-models/stage-periods/table.js';
import { CHECKPOINT, DIRTY, PARKED } from './read-models/working-tables.js';

export { accountIdOf } from './read-models/accounts/account-id.js';
export { restrictedCustomer } from './read-models/restrictions/table.js';
export { suppressedCustomer } from './read-models/suppressions/table.js';

/** The tables of each version (schema `rm_<n>`) that other libs may read. */
export const LIVE_TABLES: readonly string[] = [
  CUSTOMERS,
  STAGE_PERIODS,
  BOOKINGS,
  DISCREPANCIES,
  CUSTOMER_BRANDS,
  STAGE_DAYS,
  SUBJECTS,
  LINKS,
  KEPT_APART,
  MENTIONS,
  POLICIES,
  CUSTOM_TYPES,
  SEGMENTS,
  SEGMENT_EVENTS,
  SEGMENT_MEMBERS,
  INGEST_OUTCOMES,
  SOURCE_HOURS,
  SOURCE_COUNTS,
  SOURCE_SEQUENCES,
  SOURCE_CLOSINGS,
  QUARANTINE,
  OPENINGS_TABLE,
  OPENED_SUBJECTS,
  RESTRICTED_SUBJECTS,
  ...FOLDED_ACCOUNT_TABLES,
  MEMBERSHIP_CHANGES,
  DIRTY_ACCOUNTS,
  SUPPRESSED_SUBJECTS,
  ATTRIBUTE_DEFINITIONS,
  ATTRIBUTE_FACTS,
  CHECKPOINT,
  DIRTY,
  PARKED,
].map(({ name }) => name);

/** The tables of the schema `perennial`, which survives rebuilds, that other libs may read; the relay also deletes and updates what it sent. */
export const CONTROL_TABLES: readonly string[] = [
  'published',
  'outbox',
  'actions',
  'segment_changes',
  'held_actions',
  'customer_changes',
  'customer_revisions',
  'customers_published',
  'accounts_published',
  'account_outbox',
  'log_identity',
];

const LIVE = `perennial.versions WHERE status = 'live'`;

/** The schema of the live version; null before the first version is live. */
export async function liveSchema(on: Pick<Queryable, 'query'>): Promise<string | null> {
  const [live] = await on.query<{ schema_name: string }>(`SELECT schema_name FROM ${LIVE}`);
  return live?.schema_name ?? null;
}

/** The number of the live version; null before the first version is live. */
export async function liveVersionNumber(on: Pick<Queryable, 'query'>): Promise<number | null> {
  const [live] = await on.query<{ version: number }>(`SELECT version FROM ${LIVE}`);
  return live?.version ?? null;
}

/** Whether another version of the read models is under construction beside the live one. */
export async function isRebuilding(on: Pick<Queryable, 'query'>): Promise<boolean> {
  const [row] = await on.query<{ any: boolean }>(
    `SELECT EXISTS (SELECT FROM perennial.versions WHERE status = 'building') AS any`,
  );
  return row?.any === true;
}

/** Puts the tables of the live version on the search path of a transaction. Gives no row before the first version is live. */
export const ENTER_LIVE_SCHEMA: Statement = {
  sql: `SELECT set_config('search_path', quote_ident(schema_name) || ', perennial', true) AS path FROM ${LIVE}`,
};

/**
 * SQL: the sources that have been silent (`schema` is empty where the search path leads to it) for longer than their own rhythm allows at `now`. The rhythm is the 95th percentile of the gaps between the hours in which they
 * sent something, over eight weeks; silence is twice that, and two hours at least. A source with fewer than five gaps has no rhythm.
 */
export const silentSources = (schema: string, now: string): string => `
  WITH active AS (
    SELECT source, hour, last_at, hour - lag(hour) OVER (PARTITION BY source ORDER BY hour) AS gap
      FROM ${schema === '' ? '' : `${schema}.`}source_hours WHERE hour >= ${now} - interval '56 days'
  ), rhythm AS (
    SELECT source, max(last_at) AS last_at, count(gap) AS gaps, percentile_disc(0.95) WITHIN GROUP (ORDER BY gap) AS usual
      FROM active GROUP BY source
  )
  SELECT source, last_at AS "lastSeenAt", (extract(epoch FROM usual) / 60)::int AS "usualGapMinutes",
         last_at + greatest(usual * 2, interval '2 hours') AS "silentSince"
    FROM rhythm
   WHERE gaps >= 5 AND ${now} > last_at + greatest(usual * 2, interval '2 hours')
     AND source <> '(unreadable)' AND source !~ '^(key|topic|person):'
   ORDER BY source COLLATE "C"`;

/** SQL: whether the schema, or the version, that `parameter` holds is the live one when the statement runs. */
export function isLive(column: 'schema_name' | 'version', parameter: `$${number}`): string {
  return `EXISTS (SELECT 1 FROM ${LIVE} AND ${column} = ${parameter})`;
}

/** The live version's schema with the columns that `table` has in it; null before the first version is live. */
export async function liveColumns(
  on: Pick<Queryable, 'query'>,
  table: string,
): Promise<{ readonly schema: string; readonly columns: readonly string[] } | null> {
  // A process that reads alone may run before the projector has made its tables.
  const [made] = await on.query<{ there: boolean }>(`SELECT to_regclass('perennial.versions') IS NOT NULL AS there`);
  if (made?.there !== true) return null;
  const [live] = await on.query<{ schema_name: string; columns: readonly string[] }>(
    `SELECT schema_name, array_agg(a.attname::text) AS columns FROM (SELECT schema_name FROM ${LIVE}) v
       JOIN pg_attribute a ON a.attrelid = to_regclass(schema_name || '.' || $1) AND a.attnum > 0 AND NOT a.attisdropped
      GROUP BY schema_name`,
    [table],
  );
  return live === undefined ? null : { schema: live.schema_name, columns: live.columns };
}
