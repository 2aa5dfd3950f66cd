import { Partitioners, type Kafka, type Message, type Producer } from 'kafkajs';
import type { ChannelProducer } from '../channel.js';
import type { OutgoingMessage } from '../message.js';

/** Brokers accept 1 MiB per partition and request by default; a chunk stays below half of it, with this overhead per message. */
const REQUEST_BYTES = 512 * 1024;
const MESSAGE_OVERHEAD = 128;

/** An idempotent producer by kafkajs. After a failure it is replaced: a broken sequence cannot be continued. */
export class KafkaProducer implements ChannelProducer {
  private producer: Promise<Producer> | null = null;
  private closed = false;

  constructor(private readonly kafka: Kafka) {}

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.closed) throw new Error('The producer is closed.');
    this.producer ??= this.connect();
    const connecting = this.producer;
    try {
      const producer = await connecting;
      for (const chunk of chunksOf(messages)) await producer.sendBatch({ acks: -1, topicMessages: byTopic(chunk) });
    } catch (error) {
      if (this.producer === connecting) this.producer = null;
      await connecting.then((producer) => producer.disconnect()).catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.producer?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  private async connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      // The partitioner of Java's clients: the messages of a key are in one partition, whichever client sends them.
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      retry: { retries: 6, initialRetryTime: 200, maxRetryTime: 4_000 },
    });
    await producer.connect();
    return producer;
  }
}

function* chunksOf(messages: readonly OutgoingMessage[]): Generator<OutgoingMessage[]> {
  let chunk: OutgoingMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (chunk.length > 0 && bytes + size > REQUEST_BYTES) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(message);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

function sizeOf({ key, value, headers }: OutgoingMessage): number {
  let bytes = MESSAGE_OVERHEAD + lengthOf(key) + lengthOf(value);
  for (const [name, given] of Object.entries(headers))
    for (const each of [given].flat()) bytes += name.length + lengthOf(each as string | Buffer) + 8;
  return bytes;
}

const lengthOf = (value: string | Buffer | null): number => (value === null ? 0 : Buffer.byteLength(value));

function byTopic(messages: readonly OutgoingMessage[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, headers, ...message } of messages) {
    let list = topics.get(topic);
    if (list === undefined) topics.set(topic, (list = []));
    list.push({ ...message, headers: headers as NonNullable<Message['headers']> });
  }
  return [...topics].map(([topic, list]) => ({ topic, messages: list }));
}
