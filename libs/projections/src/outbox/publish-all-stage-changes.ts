import type { Instant } from '#contracts';
import { instantText, type Transaction } from '#database';
import type { Epoch } from '../fitting/epoch.js';
import { historyEnds } from './historical.js';

/**
 * Publishes all stage changes of the version on the search path, where none was ever published: after a migration to a new database. Gives
 * the same rows as `publishStageChanges`, by one statement instead of a fold of each customer. False where something was published before.
 *
 * At the beginning of an epoch that follows a loss, the epoch before may have published all of them: they stand published from then on, and are not sent.
 * What is sent is the current state of each customer, once, as a resync: historical, so that no action follows.
 */
export async function publishAllStageChanges(tx: Transaction, now: Instant, epoch: Epoch): Promise<boolean> {
  const [first] = await tx.query<{ any: boolean; resynced: boolean | null }>(
    `SELECT EXISTS (SELECT 1 FROM perennial.published) AS any, (SELECT resynced FROM perennial.log_identity) AS resynced`,
  );
  const resync = epoch.number > 0 && first?.resynced === false;
  if (resync) await tx.query('UPDATE perennial.log_identity SET resynced = true');
  if (first?.any !== false) return false;
  // One statement, in the order of both keys: a second one would read all rows that the first wrote, in no useful order.
  await tx.query(
    `WITH inserted AS (
       INSERT INTO perennial.published (customer_id, publication, seq, kind, cycle, stage, phase, entered_at, at, position, historical,
                                        cause, policy_version, resync)
       SELECT customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY seq, kind), seq, kind, cycle, stage, phase,
              entered_at, at, (SELECT position FROM checkpoint), $3 OR at < $1::timestamptz, cause, policy_version,
              $3 AND kind = 'entered' AND left_at IS NULL
         FROM (SELECT customer_id, seq, 'entered' AS kind, cycle, stage, phase, entered_at, entered_at AS at, cause, policy_version, left_at
                 FROM stage_periods
               UNION ALL
               SELECT p.customer_id, p.seq, 'left', p.cycle, p.stage, p.phase, p.entered_at, p.left_at, n.cause, n.policy_version, p.left_at
                 FROM stage_periods p LEFT JOIN stage_periods n ON n.customer_id = p.customer_id AND n.seq = p.seq + 1
                WHERE p.left_at IS NOT NULL) changes
       RETURNING customer_id, publication, resync)
     INSERT INTO perennial.outbox (customer_id, publication, created_at)
     SELECT customer_id, publication, $2::timestamptz FROM inserted WHERE resync OR NOT $3`,
    [instantText(historyEnds(now, epoch)), instantText(now), resync],
  );
  return true;
}
