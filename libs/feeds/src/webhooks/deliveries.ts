import type { Instant } from '#contracts';
import { arrayText, instantText, type Database, type Row, type Transaction } from '#database';
import { waitAfter, type AttemptSchedule } from './attempts.js';
import type { EndpointRow } from './endpoints.js';
import { releaseLease } from './lease.js';
import type { SendResult } from './webhook-client.js';

/** Messages that are sent one after the other before their results are stored; and for how long at most: well below the lease. */
const BATCH = 50;
const BATCH_MS = 5_000;

export interface DeliveryDependencies {
  readonly database: Database;
  /** Identifies this process. */
  readonly leaseOwner: string;
  readonly attempts: AttemptSchedule;
  readonly random: () => number;
  readonly now: () => Instant;
  readonly secretsOf: (endpoint: EndpointRow) => Promise<readonly string[]>;
  readonly send: (endpoint: EndpointRow, message: DeliveryMessage, secrets: readonly string[]) => Promise<SendResult>;
  /** True once the dispatcher is stopping: no further message is sent. */
  readonly stopping: () => boolean;
}

/** One message to one endpoint, as it is sent. */
export interface DeliveryMessage extends Row {
  readonly seq: number;
  readonly message_id: string;
  readonly headers: string;
  readonly body: string | null;
  readonly attempts: number;
}

export interface DeliveryResult {
  /** The number of messages that the endpoint accepted. */
  readonly delivered: number;
  /** Why the batch ended early; null where all of it was delivered. */
  readonly failure: string | null;
  readonly deadLetters: number;
}

type FailedSend = Exclude<SendResult, { kind: 'delivered' | 'stopped' }>;

/**
 * Sends one batch of an endpoint's pending messages, one after the other and in the order of publication, until one fails; then stores the results and
 * releases the lease. A process that dies in between leaves the messages pending: the next one sends them again, with the same ids.
 */
export async function deliver(dependencies: DeliveryDependencies, endpoint: EndpointRow): Promise<DeliveryResult> {
  const { database, now, send, stopping } = dependencies;
  const until = performance.now() + BATCH_MS;
  const messages = await database.query<DeliveryMessage>(
    `SELECT seq, message_id, headers, body, attempts FROM perennial_webhooks.deliveries
      WHERE endpoint_id = $1 AND dead_at IS NULL ORDER BY seq LIMIT ${BATCH}`,
    [endpoint.endpoint_id],
  );
  const secrets = await dependencies.secretsOf(endpoint);
  const delivered: number[] = [];
  let status: number | null = null;
  let deliveredAt: Instant | null = null;
  let failed: { readonly message: DeliveryMessage; readonly result: FailedSend } | null = null;
  for (const message of messages) {
    if (stopping() || performance.now() > until) break;
    const result = secrets.length === 0 ? NO_SECRET : await send(endpoint, message, secrets);
    if (result.kind === 'stopped') break;
    if (result.kind !== 'delivered') {
      failed = { message, result };
      break;
    }
    delivered.push(message.seq);
    status = result.status;
    deliveredAt = now();
  }
  return database.transaction(async (tx) => {
    if (delivered.length > 0)
      await tx.query('DELETE FROM perennial_webhooks.deliveries WHERE endpoint_id = $1 AND seq = ANY($2::bigint[])', [
        endpoint.endpoint_id,
        arrayText(delivered),
      ]);
    if (deliveredAt !== null)
      await tx.query(
        `UPDATE perennial_webhooks.endpoints
            SET delivered = delivered + $2, failures = 0, failing_since = NULL, next_attempt_at = NULL,
                last_attempt_at = $3, last_delivered_at = $3, last_status = $4, last_reason = NULL
          WHERE endpoint_id = $1`,
        [endpoint.endpoint_id, delivered.length, instantText(deliveredAt), status],
      );
    const before = deliveredAt === null ? endpoint : { ...endpoint, failures: 0, failing_since: null };
    const deadLetters = failed === null ? 0 : await recordFailure(tx, dependencies, before, failed);
    await releaseLease(tx, endpoint.endpoint_id, dependencies.leaseOwner);
    return { delivered: delivered.length, failure: failed?.result.reason ?? null, deadLetters };
  });
}

const NO_SECRET: SendResult = {
  kind: 'failing',
  status: null,
  reason: 'its secret cannot be opened: give it a new one',
  waitMs: null,
};

/** Stores a failed attempt and its consequences; returns the number of messages that became dead letters. */
async function recordFailure(
  tx: Transaction,
  { attempts, random, now }: DeliveryDependencies,
  endpoint: EndpointRow,
  { message, result }: { readonly message: DeliveryMessage; readonly result: FailedSend },
): Promise<number> {
  const id = endpoint.endpoint_id;
  const at = now();
  const failingSince = endpoint.failing_since ?? at;
  const failures = endpoint.failures + 1;
  const attemptsMax = result.kind === 'rejected' ? attempts.rejected : attempts.failing;
  const isDead = result.kind === 'gone' || message.attempts + 1 >= attemptsMax;
  const status =
    result.kind === 'gone'
      ? 'gone'
      : at - failingSince >= attempts.givenUpAfterMs
        ? ('failed' as const)
        : ('active' as const);
  const retryAfterMs = result.kind === 'gone' ? null : result.waitMs;
  // An endpoint that rejected one message to the end is healthy: the next message goes at once.
  const waitMs =
    isDead && result.kind === 'rejected' ? 0 : Math.max(retryAfterMs ?? 0, waitAfter(failures, attempts, random()));
  await tx.query(
    `UPDATE perennial_webhooks.deliveries
        SET attempts = attempts + 1, last_status = $3, last_reason = $4, dead_at = $5::timestamptz WHERE endpoint_id = $1 AND seq = $2::bigint`,
    [id, message.seq, result.status, result.reason, isDead ? instantText(at) : null],
  );
  await tx.query(
    // An operator may have paused the endpoint in the meantime: then it stays paused.
    `UPDATE perennial_webhooks.endpoints SET failures = $2, failing_since = $3, last_attempt_at = $4, last_status = $5,
            last_reason = $6, next_attempt_at = $7, status = CASE WHEN status = 'active' THEN $8 ELSE status END
      WHERE endpoint_id = $1`,
    [
      id,
      failures,
      instantText(failingSince),
      instantText(at),
      result.status,
      result.reason,
      waitMs === 0 ? null : instantText(at + waitMs),
      status,
    ],
  );
  if (status === 'active') return isDead ? 1 : 0;
  const [counted] = await tx.query<{ dead: number }>(
    `WITH given_up AS (
       UPDATE perennial_webhooks.deliveries SET dead_at = $2, last_reason = coalesce(last_reason, $3)
        WHERE endpoint_id = $1 AND dead_at IS NULL RETURNING 1)
     SELECT count(*)::int AS dead FROM given_up`,
    [id, instantText(at), `the endpoint was given up: it ${result.reason}`],
  );
  return (counted?.dead ?? 0) + (isDead ? 1 : 0);
}
