import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { formatInstant, STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { EraseCustomer, EraseCustomerHandler } from '#privacy';
import {
  Ingestion,
  IngestTouchpoints,
  IngestTouchpointsHandler,
  PublishPolicy,
  PublishPolicyHandler,
} from '#ingestion';
import type { Policy } from '#lifecycle';
import { openSqliteKeyStore, Sealer } from '#keys';
import { LOCAL_PRINCIPAL, type Channels, type OutgoingMessage } from '#platform';
import { Projector } from '#projections';
import { liveSchema } from '#projections/schema';
import { type Database } from '#database';
import { memoryLog, ONE_IS_ENOUGH } from '#testing';
import type { Relay } from '../relay/relay.js';

export const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);

/** A message as a channel reads it, as far as these stories need it. */
export interface Read {
  readonly topic: string;
  readonly key: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The message has no value: in a compacted topic it deletes the key. */
  readonly gone: boolean;
}

export const readOf = ({ topic, key, value, headers }: OutgoingMessage): Read => ({
  ...{ topic, key: String(key), id: String(headers['ce_id']) },
  data: value === null ? {} : (JSON.parse(String(value)) as Record<string, unknown>),
  gone: value === null,
});

/** Channels that record what is sent. For the next `failures` batches it records half of the batch, and then fails. */
export class Recording implements Pick<Channels, 'producer' | 'ensureTopics'> {
  readonly sent: Read[] = [];
  failures = 0;

  producer() {
    return {
      send: async (messages: readonly OutgoingMessage[]) => {
        await sleep(1);
        const fails = this.failures > 0;
        if (fails) this.failures -= 1;
        this.sent.push(...messages.slice(0, fails ? Math.ceil(messages.length / 2) : messages.length).map(readOf));
        if (fails) throw new Error('the answer was lost');
      },
      close: () => Promise.resolve(),
    };
  }

  ensureTopics(): Promise<void> {
    return Promise.resolve();
  }
}

/** An engine whose customers visit, log in, buy, and buy in the past. */
export class World {
  private readonly ingestion: Ingestion;
  private count = 0;
  private lived = 0;

  private constructor(
    readonly database: Database,
    readonly log: EventLog,
    public projector: Projector,
    private readonly keys: ReturnType<typeof openSqliteKeyStore>,
    private readonly time: { at: number },
  ) {
    this.ingestion = new Ingestion({ log, sealer: new Sealer(keys) });
  }

  static async open(database: Database): Promise<World> {
    const time = { at: START + 300 * DAY };
    const clock = { now: () => time.at };
    const log = memoryLog({ clock });
    const projector = await Projector.open({ database, log, clock });
    return new World(database, log, projector, openSqliteKeyStore({ file: ':memory:' }), time);
  }

  private readonly clock = { now: () => this.now };

  get now(): number {
    return this.time.at;
  }

  async happens(at: number, type: string, who: Record<string, string>, data: object = {}): Promise<void> {
    const id = `e-${(this.count += 1)}`;
    const identifiers = Object.entries(who).map(([namespace, value]) => ({ namespace, value }));
    const document = { id, source: 'shop', type, channel: 'web', time: new Date(at).toISOString(), identifiers, data };
    const { exceptions } = await new IngestTouchpointsHandler(this.ingestion).execute(
      new IngestTouchpoints([{ document }], this.now),
    );
    // Events of an erased customer are suppressed.
    expect(exceptions.filter(({ outcome }) => outcome !== 'suppressed')).toEqual([]);
  }

  orders(at: number, who: Record<string, string>): Promise<void> {
    return this.happens(at, 'order-placed', who, { orderId: `o-${this.count}`, currency: 'EUR', totalMinor: 1_000 });
  }

  /** Customers visit anonymously, buy, log in, and some events arrive late. */
  async lives(customers: number): Promise<void> {
    const first = this.lived;
    this.lived += customers;
    for (let n = first; n < first + customers; n += 1) {
      const [user, browser] = [{ userId: `u${n}` }, { anonymousId: `b${n}` }];
      await this.happens(this.now - 50 * DAY, 'site-visited', browser);
      await this.orders(this.now - 40 * DAY, user);
      await this.projector.catchUp();
      // The visitor turns out to be the buyer, who had bought before.
      if (n % 2 === 0) await this.happens(this.now - 30 * DAY, 'site-visited', { ...user, ...browser });
      if (n % 3 === 0) await this.orders(this.now - 45 * DAY, user);
      this.time.at += 60_000;
    }
    await this.projector.catchUp();
    this.time.at += 200 * DAY;
    await this.projector.catchUp();
  }

  /** The engine's own state: the beginning and the end of each stage period. */
  async believed(): Promise<string[]> {
    const live = await liveSchema(this.database);
    const stagePeriods = await this.database.query<Record<string, string | number | null>>(
      `SELECT * FROM ${live}.stage_periods`,
    );
    const fact = (period: (typeof stagePeriods)[number], kind: string, at: unknown) =>
      `${period['customer_id']} ${kind} ${period['cycle']} ${period['stage']}/${period['phase']} ${formatInstant(Number(at))}`;
    return stagePeriods
      .flatMap((period) => [
        fact(period, 'entered', period['entered_at']),
        ...(period['left_at'] === null ? [] : [fact(period, 'left', period['left_at'])]),
      ])
      .sort();
  }

  /** Appends an event to the customer's stream that no fold can read. */
  async confuses(customerId: string): Promise<void> {
    const [last] = (await this.log.readStreams([STREAMS.subject(customerId)], { upTo: Infinity })).slice(-1);
    if (last === undefined) throw new Error('The customer has no events.');
    const { source, meta, data } = last;
    const event = {
      source,
      meta,
      data,
      id: `broken-${this.count}`,
      type: 'case-resolved',
      schemaVersion: 99,
      occurredAt: this.now,
    };
    const item = { stream: last.stream, event: { ...event, contentHash: Buffer.alloc(16, this.count) } };
    expect(await this.log.appendMany([item])).toMatchObject([{ status: 'accepted' }]);
    await this.projector.catchUp();
  }

  /** Time passes without events. */
  async waits(ms: number): Promise<void> {
    this.time.at += ms;
    await this.projector.catchUp();
  }

  /** The projector stops and starts again. */
  async restarts(): Promise<void> {
    await this.projector.stop();
    const { database, log } = this;
    this.projector = await Projector.open({ database, log, clock: { now: () => this.now } });
    await this.projector.catchUp();
  }

  async erases(who: Record<string, string>): Promise<void> {
    const identifiers = Object.entries(who).map(([namespace, value]) => ({ namespace, value }));
    const { log, keys } = this;
    const { identities, sealer } = this.ingestion;
    const { database } = this;
    const stores = { log, keys, identities, sealer, database, clock: this.clock };
    const handler = new EraseCustomerHandler({ ...stores, approvals: ONE_IS_ENOUGH });
    const verdict = await handler.execute(new EraseCustomer({ identifiers, customerId: null }, LOCAL_PRINCIPAL));
    expect(verdict.outcome).toBe('erased');
    await this.projector.catchUp();
  }

  /** As `erases`, for a customer who may be unknown or erased already. */
  async forgets(who: Record<string, string>): Promise<void> {
    await this.projector.catchUp();
    await this.erases(who).catch(() => undefined);
  }

  async publishes(policy: Policy): Promise<void> {
    const handler = new PublishPolicyHandler(this.log, this.clock, ONE_IS_ENOUGH);
    expect(await handler.execute(new PublishPolicy(policy))).toMatchObject({ ok: true });
    await this.projector.catchUp();
  }

  customerOf(namespace: string, value: string): string {
    return this.ingestion.identities.of(namespace, value).subjectId;
  }

  async close(): Promise<void> {
    await this.projector.stop();
    await this.log.close();
    await this.keys.close();
  }
}

/** Dispatches until nothing is pending. */
export async function drainAll(relay: Relay): Promise<void> {
  for (let failed = 0; failed < 20;) {
    const published = await relay.dispatch().catch(() => -1);
    if (published === 0) return;
    if (published === -1) failed += 1;
  }
  throw new Error('The outbox never became empty.');
}
