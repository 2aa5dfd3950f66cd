import { randomUUID } from 'node:crypto';
import { DAY, MINUTE, type Instant } from '#contracts';
import { Loop, type Clock, type LoopObserver } from '#platform';
import { instantText, type Database } from '#database';
import { ATTEMPT_SCHEDULE, type AttemptSchedule } from './attempts.js';
import { deliver, type DeliveryDependencies, type DeliveryResult } from './deliveries.js';
import type { EgressPolicy } from './egress-policy.js';
import type { EndpointRow, Endpoints } from './endpoints.js';
import { enqueueDeliveries } from './fan-out.js';
import { acquireLease, releaseAllLeases } from './lease.js';
import { enqueueNotices, type Notice } from './notices.js';
import type { PendingLimits } from './pending-limits.js';
import { beginReplay, enqueueReplays, type ReplayRequested } from './replay.js';
import { signatureHeaders } from './signature.js';
import { createTriggers, prepareTables } from './tables.js';
import { WebhookClient } from './webhook-client.js';

/** How often it polls while there are endpoints, and while there are none. */
const POLL_MS = 150;
const POLL_MS_WITHOUT_ENDPOINTS = 1_000;
/** How often it asks for messages to operators. */
const NOTICES_MS = MINUTE;
/** Endpoints to which one process sends at the same time. */
const CONCURRENT_ENDPOINTS = 32;
/** The limits where none are configured. */
const PENDING_LIMITS: PendingLimits = { messagesMax: 100_000, ageMsMax: 7 * DAY };
/** How long `stop()` waits for the answer to a request in flight. */
const GRACE_MS = 5_000;

export interface DispatcherObserver extends LoopObserver {
  delivered?(endpoint: string, result: DeliveryResult): void;
  /** A sentence for the operator. */
  said?(sentence: string): void;
}

export interface DispatcherDependencies {
  readonly database: Database;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  /** True while the clock is not to be trusted: then nothing is sent. Default: never. */
  readonly paused?: () => boolean;
  readonly egressPolicy: EgressPolicy;
  readonly attempts?: AttemptSchedule;
  readonly limits?: PendingLimits;
  /** The messages for operators that hold now; none by default. */
  readonly notices?: () => readonly Notice[];
  readonly random?: () => number;
  readonly observer?: DispatcherObserver;
}

/**
 * Sends published messages to the registered endpoints: to each endpoint in order and at least once, and independently of the other endpoints. Any
 * number of dispatchers may run against one database.
 *
 * States, after `start()`:
 * - waiting for the projector: its outbox tables do not exist yet. It polls every POLL_MS_WITHOUT_ENDPOINTS.
 * - idle: nothing is pending, due or being replayed. It polls every POLL_MS, or POLL_MS_WITHOUT_ENDPOINTS where no endpoint is registered.
 * - sending: messages are pending. It fans them out batch after batch, and leases the endpoints that are due. Each leased endpoint has one
 *   delivery in flight; when it ends, the dispatcher polls at once. An endpoint that fails waits by itself (`next_attempt_at`): the dispatcher
 *   goes on with the others.
 * - backing off: the database failed. It waits half a second, then twice as long each time up to half a minute; `failure` says why.
 * - paused: the clock is not to be trusted. It ends the deliveries in flight after their current message, and polls whether it may go on.
 * - stopped: `stop()` ends the deliveries in flight after their current message, and aborts a request that is not answered within GRACE_MS.
 */
export class WebhookDispatcher {
  private readonly leaseOwner = randomUUID();
  private readonly webhookClient: WebhookClient;
  private readonly loop: Loop;
  private isStopping = false;
  private readonly aborting = new AbortController();
  /** Deliveries in flight, by endpoint. */
  private readonly inFlight = new Map<string, Promise<void>>();
  private prepared: Promise<void> | null = null;
  private triggersExist = false;
  /** When it asks next for messages to operators. */
  private noticesAt = -Infinity;

  constructor(private readonly dependencies: DispatcherDependencies) {
    this.webhookClient = new WebhookClient(dependencies.egressPolicy);
    const { observer } = dependencies;
    this.loop = new Loop(() => this.poll(), observer === undefined ? {} : { observer });
  }

  /** Why the last poll failed; null after one that succeeded. */
  get failure(): string | null {
    return this.loop.failure;
  }

  start(): void {
    this.loop.start();
  }

  /** Ends the current pause, so that the dispatcher polls at once. */
  wake(): void {
    this.loop.wake();
  }

  /** Resolves when the tables exist and are up to date; creates and upgrades them at the first call. */
  async ready(): Promise<void> {
    this.prepared ??= this.prepare();
    try {
      await this.prepared;
    } catch (error) {
      this.prepared = null;
      throw error;
    }
  }

  /** Sends an endpoint again what rests on the log from a position on; or, for null, what the endpoint missed. */
  async replay(endpointId: string, fromPosition: number | null): Promise<ReplayRequested> {
    await this.ready();
    const { database, clock } = this.dependencies;
    const requested = await beginReplay(database, endpointId, fromPosition, clock.now());
    this.wake();
    return requested;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const abort = setTimeout(() => this.aborting.abort(), GRACE_MS);
    await this.loop.stop();
    await Promise.all(this.inFlight.values());
    clearTimeout(abort);
    this.webhookClient.close();
  }

  /** Polls once: fans out pending messages, and starts the deliveries that are due. Returns the pause until the next poll, in milliseconds. */
  async poll(): Promise<number> {
    const { database, clock, limits = PENDING_LIMITS } = this.dependencies;
    await this.ready();
    if (!this.triggersExist) this.triggersExist = await createTriggers(database);
    if (!this.triggersExist || this.isPaused) return POLL_MS_WITHOUT_ENDPOINTS;
    const now = () => clock.now();
    const [found] = await database.query<{ endpoints: boolean; pending: boolean; replays: boolean; due: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM perennial_webhooks.endpoints) AS endpoints,
              EXISTS (SELECT 1 FROM perennial_webhooks.pending) AS pending,
              EXISTS (SELECT 1 FROM perennial_webhooks.replays) AS replays,
              EXISTS (SELECT 1 FROM perennial_webhooks.endpoints e
                       WHERE status = 'active' AND (next_attempt_at IS NULL OR next_attempt_at <= $1)
                         AND EXISTS (SELECT 1 FROM perennial_webhooks.deliveries d
                                      WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL)) AS due`,
      [instantText(now())],
    );
    let enqueued = found?.pending === true ? await enqueueDeliveries(database, now, limits) : 0;
    if (found?.replays === true) enqueued += await enqueueReplays(database, now);
    enqueued += await this.enqueueNotices(now());
    const free = CONCURRENT_ENDPOINTS - this.inFlight.size;
    if ((found?.due === true || enqueued > 0) && free > 0) {
      const { leaseOwner } = this;
      const leased = await acquireLease({ database, leaseOwner, now }, [...this.inFlight.keys()], free);
      for (const endpoint of leased) this.startDelivery(endpoint);
    }
    if (enqueued > 0) return 0;
    return found?.endpoints === true ? POLL_MS : POLL_MS_WITHOUT_ENDPOINTS;
  }

  private async enqueueNotices(now: Instant): Promise<number> {
    const { database, clock, notices } = this.dependencies;
    // A clock that was set back asks at once.
    if (notices === undefined || (now < this.noticesAt && now > this.noticesAt - NOTICES_MS)) return 0;
    const enqueued = await enqueueNotices(database, notices(), () => clock.now());
    this.noticesAt = now + NOTICES_MS;
    return enqueued;
  }

  private get isPaused(): boolean {
    return this.dependencies.paused?.() === true;
  }

  /** Resolves when no delivery is in flight. */
  async settled(): Promise<void> {
    while (this.inFlight.size > 0) await Promise.all(this.inFlight.values());
  }

  private async prepare(): Promise<void> {
    const { database } = this.dependencies;
    await prepareTables(database);
    for (const sentence of await this.dependencies.endpoints.reconcile()) this.dependencies.observer?.said?.(sentence);
    if (database.kind === 'pglite') await releaseAllLeases(database);
  }

  private startDelivery(endpoint: EndpointRow): void {
    const { observer } = this.dependencies;
    const id = endpoint.endpoint_id;
    const done = deliver(this.deliveryDependencies(), endpoint)
      .then((result) => observer?.delivered?.(id, result))
      // The results could not be stored: the messages are sent again.
      .catch((error: unknown) => observer?.failed?.(error, 0))
      .finally(() => {
        this.inFlight.delete(id);
        this.wake();
      });
    this.inFlight.set(id, done);
  }

  private deliveryDependencies(): DeliveryDependencies {
    const { database, endpoints, clock, attempts = ATTEMPT_SCHEDULE, random = Math.random } = this.dependencies;
    const now = () => clock.now();
    return {
      ...{ database, leaseOwner: this.leaseOwner, attempts, random, now },
      secretsOf: (endpoint) => endpoints.secretsOf(endpoint),
      stopping: () => this.isStopping || this.isPaused,
      send: ({ url }, message, secrets) =>
        this.webhookClient.send({
          ...{ url, now, body: message.body, timeoutMs: attempts.timeoutMs, abort: this.aborting.signal },
          headers: {
            ...(JSON.parse(message.headers) as Record<string, string>),
            ...signatureHeaders({ id: message.message_id, body: message.body ?? '' }, secrets, now()),
          },
        }),
    };
  }
}
