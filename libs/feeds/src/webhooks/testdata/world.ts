import type { EventLog } from '#event-log';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler } from '#ingestion';
import { openSqliteKeyStore, Sealer } from '#keys';
import { Projector } from '#projections';
import { type Database } from '#database';
import { memoryLog } from '#testing';
import { WebhookDispatcher, type DispatcherDependencies } from '../dispatcher.js';
import { Endpoints } from '../endpoints.js';
import { EgressPolicy } from '../egress-policy.js';
import type { AttemptSchedule } from '../attempts.js';

const DAY = 86_400_000;
const SECOND = 1_000;

export const QUICK: AttemptSchedule = {
  ...{ rejected: 3, failing: 4, firstWaitMs: 5 * SECOND, longestWaitMs: 60 * SECOND },
  ...{ givenUpAfterMs: 5 * DAY, timeoutMs: 1_000 },
};

/** An engine with a clock that the spec moves, and customers that act when the spec says so. */
export class World {
  readonly sealer: Sealer;
  readonly endpoints: Endpoints;
  readonly clock = { now: () => this.time.at };
  private readonly ingestion: Ingestion;
  private readonly dispatchers: WebhookDispatcher[] = [];
  private count = 0;

  private constructor(
    readonly database: Database,
    readonly log: EventLog,
    readonly projector: Projector,
    readonly keys: ReturnType<typeof openSqliteKeyStore>,
    readonly time: { at: number },
  ) {
    this.sealer = new Sealer(keys);
    this.ingestion = new Ingestion({ log, sealer: this.sealer });
    this.endpoints = new Endpoints(database, this.sealer, this.clock);
  }

  static async open(database: Database): Promise<World> {
    const time = { at: Date.UTC(2026, 0, 1) + 300 * DAY };
    const clock = { now: () => time.at };
    const log = memoryLog({ clock });
    const projector = await Projector.open({ database, log, clock });
    return new World(database, log, projector, openSqliteKeyStore({ file: ':memory:' }), time);
  }

  dispatcher(more: Partial<DispatcherDependencies> = {}): WebhookDispatcher {
    const dispatcher = new WebhookDispatcher({
      ...{
        database: this.database,
        endpoints: this.endpoints,
        clock: this.clock,
        egressPolicy: new EgressPolicy(['loopback']),
      },
      ...{ attempts: QUICK, random: () => 1 },
      ...more,
    });
    this.dispatchers.push(dispatcher);
    return dispatcher;
  }

  /** Customers visit, and buy a minute later. */
  async lives(...names: readonly string[]): Promise<void> {
    for (const userId of names) {
      await this.happens('site-visited', { userId });
      this.time.at += 60 * SECOND;
      await this.happens(
        'order-placed',
        { userId },
        { orderId: `o-${this.count}`, currency: 'EUR', totalMinor: 1_000 },
      );
      this.time.at += SECOND;
    }
  }

  /** Publishes a touchpoint now, and folds it. */
  async happens(type: string, who: Readonly<Record<string, string>>, data: object = {}): Promise<void> {
    const id = `e-${(this.count += 1)}`;
    const document = {
      ...{ id, source: 'shop', type, channel: 'web', time: new Date(this.time.at).toISOString(), data },
      identifiers: Object.entries(who).map(([namespace, value]) => ({ namespace, value })),
    };
    const { exceptions } = await new IngestTouchpointsHandler(this.ingestion).execute(
      new IngestTouchpoints([{ document }], this.time.at),
    );
    if (exceptions.length > 0) throw new Error(JSON.stringify(exceptions));
    await this.projector.catchUp();
  }

  async close(): Promise<void> {
    for (const dispatcher of this.dispatchers) await dispatcher.stop();
    await this.projector.stop();
    await this.log.close();
    await this.keys.close();
  }
}

/** Polls until nothing is left to do at this instant. */
export async function drainAll(dispatcher: WebhookDispatcher, database: Database): Promise<void> {
  for (let rounds = 0; rounds < 200; rounds += 1) {
    await dispatcher.poll();
    await dispatcher.settled();
    const [left] = await database.query<{ pending: number; due: number }>(
      `SELECT (SELECT count(*)::int FROM perennial_webhooks.pending) + (SELECT count(*)::int FROM perennial_webhooks.replays) AS pending,
              (SELECT count(*)::int FROM perennial_webhooks.deliveries d JOIN perennial_webhooks.endpoints e USING (endpoint_id)
                WHERE d.dead_at IS NULL AND e.status = 'active' AND e.next_attempt_at IS NULL) AS due`,
    );
    if (left?.pending === 0 && left.due === 0) return;
  }
  throw new Error('The deliveries never came to an end.');
}
