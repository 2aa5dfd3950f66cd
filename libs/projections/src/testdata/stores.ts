import { describe } from '@jest/globals';
import { canHavePostgres, findPostgres } from '../../../../test/services/postgres.js';
import type { Database } from '../database.js';
import { openDatabase } from '../stores/open-database.js';

/** An opened store for a suite, and how to be rid of it. */
export interface OpenedStore {
  readonly database: Database;
  /** Empties the database: as if it were new. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

const opened = (database: Database, stop: () => Promise<void>): OpenedStore => ({
  database,
  stop,
  wipe: async () => {
    const schemas = await database.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname = 'perennial' OR nspname LIKE 'rm\\_%'`,
    );
    for (const { name } of schemas) await database.exec(`DROP SCHEMA ${name} CASCADE`);
  },
});

/** The stores under the suite, by name; null where this machine cannot carry one (and it was said why). */
export const STORES: Readonly<Record<string, () => Promise<OpenedStore | null>>> = {
  pglite: async () => {
    const database = await openDatabase({ kind: 'pglite', folder: null });
    return opened(database, () => database.close());
  },
  postgres: async () => {
    const server = await findPostgres();
    if (server === null) return null;
    const database = await openDatabase({ kind: 'postgres', url: server.url });
    return opened(database, async () => {
      await database.close();
      await server.stop();
    });
  },
};

/** Declares a suite for each store; where this machine cannot carry one, its suite is skipped, with the reason in its title. */
export function describeOnEachStore(title: string, suite: (name: string) => void): void {
  for (const name of ['pglite', 'postgres'])
    if (name === 'pglite' || canHavePostgres()) describe(`${title} on ${name}`, () => suite(name));
    else describe.skip(`${title} on ${name} (skipped: no PostgreSQL server can be had here)`, () => suite(name));
}
