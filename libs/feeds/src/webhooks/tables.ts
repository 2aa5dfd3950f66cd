import { LOCKS, waitForLock, type Database } from '#database';
import { WEBHOOK_MIGRATIONS } from './migrations.js';

/** The triggers that enqueue what is published. The projector makes these tables, and may start later than the dispatcher. */
const TRIGGERS = [
  { table: 'perennial.outbox', trigger: 'webhooks', on: 'INSERT', runs: 'enqueue_changes' },
  { table: 'perennial.actions', trigger: 'webhooks', on: 'INSERT', runs: 'enqueue_actions' },
  { table: 'perennial.customer_changes', trigger: 'webhooks', on: 'INSERT', runs: 'enqueue_profiles' },
  { table: 'perennial.customer_changes', trigger: 'webhooks_again', on: 'UPDATE', runs: 'enqueue_profiles' },
] as const;

/** Creates and upgrades the schema `perennial_webhooks`. A second call changes nothing. */
export async function prepareTables(
  database: Database,
  migrations: readonly string[] = WEBHOOK_MIGRATIONS,
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(`SELECT ${waitForLock(LOCKS.webhookTables)}`);
    await tx.exec(`
      CREATE SCHEMA IF NOT EXISTS perennial_webhooks;
      CREATE TABLE IF NOT EXISTS perennial_webhooks.steps (
        number int PRIMARY KEY, applied_at timestamptz(3) NOT NULL DEFAULT now());`);
    const done = new Set(
      (await tx.query<{ number: number }>('SELECT number FROM perennial_webhooks.steps')).map(({ number }) => number),
    );
    for (const [at, sql] of migrations.entries()) {
      if (done.has(at + 1)) continue;
      await tx.exec(sql);
      await tx.query('INSERT INTO perennial_webhooks.steps (number) VALUES ($1)', [at + 1]);
    }
  });
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
    }
    return true;
  });
}
