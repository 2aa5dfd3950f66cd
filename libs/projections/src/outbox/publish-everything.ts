import type { Instant } from '#contracts';
import type { Transaction } from '#database';
import { instantText } from '#database';
import { HISTORICAL_AFTER } from './publish.js';

/**
 * Says everything that the stage periods of the version on the search path let us say, where nothing was said to anybody yet: after a move to a new
 * database. In the words and numbers of `publish`, but by one statement instead of a fold of everybody. False where something was said before.
 */
export async function publishEverything(tx: Transaction, now: Instant): Promise<boolean> {
  const [first] = await tx.query<{ said: boolean }>('SELECT EXISTS (SELECT 1 FROM perennial.published) AS said');
  if (first?.said !== false) return false;
  // One statement, in the order of both keys: a second one would read all that the first wrote, from wherever the server pleased to begin.
  await tx.query(
    `WITH said AS (
       INSERT INTO perennial.published (customer_id, publication, seq, kind, cycle, stage, phase, entered_at, at, position, historical,
                                        cause, policy_version)
       SELECT customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY seq, kind), seq, kind, cycle, stage, phase,
              entered_at, at, (SELECT position FROM checkpoint), at < $1::timestamptz, cause, policy_version
         FROM (SELECT customer_id, seq, 'entered' AS kind, cycle, stage, phase, entered_at, entered_at AS at, cause, policy_version
                 FROM stage_periods
               UNION ALL
               SELECT v.customer_id, v.seq, 'left', v.cycle, v.stage, v.phase, v.entered_at, v.left_at, n.cause, n.policy_version
                 FROM stage_periods v LEFT JOIN stage_periods n ON n.customer_id = v.customer_id AND n.seq = v.seq + 1
                WHERE v.left_at IS NOT NULL) facts
       RETURNING customer_id, publication)
     INSERT INTO perennial.outbox (customer_id, publication, created_at)
     SELECT customer_id, publication, $2::timestamptz FROM said`,
    [instantText(now - HISTORICAL_AFTER), instantText(now)],
  );
  return true;
}
