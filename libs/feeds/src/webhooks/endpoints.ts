import { randomBytes } from 'node:crypto';
import { HOUR } from '#contracts';
import type { Instant } from '#contracts';
import type { Clock } from '#platform';
import type { Sealer } from '#keys';
import { arrayText, instantText, type Database, type Queryable, type Row } from '#database';
import type { Registrations } from './registrations.js';
import { newSecret } from './signature.js';

/** The number of endpoints is limited, because each costs a little all the time. */
const ENDPOINTS_MAX = 200;
/** For so long the former secret signs too, so that receivers have time to learn the new one. */
const FORMER_SECRET_MS = 24 * HOUR;

export type EndpointStatus = 'active' | 'paused' | 'suspended' | 'failed' | 'gone';

/** An endpoint as operators see it, without its secret. */
export interface EndpointRecord {
  readonly id: string;
  readonly url: string;
  readonly feeds: readonly string[];
  readonly status: EndpointStatus;
  readonly createdAt: Instant;
  /** Messages delivered since it was registered. */
  readonly delivered: number;
  readonly pending: number;
  readonly oldestPendingAt: Instant | null;
  readonly deadLetters: number;
  /** Failed attempts in a row. */
  readonly failures: number;
  readonly lastAttemptAt: Instant | null;
  readonly lastDeliveredAt: Instant | null;
  readonly lastStatus: number | null;
  /** Why the last attempt failed; null where it succeeded. */
  readonly lastReason: string | null;
  readonly nextAttemptAt: Instant | null;
  /** Messages published while it was suspended or failed: how many, the log position from which a replay sends them, and since when. */
  readonly missed: number;
  readonly missedFrom: number | null;
  readonly missedSince: Instant | null;
  /** Its running replay; null where there is none. */
  readonly replay: ReplayRecord | null;
}

/** The progress of a replay. */
export interface ReplayRecord {
  /** The header `perennial-replay` of each of its messages. */
  readonly id: string;
  readonly fromPosition: number;
  readonly beganAt: Instant;
  /** Messages enqueued so far. */
  readonly enqueued: number;
}

/** A pending message, or a dead letter. */
export interface DeliveryRecord {
  readonly seq: number;
  readonly id: string;
  readonly feed: string;
  readonly key: string;
  readonly createdAt: Instant;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastReason: string | null;
  readonly deadAt: Instant | null;
}

/** The endpoints that operators registered, and the deliveries of each. */
export class Endpoints {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
    /** Null in a process without the event log: then endpoints are in the tables alone. */
    private readonly registrations: Registrations | null = null,
  ) {}

  /** Makes the tables and the event log agree: see `Registrations`. Returns sentences for the operator. */
  async reconcile(): Promise<readonly string[]> {
    return (await this.registrations?.reconcile(this.database, FORMER_SECRET_MS, this.clock.now())) ?? [];
  }

  /** Registers an endpoint: messages published from now on are sent to it. Null where there are too many endpoints. */
  async register(
    url: string,
    feeds: readonly string[],
    by = 'local',
  ): Promise<{ readonly endpoint: EndpointRecord; readonly secret: string } | null> {
    const id = randomBytes(16).toString('hex');
    const secret = newSecret();
    const [counted] = await this.database.query<{ endpoints: number }>(
      'SELECT count(*)::int AS endpoints FROM perennial_webhooks.endpoints',
    );
    if ((counted?.endpoints ?? 0) >= ENDPOINTS_MAX) return null;
    // First the log, which is the truth: a process that dies in between finds it there.
    await this.registrations?.registered({ id, url, feeds, secret }, this.clock.now(), by);
    await this.database.query(
      `INSERT INTO perennial_webhooks.endpoints (endpoint_id, url, feeds, status, secret, created_at)
       VALUES ($1, $2, $3::text[], 'active', $4, $5) ON CONFLICT (endpoint_id) DO NOTHING`,
      [id, url, arrayText(feeds), await this.sealed(id, secret), instantText(this.clock.now())],
    );
    const endpoint = await this.find(id);
    return endpoint === null ? null : { endpoint, secret };
  }

  async list(): Promise<EndpointRecord[]> {
    return (await readEndpoints(this.database, '', [])).map(recordOf);
  }

  async find(id: string): Promise<EndpointRecord | null> {
    const [row] = await readEndpoints(this.database, 'WHERE endpoint_id = $1', [id]);
    return row === undefined ? null : recordOf(row);
  }

  /** Deletes an endpoint with its deliveries, and its secret for good. */
  async remove(id: string, by = 'local'): Promise<EndpointRecord | null> {
    const endpoint = await this.find(id);
    if (endpoint === null) return null;
    await this.registrations?.changed(id, 'removed', this.clock.now(), by);
    await this.database.query('DELETE FROM perennial_webhooks.endpoints WHERE endpoint_id = $1', [id]);
    await this.sealer.keys.destroy([id]);
    return endpoint;
  }

  /** Pauses an endpoint: messages stay pending for it. Or activates it: it forgets failures, and the next attempt is due at once. */
  async setStatus(id: string, status: 'active' | 'paused', by = 'local'): Promise<EndpointRecord | null> {
    if (this.registrations !== null && (await this.find(id)) !== null)
      await this.registrations.changed(id, status === 'paused' ? 'paused' : 'activated', this.clock.now(), by);
    await this.database.query(
      `UPDATE perennial_webhooks.endpoints SET status = $2, failures = 0, failing_since = NULL, next_attempt_at = NULL
        WHERE endpoint_id = $1`,
      [id, status],
    );
    return this.find(id);
  }

  /** Gives an endpoint a new secret. The former one signs too for a day, so that receivers reject nothing in the meantime. */
  async rotate(id: string, by = 'local'): Promise<{ readonly secret: string; readonly formerUntil: Instant } | null> {
    if ((await this.find(id)) === null) return null;
    const secret = newSecret();
    const formerUntil = this.clock.now() + FORMER_SECRET_MS;
    await this.registrations?.changed(id, 'secret-rotated', this.clock.now(), by, secret);
    await this.database.query(
      `UPDATE perennial_webhooks.endpoints SET former_secret = secret, former_until = $3, secret = $2 WHERE endpoint_id = $1`,
      [id, await this.sealed(id, secret), instantText(formerUntil)],
    );
    return { secret, formerUntil };
  }

  /** The pending messages of an endpoint, or its dead letters, in the order of sending. */
  async deliveries(
    id: string,
    { dead, after, limit }: { readonly dead: boolean; readonly after: number; readonly limit: number },
  ): Promise<DeliveryRecord[] | null> {
    if ((await this.find(id)) === null) return null;
    const rows = await this.database.query<DeliveryRow>(
      `SELECT seq, message_id, feed, key, created_at, attempts, last_status, last_reason, dead_at
         FROM perennial_webhooks.deliveries
        WHERE endpoint_id = $1 AND seq > $2::bigint AND dead_at IS ${dead ? 'NOT NULL' : 'NULL'} ORDER BY seq LIMIT $3::int`,
      [id, after, limit],
    );
    return rows.map((row) => ({
      seq: row.seq,
      id: row.message_id,
      feed: row.feed,
      key: row.key,
      createdAt: row.created_at,
      attempts: row.attempts,
      lastStatus: row.last_status,
      lastReason: row.last_reason,
      deadAt: row.dead_at,
    }));
  }

  /** Makes dead letters pending again: those with these message ids, or all. They keep their place in the order. Returns the number. */
  async replayDeadLetters(id: string, messages: readonly string[] | null): Promise<number | null> {
    if ((await this.find(id)) === null) return null;
    const [counted] = await this.database.query<{ replayed: number }>(
      `WITH again AS (
         UPDATE perennial_webhooks.deliveries SET dead_at = NULL, attempts = 0
          WHERE endpoint_id = $1 AND dead_at IS NOT NULL AND ($2::text[] IS NULL OR message_id = ANY($2::text[])) RETURNING 1)
       SELECT count(*)::int AS replayed FROM again`,
      [id, messages === null ? null : arrayText(messages)],
    );
    return counted?.replayed ?? 0;
  }

  /** The secrets that sign messages to an endpoint, the newest first; none where the key store cannot open them. */
  async secretsOf({
    endpoint_id: id,
    secret,
    former_secret: former,
    former_until: until,
  }: EndpointRow): Promise<string[]> {
    const key = (await this.sealer.keys.keysFor([id])).get(id);
    if (key === undefined || key === 'erased') return [];
    const sealed = former !== null && until !== null && until > this.clock.now() ? [secret, former] : [secret];
    return sealed.map((each) => this.sealer.open(key, each));
  }

  /** Seals a secret as personal data is sealed: under a key that the database does not hold. */
  private async sealed(id: string, secret: string): Promise<string> {
    const key = (await this.sealer.keys.keysFor([id], { create: true })).get(id);
    if (key === undefined || key === 'erased')
      throw new Error(
        'The key store returned no key for the endpoint: check that it is reachable, and register the endpoint again.',
      );
    return this.sealer.seal(key, secret);
  }
}

/** A row of the table of endpoints, with counts of its deliveries. */
export interface EndpointRow extends Row {
  readonly endpoint_id: string;
  readonly url: string;
  readonly feeds: readonly string[];
  readonly status: EndpointStatus;
  readonly secret: string;
  readonly former_secret: string | null;
  readonly former_until: Instant | null;
  readonly created_at: Instant;
  readonly delivered: number;
  readonly failures: number;
  readonly failing_since: Instant | null;
  readonly last_attempt_at: Instant | null;
  readonly last_delivered_at: Instant | null;
  readonly last_status: number | null;
  readonly last_reason: string | null;
  readonly next_attempt_at: Instant | null;
  readonly missed: number;
  readonly missed_from: number | null;
  readonly missed_since: Instant | null;
  readonly replay_id: string | null;
  readonly replay_from: number | null;
  readonly replay_began_at: Instant | null;
  readonly replay_enqueued: number | null;
  readonly pending: number;
  readonly oldest_pending_at: Instant | null;
  readonly dead_letters: number;
}

interface DeliveryRow extends Row {
  readonly seq: number;
  readonly message_id: string;
  readonly feed: string;
  readonly key: string;
  readonly created_at: Instant;
  readonly attempts: number;
  readonly last_status: number | null;
  readonly last_reason: string | null;
  readonly dead_at: Instant | null;
}

function readEndpoints(on: Queryable, where: string, params: readonly unknown[]): Promise<EndpointRow[]> {
  return on.query<EndpointRow>(
    `SELECT e.*, d.pending, d.oldest_pending_at, d.dead_letters,
            r.replay_id, r.from_position AS replay_from, r.began_at AS replay_began_at, r.enqueued AS replay_enqueued
       FROM perennial_webhooks.endpoints e LEFT JOIN perennial_webhooks.replays r USING (endpoint_id)
       CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE dead_at IS NULL)::int AS pending,
                min(created_at) FILTER (WHERE dead_at IS NULL) AS oldest_pending_at,
                count(*) FILTER (WHERE dead_at IS NOT NULL)::int AS dead_letters
           FROM perennial_webhooks.deliveries WHERE endpoint_id = e.endpoint_id) d
      ${where} ORDER BY e.created_at, e.endpoint_id`,
    params,
  );
}

const recordOf = (row: EndpointRow): EndpointRecord => ({
  id: row.endpoint_id,
  url: row.url,
  feeds: row.feeds,
  status: row.status,
  createdAt: row.created_at,
  delivered: row.delivered,
  pending: row.pending,
  oldestPendingAt: row.oldest_pending_at,
  deadLetters: row.dead_letters,
  failures: row.failures,
  lastAttemptAt: row.last_attempt_at,
  lastDeliveredAt: row.last_delivered_at,
  lastStatus: row.last_status,
  lastReason: row.last_reason,
  nextAttemptAt: row.next_attempt_at,
  missed: row.missed,
  missedFrom: row.missed_from,
  missedSince: row.missed_since,
  replay:
    row.replay_id === null
      ? null
      : {
          id: row.replay_id,
          fromPosition: row.replay_from ?? 0,
          beganAt: row.replay_began_at ?? 0,
          enqueued: row.replay_enqueued ?? 0,
        },
});
