import type { Instant } from '#contracts';
import type { Queryable } from '#database';
import { liveSchema } from '../relay/live-schema.js';
import { list } from '../relay/stage-changes.js';
import type { Word } from './fan-out.js';
import { instant } from './endpoints.js';

/** How much may wait for an endpoint, and for how long. */
export interface WaitingBounds {
  readonly messagesMax: number;
  readonly ageMsMax: number;
}

/**
 * Suspends those of the endpoints for which more waits, or for longer, than may: nothing more is addressed to them. Gives whom. What waits is asked
 * before something is added, so a batch more may wait.
 */
export async function suspendTheFull(
  tx: Queryable,
  endpointIds: readonly string[],
  { messagesMax, ageMsMax }: WaitingBounds,
  now: Instant,
): Promise<ReadonlySet<string>> {
  if (endpointIds.length === 0) return new Set();
  const full = await tx.query<{ endpoint_id: string }>(
    `UPDATE perennial_webhooks.endpoints e SET status = 'suspended'
      WHERE endpoint_id = ANY($1::text[]) AND status IN ('active', 'paused') AND (
        (SELECT count(*) FROM (SELECT 1 FROM perennial_webhooks.deliveries d
                                WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL LIMIT $2::int) w) >= $2::int
        OR (SELECT d.created_at FROM perennial_webhooks.deliveries d
             WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL ORDER BY d.seq LIMIT 1) < $3)
      RETURNING endpoint_id`,
    [list(endpointIds), messagesMax, instant(now - ageMsMax)],
  );
  return new Set(full.map(({ endpoint_id }) => endpoint_id));
}

/** Counts what endpoints were not told, and from where in the log it has to be told again. */
export async function noteMissed(
  tx: Queryable,
  missed: ReadonlyMap<string, number>,
  words: readonly Word[],
  now: Instant,
): Promise<void> {
  if (missed.size === 0) return;
  const from = await lowestPosition(tx, words);
  await tx.query(
    `UPDATE perennial_webhooks.endpoints e
        SET missed = e.missed + m.messages, missed_from = least(e.missed_from, $3::bigint),
            missed_since = coalesce(e.missed_since, $4::timestamptz)
       FROM unnest($1::text[], $2::bigint[]) AS m(endpoint_id, messages) WHERE e.endpoint_id = m.endpoint_id`,
    [list([...missed.keys()]), list([...missed.values()].map(String)), from, instant(now)],
  );
}

/** The least of the log on which any of these words rests. Of who is no more nothing rests on the log: all of them are told again, always. */
async function lowestPosition(tx: Queryable, words: readonly Word[]): Promise<number> {
  const live = await liveSchema(tx);
  const profiles =
    live === null
      ? ''
      : `UNION ALL SELECT c.folded_position FROM w JOIN ${live}.customers c USING (customer_id) WHERE w.source = 'profile'
         UNION ALL SELECT position FROM ${live}.checkpoint`;
  const [lowest] = await tx.query<{ position: number | null }>(
    `WITH w AS (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w(source, customer_id, number))
     SELECT min(position) AS position FROM (
       SELECT p.position FROM w JOIN perennial.published p ON p.customer_id = w.customer_id AND p.publication = w.number
        WHERE w.source = 'change'
       UNION ALL
       SELECT a.position FROM w JOIN perennial.actions a ON a.customer_id = w.customer_id AND a.number = w.number
        WHERE w.source = 'action'
       ${profiles}) AS rests(position)`,
    [
      list(words.map(({ source }) => source)),
      list(words.map(({ customer_id }) => customer_id)),
      list(words.map(({ number }) => String(number))),
    ],
  );
  return lowest?.position ?? 0;
}
