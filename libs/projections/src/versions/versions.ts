import type { Instant } from '#contracts';
import { instantText, type Database, type Transaction } from '#database';
import { showLive } from '../bi/show-live.js';
import { MODEL, READ_MODEL_TABLES } from '../read-models/registry.js';
import { lockSchemas } from './schema-lock.js';

/** A version of the read models: one schema of the database. */
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

/** So many old versions are kept beside the live one, for a rollback. */
const KEPT = 1;

interface VersionRow extends Record<string, unknown> {
  version: number;
  schema_name: string;
  status: Version['status'];
  model: string;
  position: number;
  created_at: number;
  switched_at: number | null;
}

/** All versions, the oldest first. */
export async function listVersions(on: Pick<Transaction, 'query'>): Promise<Version[]> {
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

/** The live version; an empty one is created when there is none. */
export async function findOrCreateLive(database: Database, now: Instant): Promise<Version> {
  return database.transaction(async (tx) => {
    await lockSchemas(tx);
    const live = (await listVersions(tx)).find((version) => version.status === 'live');
    return live ?? createVersion(tx, 'live', now);
  });
}

/** Whether a version was built for the read models that this program has. */
export function fitsThisProgram(version: Version): boolean {
  return version.model === MODEL;
}

/** The version that was live before the live one. */
export function previouslyLive(versions: readonly Version[]): Version | undefined {
  return versions.filter((version) => version.status === 'old').sort(latestFirst)[0];
}

/** Creates the next version's schema with the tables of all read models, empty. The caller holds the schema lock. */
export async function createVersion(tx: Transaction, status: 'building' | 'live', now: Instant): Promise<Version> {
  const [last] = await tx.query<{ version: number | null }>('SELECT max(version) AS version FROM perennial.versions');
  const version = (last?.version ?? 0) + 1;
  const schema = `rm_${version}`;
  await tx.exec(`CREATE SCHEMA ${schema}; SET LOCAL search_path TO ${schema}, perennial;`);
  for (const table of READ_MODEL_TABLES) for (const sql of table.migrations) await tx.exec(sql);
  const switchedAt = status === 'live' ? now : null;
  await tx.query(
    `INSERT INTO perennial.versions (version, schema_name, status, model, created_at, switched_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [version, schema, status, MODEL, instantText(now), switchedAt === null ? null : instantText(switchedAt)],
  );
  if (status === 'live') await showLive(tx, schema);
  return { version, schema, status, model: MODEL, position: 0, createdAt: now, switchedAt };
}

/**
 * The version to build: one that was begun and never went live, half built or waiting for its switch, or a new one. Those of another model
 * are dropped; with `again` all of them.
 */
export async function versionToBuild(database: Database, now: Instant, again = false): Promise<Version> {
  return database.transaction(async (tx) => {
    await lockSchemas(tx);
    let begun: Version | null = null;
    for (const version of await listVersions(tx)) {
      if (version.status !== 'building' && version.status !== 'ready') continue;
      if (!again && fitsThisProgram(version) && begun === null) begun = version;
      else await dropVersion(tx, version);
    }
    return begun ?? createVersion(tx, 'building', now);
  });
}

export async function dropVersion(tx: Transaction, version: Version): Promise<void> {
  await tx.exec(`DROP SCHEMA IF EXISTS ${version.schema} CASCADE`);
  await tx.query('DELETE FROM perennial.versions WHERE version = $1', [version.version]);
}

/** Drops the versions that are older than those kept for a rollback. */
export async function dropOldVersions(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await lockSchemas(tx);
    const old = (await listVersions(tx)).filter((version) => version.status === 'old').sort(latestFirst);
    for (const version of old.slice(KEPT)) await dropVersion(tx, version);
  });
}

function latestFirst(a: Version, b: Version): number {
  return (b.switchedAt ?? 0) - (a.switchedAt ?? 0) || b.version - a.version;
}
