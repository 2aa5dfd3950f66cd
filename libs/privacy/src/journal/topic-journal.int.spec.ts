import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectChannels, type Channels } from '#platform';
import { KAFKA_OFFER, type TestKafka } from '../../../../test/services/kafka.js';
import type { JournaledErasure } from './erasure-journal.js';
import { TopicJournal } from './topic-journal.js';

const { missing } = KAFKA_OFFER;
const id = (number: number): string => number.toString(16).padStart(32, '0');
const erasure = (number: number): JournaledErasure => ({
  ...{ erasureId: id(number), subjectIds: [id(100 + number)], customerId: null },
  ...{ erasedAt: Date.UTC(2026, 0, 31), by: 'local', hashKeyCheck: id(9) },
});

(missing === null ? describe : describe.skip)(
  `the erasure journal in a topic${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    let kafka: TestKafka;
    let channels: Channels;
    beforeAll(async () => {
      kafka = await KAFKA_OFFER.start();
      const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
      channels = await connectChannels({ brokers: kafka.brokers, tls: null, sasl: null }, silent);
    });
    afterAll(() => kafka?.stop());

    it('gives every acknowledged erasure back, in order, to a process that starts later', async () => {
      const topic = `erasures-${randomUUID()}`;
      const journal = await TopicJournal.open(channels, topic);
      expect(await journal.readAll()).toEqual([]);
      for (let number = 1; number <= 5; number += 1) await journal.append(erasure(number));
      await journal.close();
      const again = await TopicJournal.open(channels, topic);
      expect(await again.readAll()).toEqual([1, 2, 3, 4, 5].map(erasure));
      await again.close();
    });

    it('rejects a topic that forgets messages, and says how to change that', async () => {
      const topic = `forgetful-${randomUUID()}`;
      await channels.ensureTopics([
        { topic, partitions: 1, replicas: 1, settings: { 'cleanup.policy': 'delete', 'retention.ms': '604800000' } },
      ]);
      await expect(TopicJournal.open(channels, topic)).rejects.toMatchObject({
        code: 'unsuitable',
        message: expect.stringContaining('retention.ms=604800000'),
      });
    });
  },
);
