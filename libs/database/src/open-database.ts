import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, StoreWatch } from '#platform';
import type { Database } from './port.js';
import { isDamage, notedDamage, renameBrokenFolder } from './pglite/broken-folder.js';
import { PgliteDatabase } from './pglite/pglite.js';
import { whereOf } from './postgres/errors.js';
import type { PostgresOptions } from './postgres/postgres.js';

/** Where the read models are stored: in this process (in a folder, or null for memory only), or on a server. */
export type DatabasePlace =
  | { readonly kind: 'pglite'; readonly folder: string | null }
  | ({ readonly kind: 'postgres'; readonly url: string } & PostgresOptions);

export interface OpeningDatabase {
  /**
   * Renames a folder that is damaged, and announces it in a sentence. Only the process that keeps the read models may: it owns the folder, and
   * rebuilds what was in it.
   */
  readonly onBrokenFolder?: (line: string) => void;
  /** Who is told of waiting for a server; by default nothing is logged. */
  readonly watch?: StoreWatch;
}

/**
 * Opens the read models' database. A PGlite folder must belong to one process alone. PGlite itself does not check
 * that: the process that opens it holds the lock of the data folder.
 *
 * @throws DatabaseError when it cannot be reached or opened, or is too old: what, where, and how to fix it.
 */
export async function openDatabase(place: DatabasePlace, options: OpeningDatabase = {}): Promise<Database> {
  if (place.kind === 'pglite' && place.folder !== null && options.onBrokenFolder !== undefined)
    return openFolder(place.folder, options.onBrokenFolder);
  const { watch } = options;
  if (place.kind === 'pglite' || watch === undefined) return open(place);
  return watch.opening(`the database of the read models at ${whereOf(place.url).host}`, () =>
    open({ ...place, watch }),
  );
}

/** A folder that does not open, or that was found damaged while it was used, is renamed, and a new one made: everything in it can be derived again. */
async function openFolder(folder: string, announce: (line: string) => void): Promise<Database> {
  const rename = (reason: string): void => {
    const name = renameBrokenFolder(folder);
    announce(
      `The folder of the read models ${folder} is damaged (${reason.replace(/[.\s]+$/, '')}): it was renamed to ${name}, and the read models are rebuilt from the event log. ` +
        'Delete the renamed folder when it is not wanted.',
    );
  };
  if (existsSync(folder) && !statSync(folder).isDirectory()) rename('it is a file');
  const noted = notedDamage(folder);
  if (noted !== null && existsSync(folder)) rename(noted);
  try {
    return await open({ kind: 'pglite', folder });
  } catch (error) {
    if (!isDamage(error)) throw error;
    rename((error as Error).message);
    return open({ kind: 'pglite', folder });
  }
}

async function open(place: DatabasePlace): Promise<Database> {
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
