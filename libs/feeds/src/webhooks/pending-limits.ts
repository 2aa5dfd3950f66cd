import type { Instant } from '#contracts';
import { arrayText, instantText, type Queryable } from '#database';
import { liveSchema } from '#projections/schema';
import type { PendingMessage } from './fan-out.js';

/** How many messages may be pending for an endpoint, and for how long. */
export interface PendingLimits {
  readonly messagesMax: number;
  readonly ageMsMax: number;
}

/**
 * Suspends those of the endpoints that exceed a limit, and returns their ids: no more messages are enqueued for them. The limits are checked before
 * a batch is enqueued, so an endpoint may have one batch more pending.
 */
export async function suspendOverLimits(
  tx: Queryable,
  endpointIds: readonly string[],
  { messagesMax, ageMsMax }: PendingLimits,
  now: Instant,
): Promise<ReadonlySet<string>> {
  if (endpointIds.length === 0) return new Set();
  const suspended = await tx.query<{ endpoint_id: string }>(
    `UPDATE perennial_webhooks.endpoints e SET status = 'suspended'
      WHERE endpoint_id = ANY($1::text[]) AND status IN ('active', 'paused') AND (
        (SELECT count(*) FROM (SELECT 1 FROM perennial_webhooks.deliveries d
                                WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL LIMIT $2::int) w) >= $2::int
        OR (SELECT d.created_at FROM perennial_webhooks.deliveries d
             WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL ORDER BY d.seq LIMIT 1) < $3)
      RETURNING endpoint_id`,
    [arrayText(endpointIds), messagesMax, instantText(now - ageMsMax)],
  );
  return new Set(suspended.map(({ endpoint_id }) => endpoint_id));
}

/** Counts the messages that endpoints missed, and remembers the log position from which a replay sends them. */
export async function recordMissed(
  tx: Queryable,
  missed: ReadonlyMap<string, number>,
  pending: readonly PendingMessage[],
  now: Instant,
): Promise<void> {
  if (missed.size === 0) return;
  const from = await lowestPosition(tx, pending);
  await tx.query(
    `UPDATE perennial_webhooks.endpoints e
        SET missed = e.missed + m.messages, missed_from = least(e.missed_from, $3::bigint),
            missed_since = coalesce(e.missed_since, $4::timestamptz)
       FROM unnest($1::text[], $2::bigint[]) AS m(endpoint_id, messages) WHERE e.endpoint_id = m.endpoint_id`,
    [arrayText([...missed.keys()]), arrayText([...missed.values()]), from, instantText(now)],
  );
}

/** The lowest log position on which any of these messages rests. Deleted profiles rest on no position: a replay always sends all of them. */
async function lowestPosition(tx: Queryable, pending: readonly PendingMessage[]): Promise<number> {
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
       UNION ALL
       SELECT s.position FROM w JOIN perennial.segment_changes s ON s.customer_id = w.customer_id AND s.number = w.number
        WHERE w.source = 'segment'
       UNION ALL
       SELECT p.position FROM w JOIN perennial.accounts_published p ON p.account_id = w.customer_id AND p.publication = w.number
        WHERE w.source = 'account'
       ${profiles}) AS rests(position)`,
    [
      arrayText(pending.map(({ source }) => source)),
      arrayText(pending.map(({ customer_id }) => customer_id)),
      arrayText(pending.map(({ number }) => number)),
    ],
  );
  return lowest?.position ?? 0;
}
