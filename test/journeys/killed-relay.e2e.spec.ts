import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel, type Consumer } from 'kafkajs';
import { openDatabase, type Database } from '#database';
import { startEngine, type Engine } from '../engine.js';
import { anyEventStore, type EventStoreServer } from '../services/eventstore/server.js';
import { KAFKA_OFFER, type TestKafka } from '../services/kafka.js';
import { anyPostgres, type TestPostgres } from '../services/postgres.js';
import { startApp, until, type RunningApp } from './processes.js';

jest.setTimeout(600_000);

const offer = anyPostgres();
const missing = KAFKA_OFFER.missing ?? offer.missing;
const CUSTOMERS = 240;
const AT_ONCE = 8;
const HOUR = 3_600_000;
const TOPICS = ['perennial.stage-changes', 'perennial.identity', 'perennial.customers', 'perennial.actions'] as const;

interface Message {
  readonly topic: string;
  readonly key: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** A channel that consumes the feeds: it skips duplicates, applies and retracts stage changes, and keeps the newest profile. */
class Channel {
  readonly seen = new Set<string>();
  readonly stages = new Map<string, string>();
  readonly profiles = new Map<string, string>();
  readonly actions = new Set<string>();
  private readonly last = new Map<string, number>();
  /** Messages that came out of order, or retracted what was never published. */
  readonly wrong: Message[] = [];
  duplicates = 0;

  receive(message: Message): void {
    const { topic, key, id, data } = message;
    const name = `${topic} ${id}`;
    if (this.seen.has(name)) {
      this.duplicates += 1;
      return;
    }
    this.seen.add(name);
    if (topic === 'perennial.customers') {
      if (data === null) this.profiles.delete(key);
      else this.profiles.set(key, `${data['stage']}/${data['phase']} ${data['touchpoints']} ${data['orders']}`);
      return;
    }
    if (data === null || topic === 'perennial.identity') return;
    const number = Number(data['publication'] ?? data['number']);
    const order = `${topic} ${key}`;
    if (number !== (this.last.get(order) ?? 0) + 1) this.wrong.push(message);
    this.last.set(order, number);
    if (topic === 'perennial.actions') {
      if (data['kind'] === 'proposed') this.actions.add(String(data['actionId']));
      else if (!this.actions.delete(String(data['actionId']))) this.wrong.push(message);
    } else if (data['kind'] === 'retracted') {
      if (!this.stages.delete(`${key} ${data['retracts'] as number}`)) this.wrong.push(message);
    } else
      this.stages.set(
        `${key} ${number}`,
        `${key} ${data['kind'] as string} ${data['phase'] as string} ${data['at'] as string}`,
      );
  }
}

const title = `feeds whose relay is killed${missing === null ? '' : ` (skipped: ${missing})`}`;
(missing === null ? describe : describe.skip)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-killed-relay-'));
  const channel = new Channel();
  let kafka: TestKafka;
  let postgres: TestPostgres;
  let eventStore: EventStoreServer;
  let engine: Engine;
  let relay: RunningApp;
  let database: Database;
  let consumer: Consumer;
  let relayEnv: Record<string, string>;
  let kills = 0;

  beforeAll(async () => {
    [kafka, postgres, eventStore] = await Promise.all([KAFKA_OFFER.start(), offer.start(), anyEventStore().start()]);
    const env = {
      ...{ EVENT_LOG: eventStore.connectionString, POSTGRES_URL: postgres.url, KEYS_URL: postgres.url },
      HASH_KEY: randomBytes(32).toString('hex'),
    };
    engine = await startEngine(folder, env);
    const brokers = kafka.brokers.join(',');
    relayEnv = { ...env, KAFKA_BROKERS: brokers, RELAY_PORT: '0' };
    relay = await startApp('relay', relayEnv);
    database = await openDatabase({ kind: 'postgres', url: postgres.url });
  });
  afterAll(async () => {
    await consumer?.disconnect();
    await relay?.kill();
    await engine?.kill();
    await database?.close();
    await Promise.all([kafka?.stop(), postgres?.stop(), eventStore?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  let count = 0;
  const happened = (ago: number, type: string, who: Record<string, string>, data: object = {}) => ({
    ...{ id: `e-${(count += 1)}`, source: 'shop', type, channel: 'web', data },
    time: new Date(Date.now() - ago).toISOString(),
    identifiers: Object.entries(who).map(([namespace, value]) => ({ namespace, value })),
  });
  const ordered = (ago: number, who: Record<string, string>) =>
    happened(ago, 'order-placed', who, { orderId: `o-${count}`, currency: 'EUR', totalMinor: 1_000 });
  const publish = async (events: readonly object[]): Promise<void> => {
    const { body } = await engine.request('POST', '/v1/touchpoints', events);
    expect(body).toMatchObject({ accepted: events.length });
  };
  const caughtUp = (): Promise<unknown> =>
    until(
      () => engine.request('GET', '/v1/projections/status'),
      ({ status, body }) => status === 200 && body.lag === 0 && body.dirty === 0,
    );

  /** Customers browse, give consent, buy, log in and withdraw consent; some of it arrives late. */
  const live = async (first: number): Promise<void> => {
    const numbers = Array.from({ length: AT_ONCE }, (_, i) => first + i);
    const marketing = { purpose: 'marketing', medium: 'email' };
    const [user, browser] = [(n: number) => ({ userId: `u${n}` }), (n: number) => ({ anonymousId: `b${n}` })];
    await publish(numbers.map((n) => happened(3 * HOUR, 'site-visited', browser(n))));
    await publish(
      numbers.filter((n) => n % 2 === 0).map((n) => happened(2 * HOUR, 'consent-given', browser(n), marketing)),
    );
    await publish(numbers.map((n) => ordered(HOUR, user(n))));
    await caughtUp();
    await publish([
      ...numbers.filter((n) => n % 3 !== 0).map((n) => happened(0, 'site-visited', { ...user(n), ...browser(n) })),
      ...numbers.filter((n) => n % 5 === 0).map((n) => ordered(40 * 24 * HOUR, user(n))),
      ...numbers.filter((n) => n % 4 === 0).map((n) => happened(0, 'consent-withdrawn', browser(n), marketing)),
    ]);
  };

  const rows = async (sql: string): Promise<string[]> => {
    const [version] = await database.query<{ live: string }>(
      `SELECT schema_name AS live FROM perennial.versions WHERE status = 'live'`,
    );
    const found = await database.query<{ line: string }>(sql.replaceAll('LIVE', version?.live ?? ''));
    return found.map(({ line }) => line).sort();
  };
  const instant = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  const asPublished = (at: string) => at.replace('.000Z', 'Z');

  it('are published while customers are active and the broker fails and recovers', async () => {
    let isActive = true;
    const killing = (async () => {
      while (isActive) {
        await sleep(200 + 150 * (kills % 5));
        await relay.kill();
        kills += 1;
        if (kills === 3 && kafka.outage !== null) {
          await kafka.outage.halt('crash');
          await sleep(1_000);
          await kafka.outage.restart();
        }
        relay = await startApp('relay', relayEnv);
      }
    })();
    for (let first = 0; first < CUSTOMERS || kills < 4; first += AT_ONCE) await live(first);
    for (const value of ['u1', 'u2']) {
      await caughtUp();
      const { status } = await engine.request('POST', '/v1/erasures', {
        identifiers: [{ namespace: 'userId', value }],
      });
      expect(status).toBe(200);
    }
    isActive = false;
    await killing;
    await caughtUp();
  });

  it('contain everything in order: a channel that applies them has the state of the engine, and the counts agree', async () => {
    const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
    consumer = client.consumer({ groupId: randomUUID() });
    await consumer.connect();
    // Other suites may have published customers of their own to the same broker.
    const ours = new Set(await rows(`SELECT DISTINCT customer_id AS line FROM perennial.published`));
    await consumer.subscribe({ topics: [...TOPICS], fromBeginning: true });
    await consumer.run({
      eachMessage: ({ topic, message: { key, value, headers } }) => {
        const data = value === null ? null : (JSON.parse(String(value)) as Record<string, unknown>);
        if (ours.has(String(key))) channel.receive({ topic, key: String(key), id: String(headers?.['ce_id']), data });
        return Promise.resolve();
      },
    });
    const pending = () =>
      rows(`SELECT customer_id AS line FROM perennial.outbox
            UNION ALL SELECT customer_id FROM perennial.actions WHERE sent_at IS NULL
            UNION ALL SELECT customer_id FROM perennial.customer_changes`);
    await until(pending, (left) => left.length === 0);
    const stagePeriods = (
      await rows(`SELECT customer_id || ' entered ' || phase || ' ' || ${instant('entered_at')} AS line FROM LIVE.stage_periods
                  UNION ALL SELECT customer_id || ' left ' || phase || ' ' || ${instant('left_at')} FROM LIVE.stage_periods WHERE left_at IS NOT NULL`)
    )
      .map(asPublished)
      .sort();
    const profiles = await rows(
      `SELECT customer_id || ' ' || stage || '/' || phase || ' ' || touchpoints || ' ' || orders AS line FROM LIVE.customers c
        WHERE EXISTS (SELECT 1 FROM LIVE.subjects s WHERE s.customer_id = c.customer_id AND s.erased_at IS NULL)`,
    );
    const standing = await rows('SELECT action_id AS line FROM perennial.actions WHERE standing');
    const counts = await rows(`SELECT 'perennial.stage-changes ' || count(*) AS line FROM perennial.published
                               UNION ALL SELECT 'perennial.actions ' || count(*) FROM perennial.actions`);
    const received = () =>
      Promise.resolve({
        stagePeriods: [...channel.stages.values()].sort(),
        profiles: [...channel.profiles].map(([id, profile]) => `${id} ${profile}`).sort(),
        standing: [...channel.actions].sort(),
        counts: ['perennial.actions', 'perennial.stage-changes'].map(
          (topic) => `${topic} ${[...channel.seen].filter((name) => name.startsWith(`${topic} `)).length}`,
        ),
      });
    const expected = JSON.stringify({ stagePeriods, profiles, standing, counts });
    await until(received, (so) => JSON.stringify(so) === expected, 60_000).catch(() => undefined);
    expect(await received()).toEqual({ stagePeriods, profiles, standing, counts });
    expect(channel.wrong).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(4);
    expect(standing.length).toBeGreaterThan(0);
    expect(profiles.length).toBeLessThan(ours.size);
    console.log(
      `Killed ${kills} times: ${channel.seen.size} messages in ${TOPICS.length} topics, ${channel.duplicates} duplicates.`,
    );
  });
});
