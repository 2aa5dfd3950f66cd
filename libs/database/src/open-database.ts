import { join } from 'node:path';
import type { Config } from '#platform';
import type { Database } from './port.js';
import { PgliteDatabase } from './pglite/pglite.js';
import type { PostgresOptions } from './postgres/postgres.js';

/** Where the read models are stored: in this process (in a folder, or null for memory only), or on a server. */
export type DatabasePlace =
  | { readonly kind: 'pglite'; readonly folder: string | null }
  | ({ readonly kind: 'postgres'; readonly url: string } & PostgresOptions);

/**
 * Opens the read models' database. A PGlite folder must belong to one process alone. PGlite itself does not check
 * that: the process that opens it holds the lock of the data folder.
 *
 * @throws DatabaseError when it cannot be reached or opened, or is too old: what, where, and how to fix it.
 */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  const { database, greeted } = await reach(place);
  try {
    await greeted();
    return database;
  } catch (error) {
    await database.close().catch(() => undefined);
    throw error;
  }
}

/** The client of a server is loaded for a server only. */
async function reach(place: DatabasePlace): Promise<{ database: Database; greeted(): Promise<unknown> }> {
  if (place.kind === 'pglite') {
    const database = new PgliteDatabase(place.folder);
    return { database, greeted: () => database.query('SELECT 1') };
  }
  const { PostgresDatabase } = await import('./postgres/postgres.js');
  const database = new PostgresDatabase(place.url, place);
  return { database, greeted: () => database.greet() };
}

/** The place of the read models, by the config. */
export function placeOf({ dataDir, postgresUrl }: Pick<Config, 'dataDir' | 'postgresUrl'>): DatabasePlace {
  return postgresUrl === null
    ? { kind: 'pglite', folder: join(dataDir, 'readmodels') }
    : { kind: 'postgres', url: postgresUrl };
}
