import { randomBytes } from 'node:crypto';
import type { Instant } from '#contracts';
import type { Clock } from '#platform';
import type { Sealer } from '#keys';
import type { Database, Queryable, Row } from '#database';
import { newSecret } from './signature.js';

/** More than these nobody needs, and each costs a little all the time. */
const ENDPOINTS_MAX = 200;
const HOUR_MS = 3_600_000;
/** Whoever verifies has so long to learn a new secret. */
const FORMER_SECRET_MS = 24 * HOUR_MS;

export type EndpointStatus = 'active' | 'paused' | 'suspended' | 'failed' | 'gone';

/** An endpoint as an operator sees it. Its secret is not among it. */
export interface EndpointRecord {
  readonly id: string;
  readonly url: string;
  readonly feeds: readonly string[];
  readonly status: EndpointStatus;
  readonly createdAt: Instant;
  /** Messages that it took, from the beginning. */
  readonly taken: number;
  readonly waiting: number;
  readonly oldestWaitingAt: Instant | null;
  readonly deadLetters: number;
  /** Tries in a row that were in vain. */
  readonly failures: number;
  readonly lastTriedAt: Instant | null;
  readonly lastTakenAt: Instant | null;
  readonly lastStatus: number | null;
  /** Why the last try was in vain; null where it was not. */
  readonly lastReason: string | null;
  readonly nextTryAt: Instant | null;
  /** What was said while it was suspended or failed: how many messages, since when, and from where in the log it has to be told again. */
  readonly missed: number;
  readonly missedFrom: number | null;
  readonly missedSince: Instant | null;
  /** What it is told again at present; null where nothing is. */
  readonly replay: ReplayRecord | null;
}

/** How far an endpoint that is told again has come. */
export interface ReplayRecord {
  /** Stands in the header `perennial-replay` of each message. */
  readonly id: string;
  readonly fromPosition: number;
  readonly beganAt: Instant;
  /** Messages that are addressed by now. */
  readonly told: number;
}

/** A message that waits, or that was given up. */
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

/** The endpoints that operators registered, and what is on its way to each. */
export class Endpoints {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  /** Registers an endpoint, which is told what is said from now on. Null where there are too many. */
  async register(
    url: string,
    feeds: readonly string[],
  ): Promise<{ readonly endpoint: EndpointRecord; readonly secret: string } | null> {
    const id = randomBytes(16).toString('hex');
    const secret = newSecret();
    const [counted] = await this.database.query<{ endpoints: number }>(
      'SELECT count(*)::int AS endpoints FROM perennial_webhooks.endpoints',
    );
    if ((counted?.endpoints ?? 0) >= ENDPOINTS_MAX) return null;
    await this.database.query(
      `INSERT INTO perennial_webhooks.endpoints (endpoint_id, url, feeds, status, secret, created_at)
       VALUES ($1, $2, $3::text[], 'active', $4, $5)`,
      [id, url, textArray(feeds), await this.sealed(id, secret), instant(this.clock.now())],
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

  /** Forgets an endpoint with everything that was on its way to it, and its secret for good. */
  async remove(id: string): Promise<EndpointRecord | null> {
    const endpoint = await this.find(id);
    if (endpoint === null) return null;
    await this.database.query('DELETE FROM perennial_webhooks.endpoints WHERE endpoint_id = $1', [id]);
    await this.sealer.keys.destroy([id]);
    return endpoint;
  }

  /** Lets an endpoint rest, or sends to it at once, as if nothing had failed. What is said while it rests waits for it. */
  async turn(id: string, status: 'active' | 'paused'): Promise<EndpointRecord | null> {
    await this.database.query(
      `UPDATE perennial_webhooks.endpoints SET status = $2, failures = 0, failing_since = NULL, next_try_at = NULL
        WHERE endpoint_id = $1`,
      [id, status],
    );
    return this.find(id);
  }

  /** Gives an endpoint a new secret. The one before signs as well for a day, so that nothing is rejected in the meantime. */
  async rotate(id: string): Promise<{ readonly secret: string; readonly formerUntil: Instant } | null> {
    if ((await this.find(id)) === null) return null;
    const secret = newSecret();
    const formerUntil = this.clock.now() + FORMER_SECRET_MS;
    await this.database.query(
      `UPDATE perennial_webhooks.endpoints SET former_secret = secret, former_until = $3, secret = $2 WHERE endpoint_id = $1`,
      [id, await this.sealed(id, secret), instant(formerUntil)],
    );
    return { secret, formerUntil };
  }

  /** What waits for an endpoint, or was given up, in the order in which it is sent. */
  async deliveries(
    id: string,
    { dead, after, limit }: { readonly dead: boolean; readonly after: number; readonly limit: number },
  ): Promise<DeliveryRecord[] | null> {
    if ((await this.find(id)) === null) return null;
    const rows = await this.database.query<DeliveryRow>(
      `SELECT seq, message_id, feed, key, created_at, tries, last_status, last_reason, dead_at
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

  /** Has dead letters sent again, in their old order and before what is younger: those named, or all. Gives how many. */
  async replayDeadLetters(id: string, messages: readonly string[] | null): Promise<number | null> {
    if ((await this.find(id)) === null) return null;
    const [counted] = await this.database.query<{ replayed: number }>(
      `WITH again AS (
         UPDATE perennial_webhooks.deliveries SET dead_at = NULL, tries = 0
          WHERE endpoint_id = $1 AND dead_at IS NOT NULL AND ($2::text[] IS NULL OR message_id = ANY($2::text[])) RETURNING 1)
       SELECT count(*)::int AS replayed FROM again`,
      [id, messages === null ? null : textArray(messages)],
    );
    return counted?.replayed ?? 0;
  }

  /** The secrets that sign for an endpoint, the newest first; none where they cannot be opened. */
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

  /** Kept as personal data is: sealed, under a key that the database does not hold. */
  private async sealed(id: string, secret: string): Promise<string> {
    const key = (await this.sealer.keys.keysFor([id], { create: true })).get(id);
    if (key === undefined || key === 'erased') throw new Error('The key store gave no key for an endpoint.');
    return this.sealer.seal(key, secret);
  }
}

/** A row of the table, with what is on its way. */
export interface EndpointRow extends Row {
  readonly endpoint_id: string;
  readonly url: string;
  readonly feeds: readonly string[];
  readonly status: EndpointStatus;
  readonly secret: string;
  readonly former_secret: string | null;
  readonly former_until: Instant | null;
  readonly created_at: Instant;
  readonly taken: number;
  readonly failures: number;
  readonly failing_since: Instant | null;
  readonly last_tried_at: Instant | null;
  readonly last_taken_at: Instant | null;
  readonly last_status: number | null;
  readonly last_reason: string | null;
  readonly next_try_at: Instant | null;
  readonly missed: number;
  readonly missed_from: number | null;
  readonly missed_since: Instant | null;
  readonly replay_id: string | null;
  readonly replay_from: number | null;
  readonly replay_began_at: Instant | null;
  readonly replay_told: number | null;
  readonly waiting: number;
  readonly oldest_waiting_at: Instant | null;
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
    `SELECT e.*, d.waiting, d.oldest_waiting_at, d.dead_letters,
            r.replay_id, r.from_position AS replay_from, r.began_at AS replay_began_at, r.told AS replay_told
       FROM perennial_webhooks.endpoints e LEFT JOIN perennial_webhooks.replays r USING (endpoint_id)
       CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE dead_at IS NULL)::int AS waiting,
                min(created_at) FILTER (WHERE dead_at IS NULL) AS oldest_waiting_at,
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
  taken: row.taken,
  waiting: row.waiting,
  oldestWaitingAt: row.oldest_waiting_at,
  deadLetters: row.dead_letters,
  failures: row.failures,
  lastTriedAt: row.last_tried_at,
  lastTakenAt: row.last_taken_at,
  lastStatus: row.last_status,
  lastReason: row.last_reason,
  nextTryAt: row.next_try_at,
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
          told: row.replay_told ?? 0,
        },
});

export const instant = (at: Instant): string => new Date(at).toISOString();

/** A list of plain words as PostgreSQL writes it. */
export const textArray = (words: readonly string[]): string =>
  `{${words.map((word) => `"${word.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
