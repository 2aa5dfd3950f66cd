import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { formatInstant } from '#contracts';
import type { EventLog } from '#event-log';
import { Intake } from '#intake';
import { KafkaChannels, openSqliteKeyStore, Sealer, type Channels, type OutgoingMessage } from '#platform';
import { openDatabase, Projector, type Database } from '#projections';
import { memoryLog } from '#testing';
import { KAFKA_OFFER, type TestKafka } from '../../../test/services/kafka.js';
import { POSTGRES_OFFERS } from '../../../test/services/postgres.js';
import { Feeder } from './carrying/feeder.js';
import type { Feed } from './feed.js';
import { OUTPUTS } from './outputs.js';
import { replayFeed } from './replaying/replay.js';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);

/** What a channel read, as far as these stories need it. */
interface Read {
  readonly topic: string;
  readonly key: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const readOf = ({ topic, key, value, headers }: OutgoingMessage): Read => ({
  ...{ topic, key: String(key), id: String(headers['ce_id']) },
  data: JSON.parse(String(value)) as Record<string, unknown>,
});

/** Keeps what it is given to send; fails when it is told to, after it sent some. */
class Recording implements Pick<Channels, 'producer' | 'ensureTopics'> {
  readonly sent: Read[] = [];
  failures = 0;

  producer() {
    return {
      send: async (messages: readonly OutgoingMessage[]) => {
        await sleep(1);
        const fails = this.failures > 0;
        if (fails) this.failures -= 1;
        this.sent.push(...messages.slice(0, fails ? Math.ceil(messages.length / 2) : messages.length).map(readOf));
        if (fails) throw new Error('the answer got lost');
      },
      close: () => Promise.resolve(),
    };
  }

  ensureTopics(): Promise<void> {
    return Promise.resolve();
  }
}

/** An engine whose customers visit, log in, buy, and buy in the past. */
class World {
  private readonly intake: Intake;
  private count = 0;
  private lived = 0;

  private constructor(
    readonly database: Database,
    readonly log: EventLog,
    readonly projector: Projector,
    private readonly keys: ReturnType<typeof openSqliteKeyStore>,
    private readonly time: { at: number },
  ) {
    this.intake = new Intake({ log, sealer: new Sealer(keys) });
  }

  static async open(database: Database): Promise<World> {
    const time = { at: START + 300 * DAY };
    const clock = { now: () => time.at };
    const log = memoryLog({ clock });
    const projector = await Projector.open({ database, log, clock });
    return new World(database, log, projector, openSqliteKeyStore({ file: ':memory:' }), time);
  }

  get now(): number {
    return this.time.at;
  }

  async happens(at: number, type: string, who: Record<string, string>, data: object = {}): Promise<void> {
    const id = `e-${(this.count += 1)}`;
    const identifiers = Object.entries(who).map(([namespace, value]) => ({ namespace, value }));
    const document = { id, source: 'shop', type, channel: 'web', time: new Date(at).toISOString(), identifiers, data };
    const { exceptions } = await this.intake.take([{ document }], { receivedAt: this.now });
    expect(exceptions).toEqual([]);
  }

  orders(at: number, who: Record<string, string>): Promise<void> {
    return this.happens(at, 'order-placed', who, { orderId: `o-${this.count}`, currency: 'EUR', totalMinor: 1_000 });
  }

  /** Customers come as somebody unknown, buy, log in, and some of it becomes known late. */
  async lives(customers: number): Promise<void> {
    const first = this.lived;
    this.lived += customers;
    for (let n = first; n < first + customers; n += 1) {
      const [user, browser] = [{ userId: `u${n}` }, { anonymousId: `b${n}` }];
      await this.happens(this.now - 50 * DAY, 'site-visited', browser);
      await this.orders(this.now - 40 * DAY, user);
      await this.projector.catchUp();
      // Who visited turns out to be who bought; and she had bought before.
      if (n % 2 === 0) await this.happens(this.now - 30 * DAY, 'site-visited', { ...user, ...browser });
      if (n % 3 === 0) await this.orders(this.now - 45 * DAY, user);
      this.time.at += 60_000;
    }
    await this.projector.catchUp();
    this.time.at += 200 * DAY;
    await this.projector.catchUp();
  }

  /** What the engine believes: that visits began, and that they ended. */
  async believed(): Promise<string[]> {
    const [live] = await this.database.query<{ name: string }>(
      `SELECT schema_name AS name FROM perennial.versions WHERE status = 'live'`,
    );
    const visits = await this.database.query<Record<string, string | number | null>>(
      `SELECT * FROM ${live?.name}.visits`,
    );
    const fact = (visit: (typeof visits)[number], kind: string, at: unknown) =>
      `${visit['customer_id']} ${kind} ${visit['cycle']} ${visit['stage']}/${visit['phase']} ${formatInstant(Number(at))}`;
    return visits
      .flatMap((visit) => [
        fact(visit, 'entered', visit['entered_at']),
        ...(visit['left_at'] === null ? [] : [fact(visit, 'left', visit['left_at'])]),
      ])
      .sort();
  }

  async close(): Promise<void> {
    await this.projector.stop();
    await this.log.close();
    await this.keys.close();
  }
}

/** What a channel believes that adds up what was entered and left, and takes back what was retracted; a name twice is once. */
function addedUp(messages: readonly Read[]): string[] {
  const stands = new Map<string, string>();
  const seen = new Set<string>();
  for (const { topic, id, data } of messages) {
    if (!topic.startsWith('perennial.stage-changes') || seen.has(id)) continue;
    seen.add(id);
    const { customerId, publication, kind, retracts, cycle, stage, phase, at } = data as Record<string, string>;
    if (kind === 'retracted') expect(stands.delete(`${customerId} ${retracts}`)).toBe(true);
    else stands.set(`${customerId} ${publication}`, `${customerId} ${kind} ${cycle} ${stage}/${phase} ${at}`);
  }
  return [...stands.values()].sort();
}

/** Each customer's publications as they first came: 1, 2, 3, … */
function expectOrder(messages: readonly Read[]): void {
  const last = new Map<string, number>();
  for (const { topic, key, data } of messages) {
    if (!topic.startsWith('perennial.stage-changes')) continue;
    const publication = data['publication'] as number;
    const before = last.get(key) ?? 0;
    // What comes again is one that was there; what is new is the next.
    expect(publication).toBeLessThanOrEqual(before + 1);
    last.set(key, Math.max(before, publication));
  }
}

async function carryAll(feeder: Feeder): Promise<void> {
  for (let failed = 0; failed < 20;) {
    const told = await feeder.carry().catch(() => -1);
    if (told === 0) return;
    if (told === -1) failed += 1;
  }
  throw new Error('It never came to its end.');
}

const stores: {
  readonly name: string;
  readonly missing: string | null;
  open(): Promise<Database>;
  stop(): Promise<void>;
}[] = [
  {
    name: 'PGlite',
    missing: null,
    open: () => openDatabase({ kind: 'pglite', folder: null }),
    stop: () => Promise.resolve(),
  },
  ...POSTGRES_OFFERS.slice(0, 1).map(({ name, missing, start }) => {
    let server: Awaited<ReturnType<typeof start>> | null = null;
    return {
      ...{ name, missing },
      open: async () => {
        server = await start();
        return openDatabase({ kind: 'postgres' as const, url: server.url });
      },
      stop: async () => server?.stop(),
    };
  }),
];

for (const { name, missing, open, stop } of stores) {
  const title = `feeds from ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    let world: World;
    const clock = { now: () => world.now };
    const recording = new Recording();
    const feeder = () => new Feeder({ database, channels: recording as unknown as Channels, clock });

    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
    });
    afterAll(async () => {
      await world?.close();
      await database?.close();
      await stop();
    });

    it('tell each customer’s changes in their order, and who adds them up has the engine’s state', async () => {
      await world.lives(12);
      recording.failures = 2;
      await carryAll(feeder());
      expectOrder(recording.sent);
      expect(addedUp(recording.sent)).toEqual(await world.believed());
      expect(recording.sent.some(({ data }) => data['kind'] === 'retracted')).toBe(true);
    });

    it('name the merged once, and to whom they belong', () => {
      const merged = recording.sent.filter(({ topic }) => topic === 'perennial.identity');
      const ids = new Set(merged.map(({ id }) => id));
      expect(ids.size).toBe(6);
      for (const { key, data } of merged) {
        expect(data).toMatchObject({ customerId: key, kind: 'merged' });
        expect(data['into']).not.toBe(key);
      }
    });

    it('give causes to what was entered, and the reason to what was retracted', () => {
      const changes = recording.sent.filter(({ topic }) => topic === 'perennial.stage-changes');
      const retracted = new Set(changes.map(({ key, data }) => `${key} ${String(data['retracts'])}`));
      for (const { key, data } of changes) {
        if (data['kind'] === 'retracted') expect(data['reason']).toEqual(expect.any(String));
        else if (!retracted.has(`${key} ${String(data['publication'])}`))
          expect(data['cause']).toEqual(expect.any(Object));
      }
    });

    it('say what they said again under the same names, and leave the outbox as it is', async () => {
      const again = new Recording();
      const feed = OUTPUTS[0] as Feed;
      await world.orders(world.now, { userId: 'u1' });
      await world.projector.catchUp();
      const waiting = async () => database.query(`SELECT * FROM perennial.outbox WHERE sent_at IS NULL`);
      const before = await waiting();
      expect(before.length).toBeGreaterThan(0);
      const { topic, messages } = await replayFeed(database, again as unknown as Channels, feed, { name: 'x' });
      expect(await waiting()).toEqual(before);
      expect(topic).toBe('perennial.stage-changes.replay-x');
      await carryAll(feeder());
      const live = recording.sent.filter((each) => each.topic === 'perennial.stage-changes');
      expect(messages).toBe(again.sent.length);
      expect(new Set(again.sent.map(({ id }) => id))).toEqual(new Set(live.map(({ id }) => id)));
      expect(addedUp(again.sent)).toEqual(addedUp(live));
      const some = await replayFeed(database, again as unknown as Channels, feed, { name: 'y', fromPosition: 10 });
      expect(some.messages).toBeGreaterThan(0);
      expect(some.messages).toBeLessThan(messages);
    });

    it('keep the order and leave nothing out with several carriers, some of which fail', async () => {
      await world.lives(10);
      recording.failures = 5;
      await Promise.all(Array.from({ length: name === 'PGlite' ? 1 : 4 }, () => carryAll(feeder())));
      expectOrder(recording.sent);
      expect(addedUp(recording.sent)).toEqual(await world.believed());
    });

    it('say nothing while the read models are rebuilt, and nothing after where nothing changed', async () => {
      const before = recording.sent.length;
      await world.projector.rebuild();
      await carryAll(feeder());
      expect(recording.sent.slice(before)).toEqual([]);
    });
  });
}

const title = KAFKA_OFFER.missing === null ? 'feeds on Kafka' : `feeds on Kafka (skipped: ${KAFKA_OFFER.missing})`;
(KAFKA_OFFER.missing === null ? describe : describe.skip)(title, () => {
  let kafka: TestKafka;
  let database: Database;
  let world: World;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    kafka = await KAFKA_OFFER.start();
    database = await openDatabase({ kind: 'pglite', folder: null });
    world = await World.open(database);
  });
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });
  afterAll(async () => {
    await world?.close();
    await database?.close();
    await kafka?.stop();
  });

  it('reach a channel in the order of each customer, through a restart of the broker', async () => {
    const silent = { warn: () => undefined, debug: () => undefined };
    const channels = new KafkaChannels({ brokers: kafka.brokers, tls: null, sasl: null }, silent);
    const run = randomUUID();
    // Topics of this run's own: the broker may be one that others use.
    const outputs = OUTPUTS.map((feed) => ({ ...feed, name: `${feed.name}.${run}` }));
    const feeder = new Feeder({ database, channels, clock: { now: () => world.now }, outputs });
    feeder.start();
    stops.push(() => feeder.stop());
    const read: Read[] = [];
    const consumer = channels.consumer({
      ...{ group: run, lookForTopicsMs: 500, takes: (topic) => topic.endsWith(run) },
      take: ({ topic, messages }) => {
        for (const { key, value, headers } of messages)
          read.push(readOf({ topic, key, value, headers: headers as OutgoingMessage['headers'] }));
        return Promise.resolve();
      },
    });
    stops.push(() => consumer.close());
    await world.lives(5);
    if (kafka.outage !== null) {
      await kafka.outage.halt('crash');
      await world.lives(5);
      await kafka.outage.restart();
    }
    await world.lives(5);
    const believed = await world.believed();
    while (addedUp(read).join('\n') !== believed.join('\n')) await sleep(100);
    expectOrder(read);
  }, 300_000);
});
