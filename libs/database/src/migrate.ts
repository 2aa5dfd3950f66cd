import type { Row } from './port.js';
import { waitForLock, type AdvisoryLock } from './locks.js';

/** One step of a schema. A released one is never edited, only followed by another. */
export interface Migration {
  /** From 1 on. */
  readonly number: number;
  /** What it does, in two or three words. */
  readonly name: string;
  /** Statements without parameters. */
  readonly sql: string;
}

/** A schema, and the steps that make it what it is. */
export interface Migrations {
  readonly schema: string;
  /** The schema's table of applied steps. Default `migrations`. */
  readonly table?: string;
  readonly lock: AdvisoryLock;
  /** In the order of their numbers. */
  readonly steps: readonly Migration[];
}

/** What the migrator needs of a transaction. */
export interface MigrationTransaction {
  query(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  exec(sql: string): Promise<void>;
}

/**
 * Brings a schema up to date: creates it where it is missing, and applies the steps that its table does not list, in order. Processes that
 * start together take turns, and the later ones find it done. It ends with the transaction that it is given: all steps, or none.
 * Returns the numbers of the steps that it applied.
 *
 * A role that may not create schemas may use one that was created for it.
 */
export async function applyMigrations(
  tx: MigrationTransaction,
  { schema, table: name = 'migrations', lock, steps }: Migrations,
): Promise<readonly number[]> {
  const table = `${schema}.${name}`;
  await tx.query(`SELECT ${waitForLock(lock)}`);
  const [found] = await tx.query(
    `SELECT to_regnamespace($1) IS NOT NULL AS has_schema, to_regclass($2) IS NOT NULL AS has_table,
            EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($2) AND attname = 'name') AS has_names`,
    [schema, table],
  );
  if (found?.['has_schema'] !== true) await tx.exec(`CREATE SCHEMA ${schema}`);
  if (found?.['has_table'] !== true)
    await tx.exec(
      `CREATE TABLE ${table} (number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz(3) NOT NULL DEFAULT now())`,
    );
  // Earlier releases kept numbers alone for some schemas.
  else if (found['has_names'] !== true) await tx.exec(`ALTER TABLE ${table} ADD COLUMN name text NOT NULL DEFAULT ''`);
  const done = new Set((await tx.query(`SELECT number FROM ${table}`)).map((row) => row['number']));
  const missing = steps.filter(({ number }) => !done.has(number));
  for (const { number, name, sql } of missing) {
    await tx.exec(sql);
    await tx.query(`INSERT INTO ${table} (number, name) VALUES ($1, $2)`, [number, name]);
  }
  return missing.map(({ number }) => number);
}
