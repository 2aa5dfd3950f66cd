import { applyMigrations, LOCKS, waitForLock, type Database, type Migration } from '#database';
import { WEBHOOK_MIGRATIONS } from './migrations.js';

const ENQUEUE_RESYNC = `INSERT INTO perennial_webhooks.pending (source, customer_id, number)
  SELECT 'change', customer_id, publication FROM perennial.published WHERE resync ORDER BY customer_id`;

/** The triggers that enqueue what is published. The projector makes these tables, and may start later than the dispatcher. */
const TRIGGERS = [
  { table: 'perennial.outbox', trigger: 'webhooks', on: 'INSERT', runs: 'enqueue_changes' },
  { table: 'perennial.actions', trigger: 'webhooks', on: 'INSERT', runs: 'enqueue_actions' },
  { table: 'perennial.segment_changes', trigger: 'webhooks', on: 'INSERT', runs: 'enqueue_segments' },
  { table: 'perennial.account_outbox', trigger: 'webhooks', on: 'INSERT', runs: 'enqueue_accounts' },
  { table: 'perennial.customer_changes', trigger: 'webhooks', on: 'INSERT', runs: 'enqueue_profiles' },
  { table: 'perennial.customer_changes', trigger: 'webhooks_again', on: 'UPDATE', runs: 'enqueue_profiles' },
] as const;

/** Creates and upgrades the schema `perennial_webhooks`. A second call changes nothing. */
export async function prepareTables(
  database: Database,
  steps: readonly Migration[] = WEBHOOK_MIGRATIONS,
): Promise<void> {
  const lock = LOCKS.webhookTables;
  await database.transaction((tx) =>
    applyMigrations(tx, { schema: 'perennial_webhooks', table: 'steps', lock, steps }),
  );
}

/** Creates the triggers: from now on, what is published is enqueued. Returns false while the projector's tables are missing. */
export async function createTriggers(database: Database): Promise<boolean> {
  return database.transaction(async (tx) => {
    await tx.query(`SELECT ${waitForLock(LOCKS.webhookTables)}`);
    for (const { table, trigger, on, runs } of TRIGGERS) {
      const [found] = await tx.query<{ table_exists: boolean; trigger_exists: boolean }>(
        `SELECT to_regclass($1) IS NOT NULL AS table_exists,
                EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = $2 AND tgrelid = to_regclass($1)) AS trigger_exists`,
        [table, trigger],
      );
      if (found?.table_exists !== true) return false;
      // Replacing an existing trigger would wait for every transaction that writes to the table.
      if (!found.trigger_exists)
        await tx.exec(`
          CREATE TRIGGER ${trigger} AFTER ${on} ON ${table} REFERENCING NEW TABLE AS written
            FOR EACH STATEMENT EXECUTE FUNCTION perennial_webhooks.${runs}()`);
      // A resync that was published before this trigger existed. Making the trigger waited for every transaction that wrote to the table.
      if (!found.trigger_exists && table === 'perennial.outbox') await tx.exec(ENQUEUE_RESYNC);
    }
    return true;
  });
}
