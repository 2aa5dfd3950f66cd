import type { Instant } from '#contracts';
import { showLive } from '../bi/show-live.js';
import { createVersion, listVersions, lockSchemas, type Version } from './migrate.js';
import type { Database, Transaction } from '#database';
import { MODEL } from '../read-models/registry.js';
import { markAllCustomers } from '../outbox/mark-customers.js';
import { markOtherwiseTreated } from '../outbox/propose.js';
import { publishEverything } from '../outbox/publish-everything.js';
import { instantText } from '#database';

/** So many versions are kept beside the live one, to go back to. */
const KEPT = 1;

/**
 * The version to build: one that was begun and never became live, be it half built or built and not switched to, or a new one. Those of another
 * model are dropped; with `again` all of them.
 */
export async function versionToBuild(database: Database, now: Instant, anew = false): Promise<Version> {
  return database.transaction(async (tx) => {
    await lockSchemas(tx);
    let begun: Version | null = null;
    for (const version of await listVersions(tx)) {
      if (version.status !== 'building' && version.status !== 'ready') continue;
      if (!anew && version.model === MODEL && begun === null) begun = version;
      else await dropVersion(tx, version);
    }
    return begun ?? createVersion(tx, 'building', now);
  });
}

export async function dropVersion(tx: Transaction, version: Version): Promise<void> {
  await tx.exec(`DROP SCHEMA IF EXISTS ${version.schema} CASCADE`);
  await tx.query('DELETE FROM perennial.versions WHERE version = $1', [version.version]);
}

/**
 * Makes a version the live one, in the caller's transaction: from one moment to the next everybody reads it. Customers of whom
 * something else stands published than it believes are marked, so that exactly the difference is said. Each step tells how many of how many were done
 * before it: with many customers they take minutes.
 */
export async function switchTo(
  tx: Transaction,
  version: Version,
  now: Instant,
  onStep: (done: number, steps: number) => void = () => undefined,
): Promise<void> {
  await lockSchemas(tx);
  const at = instantText(now);
  await tx.query("UPDATE perennial.versions SET status = 'old' WHERE status = 'live'");
  await tx.query("UPDATE perennial.versions SET status = 'live', switched_at = $2::timestamptz WHERE version = $1", [
    version.version,
    at,
  ]);
  await tx.query("SELECT set_config('search_path', $1, true)", [`${version.schema}, perennial`]);
  const steps = [
    // Where all of it was said just now, nothing differs.
    async () => (await publishEverything(tx, now)) || (await markWhereSaidOtherwise(tx, at)),
    () => markOtherwiseTreated(tx, now),
    () => markAllCustomers(tx, now),
    // Last, since it waits for those who are reading: what precedes holds nobody up.
    () => showLive(tx, version.schema),
  ];
  for (const [done, step] of steps.entries()) {
    onStep(done, steps.length);
    await step();
  }
}

/** Marks the customers of whom something else stands published than the version on the search path believes. */
async function markWhereSaidOtherwise(tx: Transaction, at: string): Promise<void> {
  await tx.query(
    `WITH believed AS (
       SELECT customer_id, 'entered' AS kind, cycle, stage, phase, entered_at, entered_at AS at FROM stage_periods
       UNION ALL SELECT customer_id, 'left', cycle, stage, phase, entered_at, left_at FROM stage_periods WHERE left_at IS NOT NULL),
     said AS (
       SELECT customer_id, kind, cycle, stage, phase, entered_at, at FROM perennial.published
        WHERE NOT retracted AND kind <> 'retracted'),
     -- Each side says a thing once at most: what only one of them says differs.
     differ AS (
       SELECT DISTINCT customer_id FROM (
         SELECT customer_id FROM (SELECT * FROM believed UNION ALL SELECT * FROM said) b
          GROUP BY customer_id, kind, cycle, stage, phase, entered_at, at HAVING count(*) <> 2) d)
     INSERT INTO dirty (customer_id, position, pending, earliest_at, reason, since)
     SELECT customer_id, (SELECT position FROM checkpoint), 0, '-infinity', 'rebuild', $1::timestamptz
       FROM differ ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET reason = 'rebuild', earliest_at = '-infinity', not_before = NULL`,
    [at],
  );
}

/** Drops what is older than the versions one may want to go back to. */
export async function dropOldVersions(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await lockSchemas(tx);
    const old = (await listVersions(tx)).filter((version) => version.status === 'old');
    old.sort((a, b) => (b.switchedAt ?? 0) - (a.switchedAt ?? 0) || b.version - a.version);
    for (const version of old.slice(KEPT)) await dropVersion(tx, version);
  });
}
