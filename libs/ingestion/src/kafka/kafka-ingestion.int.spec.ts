import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { openSqliteLog, type EventLog, type RecordedEvent } from '#event-log';
import type { Registry } from 'prom-client';
import { connectChannels, METRICS, type Channels } from '#platform';
import { openSqliteKeyStore, Sealer } from '#keys';
import type { OutgoingMessage, ReceivedMessage } from '#platform';
import { memoryLog } from '#testing';
import { KAFKA_OFFER, type TestKafka } from '../../../../test/services/kafka.js';
import { IngestTouchpoints, IngestTouchpointsHandler } from '../pipeline/ingest-touchpoints.js';
import { Ingestion } from '../pipeline/ingestion.js';
import type { IngestItem, IngestResult } from '../pipeline/item.js';
import { IngestionApp } from '../testdata/intake-app.js';
import { orderPlaced } from '#testing';
import { KafkaIngestion } from './kafka-ingestion.js';

const { missing } = KAFKA_OFFER;
const title = missing === null ? 'touchpoints from Kafka' : `touchpoints from Kafka (skipped: ${missing})`;
const SILENT = { warn: () => undefined, info: () => undefined, debug: () => undefined };
type Ingest = (items: readonly IngestItem[]) => Promise<IngestResult>;
const clock = { now: () => Date.UTC(2026, 0, 31, 12) };

/** A fact of the business, as our own form states it. */
interface Fact {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly data: object;
}

(missing === null ? describe : describe.skip)(title, () => {
  let kafka: TestKafka;
  let channels: Channels;
  const running: KafkaIngestion[] = [];
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    kafka = await KAFKA_OFFER.start();
    channels = await connectChannels({ brokers: kafka.brokers, tls: null, sasl: null }, SILENT);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
    await Promise.all(closing.splice(0).map((close) => close()));
  });
  afterAll(() => kafka?.stop());

  async function topicOf(partitions: number): Promise<string> {
    const topic = `touchpoints.${randomUUID()}`;
    await channels.ensureTopics([{ topic, partitions, replicas: 1, settings: {} }]);
    return topic;
  }

  function engine(log: EventLog = memoryLog({ clock })) {
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const sealer = new Sealer(keys);
    closing.push(() => keys.close());
    const handler = new IngestTouchpointsHandler(new Ingestion({ log, sealer }));
    const ingest: Ingest = (items) => handler.execute(new IngestTouchpoints(items, clock.now()));
    return { log, sealer, ingest };
  }

  function member(topic: string, ingest: Ingest, group = randomUUID()): KafkaIngestion {
    const options = { group, topics: [`${topic}*`], sessionTimeoutMs: 3_000, topicPollMs: 1_000 };
    const made = new KafkaIngestion(channels, ingest, options);
    running.push(made);
    made.start();
    return made;
  }

  async function send(messages: readonly OutgoingMessage[]): Promise<void> {
    const producer = channels.producer();
    await producer.send(messages);
    await producer.close();
  }

  /** Sends with the producer's own timestamps. */
  async function produce(topic: string, messages: Message[]): Promise<void> {
    const producer = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic, messages });
    await producer.disconnect();
  }

  const order = (topic: string, n: number): OutgoingMessage => ({
    topic,
    key: `customer-${n % 50}`,
    value: JSON.stringify(
      orderPlaced({
        id: `o-${n}`,
        identifiers: [{ namespace: 'userId', value: `u${n % 50}` }],
        data: { orderId: `o-${n}`, currency: 'EUR', totalMinor: n + 1 },
      }),
    ),
    headers: { 'content-type': 'application/json' },
  });

  async function eventsOf(log: EventLog, type: string, after = 0): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const page of log.readAll(after)) events.push(...page.filter((event) => event.type === type));
    return events;
  }

  /** Waits until the log holds so many events of a type. */
  async function reaches(log: EventLog, type: string, count: number): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for (;;) {
      for (const event of await eventsOf(log, type, events.at(-1)?.position)) events.push(event);
      if (events.length >= count) return events;
      await sleep(50);
    }
  }

  /** Waits until the log holds a fact. */
  async function reachesFact(log: EventLog, { source, id }: Fact): Promise<readonly RecordedEvent[]> {
    for (;;) {
      const [found] = await log.find([{ source, id }]);
      if (found !== null && found !== undefined) return [found];
      await sleep(50);
    }
  }

  it('dates what lay in the topic by the timestamp of its message, whenever it is read', async () => {
    const topic = await topicOf(1);
    const { log, ingest } = engine();
    const twoDaysAgo = clock.now() - 2 * 86_400_000;
    const at = (instant: number) => new Date(instant).toISOString();
    const { value } = order(topic, 1);
    const event = JSON.parse(String(value)) as Record<string, unknown>;
    const lay = (id: string, times: object) => ({
      ...{ key: 'u1', timestamp: String(twoDaysAgo), headers: { 'content-type': 'application/json' } },
      value: JSON.stringify({ ...event, time: undefined, id, ...times }),
    });
    const skew = 40 * 86_400_000;
    await produce(topic, [
      lay('stated', { time: at(twoDaysAgo - 1_000), sentAt: at(twoDaysAgo) }),
      lay('wrong-clock', { time: at(twoDaysAgo + skew - 5_000), sentAt: at(twoDaysAgo + skew) }),
      lay('without-a-time', {}),
    ]);
    member(topic, ingest);
    const taken = await reaches(log, 'order-placed', 3);
    expect(taken.map(({ id, occurredAt }) => [id, occurredAt - twoDaysAgo])).toEqual([
      ['stated', -1_000],
      ['wrong-clock', -5_000],
      ['without-a-time', 0],
    ]);
    const meta = JSON.parse(taken[0]?.meta ?? '') as { readonly provenance: object; readonly receivedAt: number };
    expect(meta).toMatchObject({ provenance: { timestamp: twoDaysAgo }, receivedAt: clock.now() });
  });

  it('ingests CloudEvents of every mode and our own form, each once, and keeps their place in the topic', async () => {
    const topic = await topicOf(2);
    const { log, sealer, ingest } = engine();
    const event = {
      specversion: '1.0',
      type: 'order-placed',
      source: 'shop',
      time: '2026-01-31T11:00:00Z',
      channel: 'web',
    };
    const data = (orderId: string) => ({ orderId, currency: 'EUR', totalMinor: 100 });
    const structured = (id: string) => ({ ...event, id, subject: 'userId:u1', data: data(id) });
    const json = (value: unknown, contentType: string, headers = {}) => ({
      ...{ topic, key: 'ann@shop.example', value: JSON.stringify(value) },
      headers: { 'content-type': contentType, 'x-tag': 'spring', ...headers },
    });
    const binary = Object.fromEntries(Object.entries(event).map(([name, value]) => [`ce_${name}`, value]));
    const identifiers = '[{"namespace":"userId","value":"u1"}]';
    await send([
      json(data('a'), 'application/json', { ...binary, ce_id: 'a', ce_identifiers: identifiers }),
      json(structured('b'), 'application/cloudevents+json; charset=utf-8'),
      json([structured('c'), structured('d')], 'application/cloudevents-batch+json'),
      order(topic, 1),
      order(topic, 1),
    ]);
    member(topic, ingest);
    const taken = await reaches(log, 'order-placed', 5);
    expect(taken.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'd', 'o-1']);
    const meta = JSON.parse(taken.find(({ id }) => id === 'b')?.meta ?? '') as Record<string, string>;
    expect(meta['provenance']).toMatchObject({ topic, offset: expect.any(Number), partition: expect.any(Number) });
    // A key may be a person's address: the log holds it sealed only.
    const whole = JSON.stringify(await eventsOf(log, 'order-placed'));
    expect(whole).not.toContain('ann@shop.example');
    const [subject] = (meta['identifiers'] as unknown as { subjectId: string }[]) ?? [];
    const key = (await sealer.keys.keysFor([subject?.subjectId ?? ''], { create: false })).get(
      subject?.subjectId ?? '',
    );
    expect(JSON.parse(sealer.open(key as never, meta['sealed'] ?? ''))).toMatchObject({
      $provenance: { key: 'ann@shop.example', headers: { 'x-tag': 'spring' } },
    });
    // The same event over another transport is the same event.
    const again = await ingest([
      {
        document: orderPlaced({
          ...structured('b'),
          subject: undefined,
          specversion: undefined,
          identifiers: [{ namespace: 'userId', value: 'u1' }],
        }),
      },
    ]);
    expect(again.counts).toMatchObject({ duplicate: 1 });
  });

  it('and every other entrance give the same event of a fact of the business, a closing of a source among them', async () => {
    const topic = `facts.${randomUUID()}`;
    await channels.ensureTopics([{ topic, partitions: 1, replicas: 1, settings: {} }]);
    const app = await IngestionApp.start({
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_TOPICS: `${topic}*`,
      KAFKA_GROUP: randomUUID(),
    });
    closing.push(() => app.stop());
    const bearer = app.key('publish');
    const http = async (payload: string, type: string) => {
      const headers = { authorization: `Bearer ${bearer}`, 'content-type': type };
      const answer = await app.app.inject({ method: 'POST', url: '/v1/facts?verbose=true', payload, headers });
      expect(answer.statusCode).toBe(200);
    };
    const message = (value: unknown, headers: Record<string, string>) => ({
      ...{ topic, key: 'books', value: JSON.stringify(value), headers },
    });
    const cloudEvent = ({ id, source, type, time, data }: Fact) => ({
      ...{ specversion: '1.0', id, source, type, time, data },
    });
    const binary = ({ id, source, type, time }: Fact) => ({
      ...{ ce_specversion: '1.0', ce_id: id, ce_source: source, ce_type: type, ce_time: time },
      'content-type': 'application/json',
    });
    const entrances: readonly ((fact: Fact) => Promise<void>)[] = [
      (fact) => http(JSON.stringify(fact), 'application/json'),
      (fact) => http(JSON.stringify(cloudEvent(fact)), 'application/cloudevents+json'),
      (fact) => http(`${JSON.stringify(fact)}\n`, 'application/x-ndjson'),
      (fact) => send([message(fact, { 'content-type': 'application/json' })]),
      (fact) => send([message(cloudEvent(fact), { 'content-type': 'application/cloudevents+json' })]),
      (fact) => send([message(fact.data, binary(fact))]),
    ];
    for (const [type, data] of [
      [
        'spend-recorded',
        { from: '2026-01-01', until: '2026-02-01', amountMinor: 125_000, currency: 'EUR', purpose: 'acquisition' },
      ],
      ['source-closed', { from: '2026-01-30', until: '2026-01-31', counts: { 'order-placed': 2 }, sums: { EUR: 500 } }],
    ] as const) {
      const told = new Map<string, number>();
      for (const [first, enter] of entrances.entries()) {
        const fact: Fact = { id: `${type}-${first}`, source: 'books', type, time: '2026-01-31T11:00:00Z', data };
        await enter(fact);
        const [event] = await reachesFact(app.log, fact);
        const { stream, source, occurredAt, schemaVersion, data: recorded } = event as RecordedEvent;
        const text = JSON.stringify({ stream, source, type: event?.type, occurredAt, schemaVersion, recorded });
        told.set(text, (told.get(text) ?? 0) + 1);
        // Through every other entrance it is the same event again.
        for (const other of entrances) if (other !== enter) await other(fact);
      }
      expect([...told.values()]).toEqual([entrances.length]);
      // What came by the topic is ingested before this one, which comes last.
      const last: Fact = { id: `${type}-last`, source: 'books', type, time: '2026-01-31T11:00:00Z', data };
      await send([message(last, { 'content-type': 'application/json' })]);
      await reachesFact(app.log, last);
      expect(await eventsOf(app.log, type)).toHaveLength(entrances.length + 1);
      expect(await eventsOf(app.log, 'event-quarantined')).toEqual([]);
    }
  }, 120_000);

  it('sets a bad message aside with its place, sends it to the dead letters untouched, and goes on', async () => {
    const topic = await topicOf(1);
    const { log, ingest } = engine();
    await send([
      order(topic, 1),
      { topic, key: 'k', value: Buffer.from([0xff, 0x00, 0x01]), headers: { 'x-own': 'kept' } },
      { ...order(topic, 2), value: '{"id":"bad"}' },
      { topic, key: 'gone', value: null, headers: {} },
      order(topic, 3),
    ]);
    member(topic, ingest);
    expect((await reaches(log, 'order-placed', 2)).map(({ id }) => id)).toEqual(['o-1', 'o-3']);
    // The message without a value is a tombstone of a compacted topic: it is passed over.
    const aside = await reaches(log, 'event-quarantined', 2);
    expect(aside.map(({ data }) => JSON.parse(data) as unknown)).toMatchObject(
      [1, 2].map((line) => ({ file: `${topic}/0`, line })),
    );
    expect(JSON.parse(aside[0]?.meta ?? '')).toMatchObject({ provenance: { topic, partition: 0, offset: 1 } });
    const letters: ReceivedMessage[] = [];
    const reader = channels.consumer({
      ...{ group: randomUUID(), topicPollMs: 500, subscribes: (name) => name === `${topic}.dlq` },
      handle: (batch) => Promise.resolve(void letters.push(...batch.messages)),
    });
    while (letters.length < 2) await sleep(50);
    await reader.close();
    expect(letters.map(({ value }) => value)).toEqual([Buffer.from([0xff, 0x00, 0x01]), Buffer.from('{"id":"bad"}')]);
    expect(letters.map(({ key }) => String(key))).toEqual(['k', 'customer-2']);
    const { headers } = letters[0] as ReceivedMessage;
    expect(String(headers['x-own'])).toBe('kept');
    expect(String(headers['perennial-code'])).toBe('not-utf-8');
    expect(String(headers['perennial-offset'])).toBe('1');
    expect(String(headers['perennial-quarantine-id'])).toMatch(/^[0-9a-f]{32}$/);
  });

  it('waits where the log cannot be written, and loses nothing', async () => {
    const topic = await topicOf(2);
    const { log, ingest } = engine();
    let failures = 3;
    const failing: Ingest = (items) => (failures-- > 0 ? Promise.reject(new Error('full')) : ingest(items));
    await send(Array.from({ length: 100 }, (_, n) => order(topic, n)));
    member(topic, failing);
    expect(await reaches(log, 'order-placed', 100)).toHaveLength(100);
  });

  it('is part of the engine’s intake where the config names brokers, with its metrics', async () => {
    const topic = await topicOf(1);
    await send([order(topic, 1), { ...order(topic, 2), value: 'nonsense' }]);
    const settings = { KAFKA_BROKERS: kafka.brokers.join(','), KAFKA_TOPICS: `${topic}*`, KAFKA_GROUP: randomUUID() };
    const app = await IngestionApp.start(settings);
    closing.push(() => app.stop());
    await reaches(app.log, 'event-quarantined', 1);
    const sample = `perennial_kafka_dead_letters_total{topic="${topic}"} 1`;
    const metrics = app.app.get<Registry>(METRICS);
    while (!(await metrics.metrics()).includes(sample)) await sleep(50);
    expect(await eventsOf(app.log, 'order-placed')).toHaveLength(1);
    const ready = await app.app.inject({ method: 'GET', url: '/health/ready' });
    expect(ready.json()).toMatchObject({ checks: { kafka: { ok: true } } });
  });

  it('loses and doubles nothing when its process is killed, again and again', async () => {
    const events = 3_000;
    const topic = await topicOf(3);
    const group = randomUUID();
    const folder = mkdtempSync(join(tmpdir(), 'perennial-kafka-intake-'));
    const program = fileURLToPath(new URL('./testdata/ingesting-child.ts', import.meta.url));
    const source = ['--conditions=source', '--import', '#from-source', program];
    const args = [...source, kafka.brokers.join(','), folder, topic, group];
    // How far it said that it came in each partition: what it said was in the log by then.
    const came = new Map<string, number>();
    const cameTo = () => [...came.values()].reduce((sum, offset) => sum + offset + 1, 0);
    for (let life = 1; life <= 3; life += 1) {
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      const said = createInterface({ input: child.stdout });
      const began = once(said, 'line');
      said.on('line', (line) => {
        const [partition = '', offset] = line.split(' ');
        came.set(partition, Math.max(came.get(partition) ?? -1, Number(offset)));
      });
      const third = Array.from({ length: events / 3 }, (_, at) => order(topic, ((life - 1) * events) / 3 + at));
      // It dies in the middle of what comes, whatever it is about to say to the log or to its group.
      await Promise.all([began, send(third)]);
      while (life === 3 && cameTo() < events) await sleep(50);
      child.kill('SIGKILL');
      await ended;
    }
    const log = await openSqliteLog({ file: join(folder, 'log.db') });
    closing.push(() => log.close().then(() => rmSync(folder, { recursive: true })));
    const taken = await eventsOf(log, 'order-placed');
    expect(taken).toHaveLength(events);
    expect(new Set(taken.map(({ id }) => id)).size).toBe(events);
  }, 300_000);

  it('loses and doubles nothing while members come and go, one dies in the middle, and the broker restarts', async () => {
    const events = Number(process.env['KAFKA_EVENTS'] ?? 5_000);
    const topic = await topicOf(6);
    const { log, ingest } = engine();
    const group = randomUUID();
    const written = (async () => {
      const producer = channels.producer();
      for (let n = 0; n < events; n += 500) {
        const slice = Array.from({ length: Math.min(500, events - n) }, (_, at) => order(topic, n + at));
        // A producer that gets no answer sends again: so will this one.
        for (let sent = false; !sent;)
          sent = await producer.send(slice).then(
            () => true,
            () => sleep(200).then(() => false),
          );
        await sleep(20);
      }
      await producer.close();
    })();
    member(topic, ingest, group);
    let dead = false;
    // It takes, and dies before it can say so: its messages come again to another.
    const dying = member(
      topic,
      (items) => ingest(items).then((result) => (dead ? new Promise(() => undefined) : result)),
      group,
    );
    await reaches(log, 'order-placed', Math.floor(events / 10));
    dead = true;
    void dying.stop();
    running.splice(running.indexOf(dying), 1);
    for (let round = 0; round < 3; round += 1) {
      const coming = member(topic, ingest, group);
      await sleep(1_000);
      if (round === 1 && kafka.outage !== null) {
        await kafka.outage.halt('crash');
        await kafka.outage.restart();
      }
      await coming.stop();
      running.splice(running.indexOf(coming), 1);
    }
    await written;
    const taken = await reaches(log, 'order-placed', events);
    expect(new Set(taken.map(({ id }) => id)).size).toBe(events);
    expect(taken).toHaveLength(events);
    expect(await eventsOf(log, 'event-quarantined')).toEqual([]);
  }, 600_000);
});
