import { showLive } from '../bi/show-live.js';
import { LOCKS, waitForLock, type Database, type Transaction } from '#database';
import { MODEL, READ_MODEL_TABLES } from '../read-models/registry.js';
import { CONTROL_MIGRATIONS } from '../control/migrations.js';

/**
 * Brings the schema `perennial` up to date. Safe when several processes start at once: they take turns, and who comes later
 * finds it done. Twice is the same as once.
 *
 * @throws DatabaseError when the role may not make schemas here, with how to fix it
 */
export async function migrate(database: Database): Promise<void> {
  await database.transaction(
    async (tx) => {
      await lockSchemas(tx);
      await tx.exec(`
      CREATE SCHEMA IF NOT EXISTS perennial;
      CREATE TABLE IF NOT EXISTS perennial.migrations (
        number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz(3) NOT NULL DEFAULT now());`);
      const applied = await tx.query<{ number: number }>('SELECT number FROM perennial.migrations');
      const done = new Set(applied.map((row) => row.number));
      for (const migration of CONTROL_MIGRATIONS) {
        if (done.has(migration.number)) continue;
        await tx.exec(migration.sql);
        await tx.query('INSERT INTO perennial.migrations (number, name) VALUES ($1, $2)', [
          migration.number,
          migration.name,
        ]);
      }
      const live = (await listVersions(tx)).find(({ status, model }) => status === 'live' && model === MODEL);
      if (live !== undefined) await showLive(tx, live.schema);
    },
    { long: true },
  );
}

export async function lockSchemas(tx: Transaction): Promise<void> {
  await tx.query(`SELECT ${waitForLock(LOCKS.migration)}`);
}

/** A version of the read models. */
export interface Version {
  readonly version: number;
  readonly schema: string;
  readonly status: 'building' | 'ready' | 'live' | 'old';
  /** Which read models, with the numbers of their tables. */
  readonly model: string;
  readonly position: number;
  readonly createdAt: number;
  readonly switchedAt: number | null;
}

interface VersionRow extends Record<string, unknown> {
  version: number;
  schema_name: string;
  status: Version['status'];
  model: string;
  position: number;
  created_at: number;
  switched_at: number | null;
}

/** All versions there are, the oldest first. */
export async function listVersions(on: Transaction): Promise<Version[]> {
  const rows = await on.query<VersionRow>('SELECT * FROM perennial.versions ORDER BY version');
  return rows.map((row) => ({
    version: row.version,
    schema: row.schema_name,
    status: row.status,
    model: row.model,
    position: row.position,
    createdAt: row.created_at,
    switchedAt: row.switched_at,
  }));
}

/** Makes the next version's schema with the tables of all read models, empty. The caller holds the schema lock. */
export async function createVersion(tx: Transaction, status: 'building' | 'live', now: number): Promise<Version> {
  const [last] = await tx.query<{ version: number | null }>('SELECT max(version) AS version FROM perennial.versions');
  const version = (last?.version ?? 0) + 1;
  const schema = `rm_${version}`;
  await tx.exec(`CREATE SCHEMA ${schema}; SET LOCAL search_path TO ${schema}, perennial;`);
  for (const table of READ_MODEL_TABLES) for (const sql of table.migrations) await tx.exec(sql);
  const at = new Date(now).toISOString();
  await tx.query(
    `INSERT INTO perennial.versions (version, schema_name, status, model, created_at, switched_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [version, schema, status, MODEL, at, status === 'live' ? at : null],
  );
  if (status === 'live') await showLive(tx, schema);
  return {
    version,
    schema,
    status,
    model: MODEL,
    position: 0,
    createdAt: now,
    switchedAt: status === 'live' ? now : null,
  };
}
