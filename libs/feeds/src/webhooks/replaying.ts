import { randomBytes } from 'node:crypto';
import type { Instant } from '#contracts';
import type { Database, Row, Transaction } from '#database';
import { liveSchema } from '../relay/live-schema.js';
import { deliveriesOf, putOnTheWay, saidBy, type Word } from './fan-out.js';
import { unchangedProfiles } from './profiles.js';
import { instant } from './endpoints.js';

/** Words that are told again in one batch; and no further batch while more messages than this wait for the endpoint. */
const HELPING = 500;

type Source = Word['source'] | 'gone';
const SOURCES: readonly Source[] = ['change', 'action', 'profile', 'gone'];

interface ReplayRow extends Row {
  readonly endpoint_id: string;
  readonly replay_id: string;
  readonly from_position: number;
  readonly source: Source;
  readonly customer_id: string;
  readonly number: number;
  readonly feeds: readonly string[];
}

/** What came of asking for it: there may be no such endpoint, or nothing that it missed. */
export type Begun = 'begun' | 'unknown' | 'nothing-missed';

/**
 * Has an endpoint told again what was said and rests on the log from this position on: what it missed, unless said otherwise. Sets it active. Begun
 * again where one is under way.
 */
export async function beginReplay(
  database: Database,
  endpointId: string,
  fromPosition: number | null,
  now: Instant,
): Promise<Begun> {
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
         began_at = EXCLUDED.began_at, source = EXCLUDED.source, customer_id = '', number = 0, told = 0`,
      [endpointId, randomBytes(8).toString('hex'), from, instant(now), SOURCES[0]],
    );
    await tx.query(
      `UPDATE perennial_webhooks.endpoints
          SET status = 'active', failures = 0, failing_since = NULL, next_try_at = NULL,
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
 * Addresses a batch to each endpoint that is told again and for which little waits: under the names that it had, with a header that tells it
 * from what is said now. Gives how many messages.
 */
export async function addressReplays(database: Database, now: () => Instant): Promise<number> {
  return database.transaction(async (tx) => {
    const replays = await tx.query<ReplayRow>(
      `SELECT r.*, e.feeds FROM perennial_webhooks.replays r JOIN perennial_webhooks.endpoints e USING (endpoint_id)
        WHERE e.status = 'active' AND (
          SELECT count(*) FROM (SELECT 1 FROM perennial_webhooks.deliveries d
                                 WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL LIMIT ${HELPING}) w) < ${HELPING}
        ORDER BY r.endpoint_id FOR UPDATE OF r SKIP LOCKED`,
    );
    let messages = 0;
    for (const replay of replays) messages += await helping(tx, replay, now());
    return messages;
  });
}

async function helping(tx: Transaction, replay: ReplayRow, now: Instant): Promise<number> {
  const words = await wordsAfter(tx, replay);
  const last = words.at(-1);
  if (last === undefined) {
    const next = SOURCES[SOURCES.indexOf(replay.source) + 1];
    await tx.query(
      next === undefined
        ? 'DELETE FROM perennial_webhooks.replays WHERE endpoint_id = $1'
        : `UPDATE perennial_webhooks.replays SET source = '${next}', customer_id = '', number = 0 WHERE endpoint_id = $1`,
      [replay.endpoint_id],
    );
    return next === undefined ? 0 : helping(tx, { ...replay, source: next, customer_id: '', number: 0 }, now);
  }
  const said = await saidBy(tx, words, unchangedProfiles);
  const header = { 'perennial-replay': replay.replay_id };
  const deliveries = deliveriesOf(words, said, [replay], header);
  await putOnTheWay(tx, deliveries, now);
  await tx.query(
    `UPDATE perennial_webhooks.replays SET customer_id = $2, number = $3::bigint, told = told + $4::bigint WHERE endpoint_id = $1`,
    [replay.endpoint_id, last.customer_id, last.number, deliveries.length],
  );
  return deliveries.length;
}

/** What comes next, customer by customer, each one's in order. */
async function wordsAfter(tx: Transaction, replay: ReplayRow): Promise<Word[]> {
  const { source, customer_id, number, from_position } = replay;
  const next = (told: Word['source'], words: string, ...more: readonly number[]): Promise<Word[]> =>
    tx.query<Word & Row>(
      `SELECT '${told}' AS source, customer_id, number FROM (${words}) words
        WHERE (customer_id, number) > ($1, $2::bigint) ORDER BY customer_id, number LIMIT ${HELPING}`,
      [customer_id, number, ...more],
    );
  switch (source) {
    case 'change': {
      const changes = 'SELECT customer_id, publication AS number FROM perennial.published WHERE position >= $3::bigint';
      return next('change', changes, from_position);
    }
    case 'action':
      return next(
        'action',
        'SELECT customer_id, number FROM perennial.actions WHERE position >= $3::bigint',
        from_position,
      );
    case 'profile': {
      const live = await liveSchema(tx);
      if (live === null) return [];
      const folded = `SELECT customer_id, 1 AS number FROM ${live}.customers WHERE folded_position >= $3::bigint`;
      return next('profile', folded, from_position);
    }
    case 'gone':
      return next(
        'profile',
        'SELECT customer_id, 1 AS number FROM perennial_webhooks.dossiers_told WHERE hash IS NULL',
      );
  }
}
