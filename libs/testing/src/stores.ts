import { describe } from '@jest/globals';
import { POSTGRES_OFFERS, type Outage, type PostgresOffer } from '../../../test/services/postgres.js';
import { openDatabase, type Database } from '#database';

/** An opened store for a suite, and how to be rid of it. */
export interface OpenedStore {
  readonly database: Database;
  /** Its address, where it is a server; null for PGlite. */
  readonly url: string | null;
  /** How to take the server away and bring it back; null where that cannot be done. */
  readonly outage: Outage | null;
  /** Empties the database: as if it were new. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
}

const opened = (
  database: Database,
  stop: () => Promise<void>,
  server: Pick<OpenedStore, 'url' | 'outage'> = { url: null, outage: null },
): OpenedStore => ({
  ...server,
  database,
  stop,
  wipe: async () => {
    const schemas = await database.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'perennial%' OR nspname LIKE 'rm\\_%'`,
    );
    for (const { name } of schemas) await database.exec(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
  },
});

async function openOffered(offer: PostgresOffer): Promise<OpenedStore> {
  const server = await offer.start();
  const database = await openDatabase({ kind: 'postgres', url: server.url });
  return opened(
    database,
    async () => {
      await database.close();
      await server.stop();
    },
    { url: server.url, outage: server.outage },
  );
}

/** Opens the store of a suite by its name; fails where it cannot be had, for then its suite should have been skipped. */
export async function openStore(name: string): Promise<OpenedStore> {
  if (name === 'pglite') {
    const database = await openDatabase({ kind: 'pglite', folder: null });
    return opened(database, () => database.close());
  }
  const offer = POSTGRES_OFFERS.find((one) => one.name === name);
  if (offer === undefined) throw new Error(`There is no store ${name}.`);
  return openOffered(offer);
}

/** Declares a suite for each store; where this machine cannot carry one, its suite is skipped, with the reason in its title. */
export function describeOnEachStore(title: string, suite: (name: string) => void): void {
  describe(`${title} on PGlite`, () => suite('pglite'));
  describeOnPostgres(title, (offer) => suite(offer.name));
}

/** Declares a suite for each version of PostgreSQL, in the same way. */
export function describeOnPostgres(title: string, suite: (offer: PostgresOffer) => void): void {
  for (const offer of POSTGRES_OFFERS)
    if (offer.missing === null) describe(`${title} on ${offer.name}`, () => suite(offer));
    else describe.skip(`${title} on ${offer.name} (skipped: ${offer.missing})`, () => suite(offer));
}
export { ingestingEngine, type IngestingEngine } from './ingesting-engine.js';
