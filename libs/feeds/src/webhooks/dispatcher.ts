import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#platform';
import type { Database } from '#database';
import { enqueueDeliveries } from './fan-out.js';
import { deliver, acquireLease, type Delivered, type DeliveryDependencies } from './delivering.js';
import type { EndpointRow, Endpoints } from './endpoints.js';
import { WebhookClient } from './webhook-client.js';
import type { EgressPolicy } from './egress-policy.js';
import { addressReplays, beginReplay, type Begun } from './replaying.js';
import type { WaitingBounds } from './bounds.js';
import { signed } from './signature.js';
import { listen, prepareTables } from './tables.js';
import { ATTEMPT_SCHEDULE, type AttemptSchedule } from './attempts.js';

/** While there are endpoints; and while there are none. */
const IDLE_MS = 150;
const RESTING_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** Endpoints that are sent to at one time. */
const AT_ONCE = 32;
/** Where nobody says otherwise. */
const BOUNDS: WaitingBounds = { messagesMax: 100_000, ageMsMax: 7 * 86_400_000 };
/** A message that is under way when we are asked to stop has so long to be answered. */
const GRACE_MS = 5_000;

export interface DispatcherObserver {
  delivered?(endpoint: string, outcome: Delivered): void;
  failed?(error: unknown, waitMs: number): void;
}

export interface DispatcherDependencies {
  readonly database: Database;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly reach: EgressPolicy;
  readonly attempts?: AttemptSchedule;
  readonly bounds?: WaitingBounds;
  readonly random?: () => number;
  readonly watch?: DispatcherObserver;
}

/**
 * Carries what was said to the endpoints that were registered, as long as it runs: to each in its order, at least once, and to none later because of
 * another. Any number may run against one database.
 */
export class WebhookDispatcher {
  /** Why nothing is carried at present; null while all is well. */
  failure: string | null = null;
  private readonly leaseOwner = randomUUID();
  private readonly webhookClient: WebhookClient;
  private readonly stopping = new AbortController();
  private readonly cutting = new AbortController();
  private readonly under = new Map<string, Promise<void>>();
  private prepared: Promise<void> | null = null;
  private listening = false;
  private running: Promise<void> | null = null;
  private woken = new AbortController();

  constructor(private readonly parts: DispatcherDependencies) {
    this.webhookClient = new WebhookClient(parts.reach);
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Looks at once, instead of a moment later. */
  wake(): void {
    this.woken.abort();
  }

  /** Makes the tables where they are not there; whoever uses them waits for it. */
  async ready(): Promise<void> {
    this.prepared ??= this.prepare();
    try {
      await this.prepared;
    } catch (error) {
      this.prepared = null;
      throw error;
    }
  }

  /** Has an endpoint told again what was said and rests on the log from a position on: what it missed, where none is given. */
  async replay(endpointId: string, fromPosition: number | null): Promise<Begun> {
    await this.ready();
    const begun = await beginReplay(this.parts.database, endpointId, fromPosition, this.parts.clock.now());
    this.wake();
    return begun;
  }

  /** Ends what is being sent, and stops. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    const cut = setTimeout(() => this.cutting.abort(), GRACE_MS);
    await this.running;
    await Promise.all(this.under.values());
    clearTimeout(cut);
    this.webhookClient.close();
  }

  /** Addresses what was said and begins to deliver what is due. Gives for how long nothing else is to do, in milliseconds. */
  async turn(): Promise<number> {
    const { database, clock } = this.parts;
    await this.ready();
    if (!this.listening) this.listening = await listen(database);
    if (!this.listening) return RESTING_MS;
    const now = () => clock.now();
    const [seen] = await database.query<{ endpoints: boolean; waiting: boolean; replays: boolean; due: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM perennial_webhooks.endpoints) AS endpoints,
              EXISTS (SELECT 1 FROM perennial_webhooks.waiting) AS waiting,
              EXISTS (SELECT 1 FROM perennial_webhooks.replays) AS replays,
              EXISTS (SELECT 1 FROM perennial_webhooks.endpoints e
                       WHERE status = 'active' AND (next_try_at IS NULL OR next_try_at <= $1)
                         AND EXISTS (SELECT 1 FROM perennial_webhooks.deliveries d
                                      WHERE d.endpoint_id = e.endpoint_id AND d.dead_at IS NULL)) AS due`,
      [new Date(now()).toISOString()],
    );
    const bounds = this.parts.bounds ?? BOUNDS;
    let addressed = seen?.waiting === true ? await enqueueDeliveries(database, now, bounds) : 0;
    if (seen?.replays === true) addressed += await addressReplays(database, now);
    const room = AT_ONCE - this.under.size;
    if ((seen?.due === true || addressed > 0) && room > 0)
      for (const endpoint of await acquireLease(
        { database, leaseOwner: this.leaseOwner, now },
        [...this.under.keys()],
        room,
      ))
        this.begin(endpoint);
    if (addressed > 0) return 0;
    return seen?.endpoints === true ? IDLE_MS : RESTING_MS;
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    while (this.under.size > 0) await Promise.all(this.under.values());
  }

  private async prepare(): Promise<void> {
    const { database } = this.parts;
    await prepareTables(database);
    // Where the database is this process's own, whoever held an endpoint before is dead.
    if (database.kind === 'pglite')
      await database.query('UPDATE perennial_webhooks.endpoints SET holder = NULL, held_until = NULL');
  }

  private begin(endpoint: EndpointRow): void {
    const { watch } = this.parts;
    const id = endpoint.endpoint_id;
    const delivering = this.delivering();
    const done = deliver(delivering, endpoint)
      .then((outcome) => watch?.delivered?.(id, outcome))
      // It could not be written down how it went: it is sent again.
      .catch((error: unknown) => watch?.failed?.(error, 0))
      .finally(() => {
        this.under.delete(id);
        this.wake();
      });
    this.under.set(id, done);
  }

  private delivering(): DeliveryDependencies {
    const { database, endpoints, clock, attempts = ATTEMPT_SCHEDULE, random = Math.random } = this.parts;
    const now = () => clock.now();
    return {
      ...{ database, leaseOwner: this.leaseOwner, attempts, random, now },
      secretsOf: (endpoint) => endpoints.secretsOf(endpoint),
      stopping: () => this.stopping.signal.aborted,
      send: ({ url }, message, secrets) =>
        this.webhookClient.send({
          ...{ url, now, body: message.body, timeoutMs: attempts.timeoutMs, stop: this.cutting.signal },
          headers: {
            ...(JSON.parse(message.headers) as Record<string, string>),
            ...signed({ id: message.message_id, body: message.body ?? '' }, secrets, now()),
          },
        }),
    };
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let waitMs = 500;
    while (!signal.aborted) {
      let idleMs: number;
      try {
        idleMs = await this.turn();
        this.failure = null;
        waitMs = 500;
      } catch (error) {
        this.failure = error instanceof Error ? error.message : String(error);
        this.parts.watch?.failed?.(error, waitMs);
        idleMs = waitMs;
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      }
      if (idleMs > 0) await sleep(idleMs, undefined, { signal: this.woken.signal }).catch(() => undefined);
      if (this.woken.signal.aborted) this.woken = new AbortController();
    }
  }
}
