import { applyMigrations, LOCKS, type Database } from '#database';
import { showLive } from '../bi/show-live.js';
import { CONTROL_MIGRATIONS } from '../control/migrations.js';
import { MODEL } from '../read-models/registry.js';
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
      await applyMigrations(tx, { schema: 'perennial', lock: LOCKS.migration, steps: CONTROL_MIGRATIONS });
      const live = (await listVersions(tx)).find(({ status, model }) => status === 'live' && model === MODEL);
      if (live !== undefined) await showLive(tx, live.schema);
    },
    { long: true },
  );
}
