import type { Database } from '#database';
import { showLive } from '../bi/show-live.js';
import { CONTROL_MIGRATIONS } from '../control/migrations.js';
import { MODEL } from '../read-models/registry.js';
import { lockSchemas } from './schema-lock.js';
import { listVersions } from './versions.js';

/**
 * Brings the schema `perennial` up to date, and the views for analysts. Safe when several processes start at once: they take turns, and the
 * later ones find it done. Twice is the same as once.
 *
 * @throws DatabaseError when the role may not create schemas here, with how to fix it
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
