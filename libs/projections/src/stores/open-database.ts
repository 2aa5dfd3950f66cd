import type { Database } from '../database.js';
import { PgliteDatabase } from './pglite.js';
import { PostgresDatabase, type PostgresOptions } from './postgres.js';

/** Where the read models are kept: in this process (a folder, or null for memory only), or on a server. */
export type DatabasePlace =
  | { readonly kind: 'pglite'; readonly folder: string | null }
  | ({ readonly kind: 'postgres'; readonly url: string } & PostgresOptions);

/**
 * Opens the read models' database. A PGlite folder must belong to one process alone: PGlite itself does not see to that,
 * whoever opens it holds the data folder's lock.
 *
 * @throws DatabaseError when it cannot be reached or opened, or is too old: what, where, and how to mend it.
 */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  const database = place.kind === 'pglite' ? new PgliteDatabase(place.folder) : new PostgresDatabase(place.url, place);
  try {
    if (database instanceof PostgresDatabase) await database.greet();
    else await database.query('SELECT 1');
    return database;
  } catch (error) {
    await database.close().catch(() => undefined);
    throw error;
  }
}
