import type { Kafka } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import type { ReceivedMessage } from '../message.js';

/** A topic that does not answer within so long is not waited for. */
const READ_MS_MAX = 60_000;

/** Reads a topic from its beginning to where it ends at the time of the call, in the order of each partition. A missing topic is empty. */
export async function readTopic(kafka: Kafka, topic: string): Promise<readonly ReceivedMessage[]> {
  const admin = kafka.admin();
  await admin.connect();
  const groupId = `perennial-read-${randomUUID()}`;
  try {
    if (!(await admin.listTopics()).includes(topic)) return [];
    const ends = new Map(
      (await admin.fetchTopicOffsets(topic))
        .filter(({ low, high }) => BigInt(high) > BigInt(low))
        .map(({ partition, high }) => [partition, BigInt(high)]),
    );
    return ends.size === 0 ? [] : await readUpTo(kafka, { topic, groupId, ends });
  } finally {
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect().catch(() => undefined);
  }
}

async function readUpTo(
  kafka: Kafka,
  { topic, groupId, ends }: { readonly topic: string; readonly groupId: string; readonly ends: Map<number, bigint> },
): Promise<readonly ReceivedMessage[]> {
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 500 });
  const messages: ReceivedMessage[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`The topic ${topic} did not answer in time.`)), READ_MS_MAX);
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            for (const { offset, timestamp, key, value, headers } of batch.messages)
              if (BigInt(offset) < (ends.get(batch.partition) ?? 0n))
                messages.push({
                  offset: Number(offset),
                  timestamp: Number(timestamp),
                  key,
                  value,
                  headers: headers ?? {},
                });
            if (BigInt(batch.lastOffset()) + 1n >= (ends.get(batch.partition) ?? 0n)) ends.delete(batch.partition);
            if (ends.size > 0) return;
            clearTimeout(late);
            resolve();
          },
        })
        .catch(reject);
    });
    return messages;
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}
