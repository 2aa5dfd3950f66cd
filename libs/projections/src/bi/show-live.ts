import type { Transaction } from '#database';
import { VIEWS, type View } from './views.js';

/** The schema that analysts read. Its views show the live version, whose schema name changes with each rebuild. */
export const BI_SCHEMA = 'perennial_bi';

/** A reader's query may delay a switch for so long; docs/bi.md gives the reader's role a shorter limit for each query. */
const TIMEOUT_MS = 90_000;

const MEANING = 'The live read models for analysts: read-only, without personal data.';

/**
 * Points the views at a version's tables, in the caller's transaction: readers see the old version until it commits and the new one
 * from then on. Views are replaced and never dropped, so that grants on them, and what was built on them, stay.
 */
export async function showLive(tx: Transaction, schema: string): Promise<void> {
  const note = `${MEANING} Shows ${schema} as of ${digest()}.`;
  const [shown] = await tx.query<{ note: string | null }>(
    `SELECT obj_description(to_regnamespace($1)::oid, 'pg_namespace') AS note`,
    [BI_SCHEMA],
  );
  // Replacing a view waits for its readers: a start at which nothing changed leaves the views alone.
  if (shown?.note === note) return;
  const [before] = await tx.query<{ path: string }>(`SELECT current_setting('search_path') AS path`);
  await tx.exec(`
    CREATE SCHEMA IF NOT EXISTS ${BI_SCHEMA};
    SET LOCAL lock_timeout = ${TIMEOUT_MS};
    SET LOCAL search_path TO ${schema}, perennial;
    ${VIEWS.map(statements).join('\n')}
    COMMENT ON SCHEMA ${BI_SCHEMA} IS ${text(note)};`);
  await tx.query(`SELECT set_config('search_path', $1, true)`, [before?.path ?? '']);
}

function statements(view: View): string {
  const name = `${BI_SCHEMA}.${view.name}`;
  const columns = view.columns.map(({ name: column, from }) => `${from} AS ${column}`);
  return [
    `CREATE OR REPLACE VIEW ${name} AS SELECT ${columns.join(', ')} FROM ${view.rows};`,
    `COMMENT ON VIEW ${name} IS ${text(view.meaning)};`,
    ...view.columns.map(({ name: column, meaning }) => `COMMENT ON COLUMN ${name}.${column} IS ${text(meaning)};`),
  ].join('\n');
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Identifies the views of this program: another program with other views replaces them at its first start. */
function digest(): string {
  let sum = 0;
  for (const character of JSON.stringify(VIEWS)) sum = (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return (sum >>> 0).toString(16);
}
