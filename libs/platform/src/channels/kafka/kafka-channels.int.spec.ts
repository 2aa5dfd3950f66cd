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
  const consumer = (options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'takes' | 'take'>): ChannelConsumer => {
    const made = channels.consumer({ group: randomUUID(), sessionTimeoutMs: 6_000, lookForTopicsMs: 500, ...options });
    open.push(made);
    return made;
  };
  const text = (batch: ReceivedBatch) => batch.messages.map(({ value }) => value?.toString() ?? null);
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await sleep(20);
  };

  it('carries messages in the order of each key, with their headers, and tombstones', async () => {
    const topic = await topicOf(3);
    const sent = Array.from({ length: 300 }, (_, at) => ({
      ...{ topic, key: `k${at % 7}`, headers: { ce_id: String(at) } },
      value: at === 299 ? null : String(at),
    }));
    await producer().send(sent);
    const read = new Map<string, (string | null)[]>();
    let count = 0;
    consumer({
      takes: (name) => name === topic,
      take: async ({ messages }) => {
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

  it('gives a batch again that could not be taken, and does not hold up the other partitions', async () => {
    const topic = await topicOf(2);
    const write = producer();
    await write.send([0, 1].map((partition) => ({ topic, partition, key: null, value: `p${partition}`, headers: {} })));
    const taken: string[] = [];
    const paused: unknown[] = [];
    consumer({
      takes: (name) => name === topic,
      onPaused: (_batch, error) => paused.push(error),
      take: (batch) => {
        if (batch.partition === 0 && paused.length < 2) return Promise.reject(new Error('the log is full'));
        taken.push(...(text(batch) as string[]));
        return Promise.resolve();
      },
    });
    await until(() => taken.length === 2);
    expect(taken).toEqual(['p1', 'p0']);
    expect(paused).toEqual([new Error('the log is full'), new Error('the log is full')]);
  });

  it('finds a topic that was made after it began', async () => {
    const family = `family-${randomUUID()}`;
    const taken: unknown[] = [];
    consumer({
      takes: (name) => name.startsWith(family),
      take: (batch) => Promise.resolve(void taken.push(...text(batch))),
    });
    for (const name of ['a', 'b']) {
      const topic = `${family}.${name}`;
      await channels.ensureTopics([{ topic, partitions: 1, replicas: 1, settings: {} }]);
      await producer().send([{ topic, key: null, value: name, headers: {} }]);
      await until(() => taken.includes(name));
    }
    expect(taken).toEqual(['a', 'b']);
  });

  it('stays a member while a batch takes longer than its session, and reads on where its group has come to', async () => {
    const topic = await topicOf(1);
    const write = producer();
    const group = randomUUID();
    await write.send([{ topic, key: null, value: 'first', headers: {} }]);
    const taken: unknown[] = [];
    const takes = (name: string) => name === topic;
    const slow = consumer({
      ...{ group, takes, sessionTimeoutMs: 1_500 },
      take: async (batch) => {
        await sleep(4_000);
        taken.push(...text(batch));
      },
    });
    await until(() => taken.length === 1);
    await slow.close();
    await write.send([{ topic, key: null, value: 'second', headers: {} }]);
    consumer({ group, takes, take: (batch) => Promise.resolve(void taken.push(...text(batch))) });
    await until(() => taken.length === 2);
    expect(taken).toEqual(['first', 'second']);
  });

  it('speaks TLS with who proves to be the broker, and logs in there', async () => {
    // A broker that is not ours, or in a container, offers no such port. Which it is, is known only once it runs.
    if (kafka.secured === null)
      return void process.stderr.write('Left out: TLS and a login, because the broker given offers neither.\n');
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
      const taken: unknown[] = [];
      consumer({ takes: (name) => name === topic, take: (batch) => Promise.resolve(void taken.push(...text(batch))) });
      await until(() => taken.length === 1);
      expect(taken).toEqual([mechanism]);
      await expect(new KafkaChannels(place('another', ca), SILENT).ping()).rejects.toThrow(/authentication/i);
      await expect(new KafkaChannels(place(password, null), SILENT).ping()).rejects.toThrow(/self-signed/i);
    }
  });

  it('is quiet while nothing happens: no timer runs every millisecond', async () => {
    const topic = await topicOf(1);
    const write = producer();
    const taken: unknown[] = [];
    consumer({ takes: (name) => name === topic, take: (batch) => Promise.resolve(void taken.push(batch)) });
    await write.send([{ topic, key: null, value: 'x', headers: {} }]);
    await until(() => taken.length === 1);
    const original = globalThis.setTimeout;
    let short = 0;
    globalThis.setTimeout = ((work: () => void, ms?: number, ...rest: unknown[]) => {
      if ((ms ?? 0) < 5) short += 1;
      return original(work, ms, ...(rest as []));
    }) as typeof setTimeout;
    await sleep(2_000);
    globalThis.setTimeout = original;
    // Unmended it is about a thousand for each second and connection.
    expect(short).toBeLessThan(100);
  });
});
