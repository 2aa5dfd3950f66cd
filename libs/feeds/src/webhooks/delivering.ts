import type { Instant } from '#contracts';
import type { Database, Row, Transaction } from '#database';
import { instant, type EndpointRow } from './endpoints.js';
import type { Answer } from './webhook-client.js';
import { waitAfter, type AttemptSchedule } from './attempts.js';

/** Messages that are sent one after the other before it is written down how it went. */
const HELPING = 50;
/** Whoever holds an endpoint and is silent for so long has died; its batch ends well before. */
const HELD_SECONDS = 30;
const HELPING_MS = 5_000;

export interface DeliveryDependencies {
  readonly database: Database;
  /** Names this process. */
  readonly leaseOwner: string;
  readonly attempts: AttemptSchedule;
  readonly random: () => number;
  readonly now: () => Instant;
  readonly secretsOf: (endpoint: EndpointRow) => Promise<readonly string[]>;
  readonly send: (endpoint: EndpointRow, message: Message, secrets: readonly string[]) => Promise<Answer>;
  /** Whether no further message is to be begun. */
  readonly stopping: () => boolean;
}

/** One message to one endpoint, as it is sent. */
export interface Message extends Row {
  readonly seq: number;
  readonly message_id: string;
  readonly headers: string;
  readonly body: string | null;
  readonly attempts: number;
}

export interface Delivered {
  readonly taken: number;
  /** Why it went no further; null where nothing stood in the way. */
  readonly failure: string | null;
  readonly deadLetters: number;
}

/** Takes hold of endpoints for which something waits and whose time has come, so that no other process sends to them in the meantime. */
export async function acquireLease(
  { database, leaseOwner, now }: Pick<DeliveryDependencies, 'database' | 'leaseOwner' | 'now'>,
  but: readonly string[],
  most: number,
): Promise<EndpointRow[]> {
  return database.query<EndpointRow>(
    `UPDATE perennial_webhooks.endpoints SET holder = $1, held_until = now() + make_interval(secs => ${HELD_SECONDS})
      WHERE endpoint_id IN (
        SELECT endpoint_id FROM perennial_webhooks.endpoints e
         WHERE status = 'active' AND (next_try_at IS NULL OR next_try_at <= $2)
           AND (held_until IS NULL OR held_until < now() OR holder = $1) AND NOT endpoint_id = ANY($3::text[])
           AND EXISTS (SELECT 1 FROM perennial_webhooks.deliveries d WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL)
         ORDER BY endpoint_id LIMIT ${most} FOR NO KEY UPDATE SKIP LOCKED)
      RETURNING *`,
    [leaseOwner, instant(now()), `{${but.join(',')}}`],
  );
}

/**
 * Sends what waits for an endpoint, one after the other, in the order in which it was said, until something stands in the way; then writes down how it
 * went, and lets go. Who dies in between sends the same again, under the same names.
 */
export async function deliver(parts: DeliveryDependencies, endpoint: EndpointRow): Promise<Delivered> {
  const { database, now, send, stopping } = parts;
  const until = performance.now() + HELPING_MS;
  const messages = await database.query<Message>(
    `SELECT seq, message_id, headers, body, tries FROM perennial_webhooks.deliveries
      WHERE endpoint_id = $1 AND dead_at IS NULL ORDER BY seq LIMIT ${HELPING}`,
    [endpoint.endpoint_id],
  );
  const secrets = await parts.secretsOf(endpoint);
  const taken: number[] = [];
  let status: number | null = null;
  let takenAt: Instant | null = null;
  let stuck: { readonly message: Message; readonly answer: Exclude<Answer, { kind: 'taken' | 'stopped' }> } | null =
    null;
  for (const message of messages) {
    if (stopping() || performance.now() > until) break;
    const answer: Answer = secrets.length === 0 ? SECRETLESS : await send(endpoint, message, secrets);
    if (answer.kind === 'stopped') break;
    if (answer.kind !== 'taken') {
      stuck = { message, answer };
      break;
    }
    taken.push(message.seq);
    status = answer.status;
    takenAt = now();
  }
  return database.transaction(async (tx) => {
    if (taken.length > 0)
      await tx.query('DELETE FROM perennial_webhooks.deliveries WHERE endpoint_id = $1 AND seq = ANY($2::bigint[])', [
        endpoint.endpoint_id,
        `{${taken.join(',')}}`,
      ]);
    if (takenAt !== null)
      await tx.query(
        `UPDATE perennial_webhooks.endpoints SET taken = taken + $2, failures = 0, failing_since = NULL, next_try_at = NULL,
                last_tried_at = $3, last_taken_at = $3, last_status = $4, last_reason = NULL
          WHERE endpoint_id = $1`,
        [endpoint.endpoint_id, taken.length, instant(takenAt), status],
      );
    const deadLetters =
      stuck === null ? 0 : await noteFailure(tx, parts, takenAt === null ? endpoint : ANEW(endpoint), stuck);
    await tx.query(
      'UPDATE perennial_webhooks.endpoints SET holder = NULL, held_until = NULL WHERE endpoint_id = $1 AND holder = $2',
      [endpoint.endpoint_id, parts.leaseOwner],
    );
    return { taken: taken.length, failure: stuck?.answer.reason ?? null, deadLetters };
  });
}

const SECRETLESS: Answer = {
  kind: 'failing',
  status: null,
  reason: 'its secret cannot be opened: give it a new one',
  waitMs: null,
};

const ANEW = (endpoint: EndpointRow): EndpointRow => ({ ...endpoint, failures: 0, failing_since: null });

/** Writes down a try that was in vain, and what follows from it; gives how many messages were given up. */
async function noteFailure(
  tx: Transaction,
  { attempts, random, now }: DeliveryDependencies,
  endpoint: EndpointRow,
  { message, answer }: { readonly message: Message; readonly answer: Exclude<Answer, { kind: 'taken' | 'stopped' }> },
): Promise<number> {
  const id = endpoint.endpoint_id;
  const at = now();
  const failingSince = endpoint.failing_since ?? at;
  const failures = endpoint.failures + 1;
  const most = answer.kind === 'refused' ? attempts.rejected : attempts.failing;
  const dies = answer.kind === 'gone' || message.attempts + 1 >= most;
  const over =
    answer.kind === 'gone'
      ? 'gone'
      : at - failingSince >= attempts.givenUpAfterMs
        ? ('failed' as const)
        : ('active' as const);
  const asked = answer.kind === 'gone' ? null : answer.waitMs;
  // Whoever rejected a message until it was given up is well, and the next one is another.
  const waitMs = dies && answer.kind === 'refused' ? 0 : Math.max(asked ?? 0, waitAfter(failures, attempts, random()));
  await tx.query(
    `UPDATE perennial_webhooks.deliveries
        SET tries = tries + 1, last_status = $3, last_reason = $4, dead_at = $5::timestamptz WHERE endpoint_id = $1 AND seq = $2::bigint`,
    [id, message.seq, answer.status, answer.reason, dies ? instant(at) : null],
  );
  await tx.query(
    // A person who let it rest in the meantime is not overruled.
    `UPDATE perennial_webhooks.endpoints SET failures = $2, failing_since = $3, last_tried_at = $4, last_status = $5,
            last_reason = $6, next_try_at = $7, status = CASE WHEN status = 'active' THEN $8 ELSE status END
      WHERE endpoint_id = $1`,
    [
      id,
      failures,
      instant(failingSince),
      instant(at),
      answer.status,
      answer.reason,
      waitMs === 0 ? null : instant(at + waitMs),
      over,
    ],
  );
  if (over === 'active') return dies ? 1 : 0;
  const [counted] = await tx.query<{ dead: number }>(
    `WITH given_up AS (
       UPDATE perennial_webhooks.deliveries SET dead_at = $2, last_reason = coalesce(last_reason, $3)
        WHERE endpoint_id = $1 AND dead_at IS NULL RETURNING 1)
     SELECT count(*)::int AS dead FROM given_up`,
    [id, instant(at), `the endpoint was given up: it ${answer.reason}`],
  );
  return (counted?.dead ?? 0) + (dies ? 1 : 0);
}
