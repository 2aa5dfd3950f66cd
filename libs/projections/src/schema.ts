/**
 * The front door of the read models' SQL schema: what other libs and apps may know of it as values. Which schema is live is
 * asked here and nowhere else; `test/read-model-tables.spec.ts` holds the SQL of queries, feeds, privacy and the apps to the tables named here.
 */
import type { Queryable, Statement } from '#database';
import { BOOKINGS } from './read-models/bookings/table.js';
import { CUSTOMERS } from './read-models/customers/table.js';
import { DISCREPANCIES } from './read-models/discrepancies/table.js';
import { LINKS, SUBJECTS } from './read-models/links/table.js';
import { INGEST_OUTCOMES, SOURCE_HOURS } from './read-models/outcomes/table.js';
import { CUSTOM_TYPES, POLICIES } from './read-models/policies/table.js';
import { QUARANTINE } from './read-models/quarantine/table.js';
import { STAGE_DAYS } from './read-models/stage-counts/table.js';
import { STAGE_PERIODS } from './read-models/stage-periods/table.js';
import { CHECKPOINT, DIRTY, PARKED } from './read-models/working-tables.js';

/** The tables of each version (schema `rm_<n>`) that other libs may read. */
export const LIVE_TABLES: readonly string[] = [
  CUSTOMERS,
  STAGE_PERIODS,
  BOOKINGS,
  DISCREPANCIES,
  STAGE_DAYS,
  SUBJECTS,
  LINKS,
  POLICIES,
  CUSTOM_TYPES,
  INGEST_OUTCOMES,
  SOURCE_HOURS,
  QUARANTINE,
  CHECKPOINT,
  DIRTY,
  PARKED,
].map(({ name }) => name);

/** The tables of the schema `perennial`, which survives rebuilds, that other libs may read; the relay also deletes and updates what it sent. */
export const CONTROL_TABLES: readonly string[] = [
  'published',
  'outbox',
  'actions',
  'customer_changes',
  'customer_revisions',
  'customers_published',
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

/** Puts the tables of the live version on the search path of a transaction. Gives no row before the first version is live. */
export const ENTER_LIVE_SCHEMA: Statement = {
  sql: `SELECT set_config('search_path', quote_ident(schema_name) || ', perennial', true) AS path FROM ${LIVE}`,
};

/** SQL: whether the schema, or the version, that `parameter` holds is the live one when the statement runs. */
export function isLive(column: 'schema_name' | 'version', parameter: `$${number}`): string {
  return `EXISTS (SELECT 1 FROM ${LIVE} AND ${column} = ${parameter})`;
}

/** The live version's schema with the columns that `table` has in it; null before the first version is live. */
export async function liveColumns(
  on: Pick<Queryable, 'query'>,
  table: string,
): Promise<{ readonly schema: string; readonly columns: readonly string[] } | null> {
  const [live] = await on.query<{ schema_name: string; columns: readonly string[] }>(
    `SELECT schema_name, array_agg(a.attname::text) AS columns FROM (SELECT schema_name FROM ${LIVE}) v
       JOIN pg_attribute a ON a.attrelid = to_regclass(schema_name || '.' || $1) AND a.attnum > 0 AND NOT a.attisdropped
      GROUP BY schema_name`,
    [table],
  );
  return live === undefined ? null : { schema: live.schema_name, columns: live.columns };
}
