import { randomBytes } from 'node:crypto';
import type { Instant } from '#contracts';
import { instantText, type Database, type Row, type Transaction } from '#database';
import { liveSchema } from '#projections/schema';
import { insertDeliveries, loadMessages, renderDeliveries, type PendingMessage } from './fan-out.js';
import { currentProfiles } from './profiles.js';

/** Messages that a replay enqueues in one batch; it enqueues no further batch while this many messages are pending for the endpoint. */
const BATCH = 500;

/** What a replay goes through, in this order; `gone`: the deletions of profiles. */
const SOURCES = ['change', 'action', 'segment', 'account', 'profile', 'gone'] as const;
type ReplaySource = (typeof SOURCES)[number];

interface ReplayRow extends Row {
  readonly endpoint_id: string;
  readonly replay_id: string;
  readonly from_position: number;
  readonly source: ReplaySource;
  readonly customer_id: string;
  readonly number: number;
  readonly feeds: readonly string[];
}

/** The answer to a request for a replay: there may be no such endpoint, or nothing that it missed. */
export type ReplayRequested = 'begun' | 'unknown' | 'nothing-missed';

/**
 * Begins a replay for one endpoint, and sets the endpoint active: everything published that rests on the log from `fromPosition` on; or, for null,
 * what the endpoint missed. Starts a running replay again.
 */
export async function beginReplay(
  database: Database,
  endpointId: string,
  fromPosition: number | null,
  now: Instant,
): Promise<ReplayRequested> {
  return database.transaction(async (tx) => {
    const [endpoint] = await tx.query<{ missed_from: number | null }>(
      'SELECT missed_from FROM perennial_webhooks.endpoints WHERE endpoint_id = $1 FOR UPDATE',
      [endpointId],
    );
    if (endpoint === undefined) return 'unknown';
    const from = fromPosition ?? endpoint.missed_from;
    if (from === null) return 'nothing-missed';
    await tx.query(
      `INSERT INTO perennial_webhooks.replays (endpoint_id, replay_id, from_position, began_at, source)
       VALUES ($1, $2, $3::bigint, $4, $5)
       ON CONFLICT (endpoint_id) DO UPDATE SET replay_id = EXCLUDED.replay_id, from_position = least(replays.from_position, EXCLUDED.from_position),
         began_at = EXCLUDED.began_at, source = EXCLUDED.source, customer_id = '', number = 0, enqueued = 0`,
      [endpointId, randomBytes(8).toString('hex'), from, instantText(now), SOURCES[0]],
    );
    await tx.query(
      `UPDATE perennial_webhooks.endpoints
          SET status = 'active', failures = 0, failing_since = NULL, next_attempt_at = NULL,
              missed = CASE WHEN missed_from >= $2::bigint THEN 0 ELSE missed END,
              missed_since = CASE WHEN missed_from >= $2::bigint THEN NULL ELSE missed_since END,
              missed_from = CASE WHEN missed_from >= $2::bigint THEN NULL ELSE missed_from END
        WHERE endpoint_id = $1`,
      [endpointId, from],
    );
    return 'begun';
  });
}

/**
 * Enqueues one batch for each active endpoint that has a replay and few pending messages. The messages have their original ids, and a header that
 * distinguishes them from live ones. Returns the number of messages.
 */
export async function enqueueReplays(database: Database, now: () => Instant): Promise<number> {
  return database.transaction(async (tx) => {
    const replays = await tx.query<ReplayRow>(
      `SELECT r.*, e.feeds FROM perennial_webhooks.replays r JOIN perennial_webhooks.endpoints e USING (endpoint_id)
        WHERE e.status = 'active' AND (
          SELECT count(*) FROM (SELECT 1 FROM perennial_webhooks.deliveries d
                                 WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL LIMIT ${BATCH}) w) < ${BATCH}
        ORDER BY r.endpoint_id FOR UPDATE OF r SKIP LOCKED`,
    );
    let messages = 0;
    for (const replay of replays) messages += await enqueueBatch(tx, replay, now());
    return messages;
  });
}

async function enqueueBatch(tx: Transaction, replay: ReplayRow, now: Instant): Promise<number> {
  const page = await nextPage(tx, replay);
  const last = page.at(-1);
  if (last === undefined) {
    const next = SOURCES[SOURCES.indexOf(replay.source) + 1];
    await tx.query(
      next === undefined
        ? 'DELETE FROM perennial_webhooks.replays WHERE endpoint_id = $1'
        : `UPDATE perennial_webhooks.replays SET source = '${next}', customer_id = '', number = 0 WHERE endpoint_id = $1`,
      [replay.endpoint_id],
    );
    return next === undefined ? 0 : enqueueBatch(tx, { ...replay, source: next, customer_id: '', number: 0 }, now);
  }
  const messages = await loadMessages(tx, page, currentProfiles);
  const header = { 'perennial-replay': replay.replay_id };
  const deliveries = renderDeliveries(page, messages, [replay], header);
  await insertDeliveries(tx, deliveries, now);
  await tx.query(
    `UPDATE perennial_webhooks.replays SET customer_id = $2, number = $3::bigint, enqueued = enqueued + $4::bigint WHERE endpoint_id = $1`,
    [replay.endpoint_id, last.customer_id, last.number, deliveries.length],
  );
  return deliveries.length;
}

/** The page after the replay's cursor: customer by customer, each one's messages in order. */
async function nextPage(tx: Transaction, replay: ReplayRow): Promise<PendingMessage[]> {
  const { source, customer_id, number, from_position } = replay;
  const pageOf = (
    kind: PendingMessage['source'],
    messages: string,
    ...more: readonly number[]
  ): Promise<PendingMessage[]> =>
    tx.query<PendingMessage & Row>(
      `SELECT '${kind}' AS source, customer_id, number FROM (${messages}) messages
        WHERE (customer_id, number) > ($1, $2::bigint) ORDER BY customer_id, number LIMIT ${BATCH}`,
      [customer_id, number, ...more],
    );
  switch (source) {
    case 'change': {
      const changes = 'SELECT customer_id, publication AS number FROM perennial.published WHERE position >= $3::bigint';
      return pageOf('change', changes, from_position);
    }
    case 'action': {
      const actions = 'SELECT customer_id, number FROM perennial.actions WHERE position >= $3::bigint';
      return pageOf('action', actions, from_position);
    }
    case 'segment': {
      const changes = 'SELECT customer_id, number FROM perennial.segment_changes WHERE position >= $3::bigint';
      return pageOf('segment', changes, from_position);
    }
    case 'account': {
      const changes =
        'SELECT account_id AS customer_id, publication AS number FROM perennial.accounts_published WHERE position >= $3::bigint';
      return pageOf('account', changes, from_position);
    }
    case 'profile': {
      const live = await liveSchema(tx);
      if (live === null) return [];
      const folded = `SELECT customer_id, 1 AS number FROM ${live}.customers WHERE folded_position >= $3::bigint`;
      return pageOf('profile', folded, from_position);
    }
    case 'gone': {
      const gone = 'SELECT customer_id, 1 AS number FROM perennial_webhooks.profiles_delivered WHERE hash IS NULL';
      return pageOf('profile', gone);
    }
  }
}
