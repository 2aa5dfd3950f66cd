import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { KAFKA_OFFER, type TestKafka } from '../../../../../test/services/kafka.js';
import type { ChannelConsumer, ChannelProducer, ConsumerOptions, ReceivedBatch } from '../channel.js';
import { KafkaChannels } from './kafka-channels.js';

const { missing } = KAFKA_OFFER;
const title = missing === null ? 'channels on Kafka' : `channels on Kafka (skipped: ${missing})`;
const SILENT = { warn: () => undefined, info: () => undefined, debug: () => undefined };

(missing === null ? describe : describe.skip)(title, () => {
  let kafka: TestKafka;
  let channels: KafkaChannels;
  const open: (ChannelConsumer | ChannelProducer)[] = [];

  beforeAll(async () => {
    kafka = await KAFKA_OFFER.start();
    channels = new KafkaChannels({ brokers: kafka.brokers, tls: null, sasl: null }, SILENT);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  afterAll(() => kafka?.stop());

  const topicOf = async (partitions: number): Promise<string> => {
    const topic = `spec-${randomUUID()}`;
    await channels.ensureTopics([{ topic, partitions, replicas: 3, settings: { 'retention.ms': '3600000' } }]);
    return topic;
  };
  const producer = (): ChannelProducer => {
    const made = channels.producer();
    open.push(made);
    return made;
  };
  const consumer = (
    options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'subscribes' | 'handle'>,
  ): ChannelConsumer => {
    const made = channels.consumer({ group: randomUUID(), sessionTimeoutMs: 6_000, topicPollMs: 500, ...options });
    open.push(made);
    return made;
  };
  const text = (batch: ReceivedBatch) => batch.messages.map(({ value }) => value?.toString() ?? null);
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await sleep(20);
  };

  it('delivers messages and tombstones in the order of each key, with their headers', async () => {
    const topic = await topicOf(3);
    const sent = Array.from({ length: 300 }, (_, at) => ({
      ...{ topic, key: `k${at % 7}`, headers: { ce_id: String(at) } },
      value: at === 299 ? null : String(at),
    }));
    await producer().send(sent);
    const read = new Map<string, (string | null)[]>();
    let count = 0;
    consumer({
      subscribes: (name) => name === topic,
      handle: async ({ messages }) => {
        for (const { key, value, headers } of messages) {
          const list = read.get(String(key)) ?? [];
          list.push(value === null ? null : String(value));
          if (value !== null) expect(String(headers['ce_id'])).toBe(String(value));
          read.set(String(key), list);
          count += 1;
        }
        await Promise.resolve();
      },
    });
    await until(() => count >= 300);
    expect(count).toBe(300);
    for (const key of new Set(sent.map((each) => each.key)))
      expect(read.get(key)).toEqual(sent.filter((each) => each.key === key).map(({ value }) => value));
  });

  it('delivers a rejected batch again, without delaying the other partitions', async () => {
    const topic = await topicOf(2);
    const write = producer();
    await write.send([0, 1].map((partition) => ({ topic, partition, key: null, value: `p${partition}`, headers: {} })));
    const received: string[] = [];
    const paused: unknown[] = [];
    consumer({
      subscribes: (name) => name === topic,
      onPaused: (_batch, error) => paused.push(error),
      handle: (batch) => {
        if (batch.partition === 0 && paused.length < 2) return Promise.reject(new Error('the log is full'));
        received.push(...(text(batch) as string[]));
        return Promise.resolve();
      },
    });
    await until(() => received.length === 2);
    expect(received).toEqual(['p1', 'p0']);
    expect(paused).toEqual([new Error('the log is full'), new Error('the log is full')]);
  });

  it('finds a topic that is created after it has started', async () => {
    const family = `family-${randomUUID()}`;
    const received: unknown[] = [];
    consumer({
      subscribes: (name) => name.startsWith(family),
      handle: (batch) => Promise.resolve(void received.push(...text(batch))),
    });
    for (const name of ['a', 'b']) {
      const topic = `${family}.${name}`;
      await channels.ensureTopics([{ topic, partitions: 1, replicas: 1, settings: {} }]);
      await producer().send([{ topic, key: null, value: name, headers: {} }]);
      await until(() => received.includes(name));
    }
    expect(received).toEqual(['a', 'b']);
  });

  it('stays a member while a batch takes longer than its session, and continues from the committed offset', async () => {
    const topic = await topicOf(1);
    const write = producer();
    const group = randomUUID();
    await write.send([{ topic, key: null, value: 'first', headers: {} }]);
    const received: unknown[] = [];
    const subscribes = (name: string) => name === topic;
    const slow = consumer({
      ...{ group, subscribes, sessionTimeoutMs: 1_500 },
      handle: async (batch) => {
        await sleep(4_000);
        received.push(...text(batch));
      },
    });
    await until(() => received.length === 1);
    await slow.close();
    await write.send([{ topic, key: null, value: 'second', headers: {} }]);
    consumer({ group, subscribes, handle: (batch) => Promise.resolve(void received.push(...text(batch))) });
    await until(() => received.length === 2);
    expect(received).toEqual(['first', 'second']);
  });

  it('connects by TLS to a broker with a trusted certificate, and logs in there', async () => {
    // A broker given from outside, or in a container, may offer no such port; that is known only once it runs.
    if (kafka.secured === null)
      return void process.stderr.write('Skipped: TLS and a login, since the given broker offers neither.\n');
    const { brokers, ca, username, password } = kafka.secured;
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const place = (login: string, authority: string | null) => ({
        ...{ brokers, tls: { ca: authority } },
        sasl: { mechanism, username, password: login },
      });
      const channels = new KafkaChannels(place(password, ca), SILENT);
      await channels.ping();
      const topic = await topicOf(1);
      const secret = channels.producer();
      await secret.send([{ topic, key: null, value: mechanism, headers: {} }]);
      await secret.close();
      const received: unknown[] = [];
      consumer({
        subscribes: (name) => name === topic,
        handle: (batch) => Promise.resolve(void received.push(...text(batch))),
      });
      await until(() => received.length === 1);
      expect(received).toEqual([mechanism]);
      await expect(new KafkaChannels(place('another', ca), SILENT).ping()).rejects.toThrow(/authentication/i);
      await expect(new KafkaChannels(place(password, null), SILENT).ping()).rejects.toThrow(/self-signed/i);
    }
  });

  it('starts no timer every millisecond while it is idle', async () => {
    const topic = await topicOf(1);
    const write = producer();
    const received: unknown[] = [];
    consumer({ subscribes: (name) => name === topic, handle: (batch) => Promise.resolve(void received.push(batch)) });
    await write.send([{ topic, key: null, value: 'x', headers: {} }]);
    await until(() => received.length === 1);
    const original = globalThis.setTimeout;
    let short = 0;
    globalThis.setTimeout = ((work: () => void, ms?: number, ...rest: unknown[]) => {
      if ((ms ?? 0) < 5) short += 1;
      return original(work, ms, ...(rest as []));
    }) as typeof setTimeout;
    await sleep(2_000);
    globalThis.setTimeout = original;
    // Without the patch about a thousand a second and connection.
    expect(short).toBeLessThan(100);
  });
});
