import { Kafka, logLevel, type ConfigResourceTypes, type LogEntry } from 'kafkajs';
import type { ChannelConsumer, ChannelProducer, Channels, ConsumerOptions, TopicPlan } from '../channel.js';
import type { FailureLogger } from '../../loops/failure-log.js';
import { KafkaConsumer } from './consumer.js';
import { leaveIdleQueuesAlone } from './idle-queue.js';
import type { KafkaConnection } from './connection.js';
import type { ReceivedMessage } from '../message.js';
import { KafkaProducer } from './producer.js';
import { readTopic } from './topic-reader.js';

/** `ConfigResourceTypes.TOPIC`: kafkajs is CommonJS, and Node does not see the enum among its exports. */
const TOPIC_RESOURCE = 2 as ConfigResourceTypes.TOPIC;

/** Where failures of the connection are logged, and, for debugging, what kafkajs itself logs. */
export interface ChannelLogger extends FailureLogger {
  debug(facts: object, message: string): void;
}

/** The channels by kafkajs. Connections are opened when they are needed. */
export class KafkaChannels implements Channels {
  private readonly kafka: Kafka;

  constructor(
    { brokers, tls, sasl }: KafkaConnection,
    private readonly log: ChannelLogger,
    clientId = 'perennial',
  ) {
    leaveIdleQueuesAlone();
    this.kafka = new Kafka({
      clientId,
      brokers: [...brokers],
      connectionTimeout: 5_000,
      ssl: tls === null ? false : tls.ca === null ? true : { ca: [tls.ca] },
      ...(sasl === null ? {} : { sasl: saslOf(sasl) }),
      retry: { retries: 3, initialRetryTime: 200, maxRetryTime: 2_000 },
      logLevel: logLevel.WARN,
      // What kafkajs logs as an error is solved by joining or connecting again, or arrives here as a rejection.
      logCreator: () => (entry) => this.log.debug({ kafkajs: textOf(entry) }, 'kafkajs'),
    });
  }

  producer(): ChannelProducer {
    return new KafkaProducer(this.kafka);
  }

  consumer(options: ConsumerOptions): ChannelConsumer {
    return new KafkaConsumer(this.kafka, options, this.log);
  }

  async ensureTopics(plans: readonly TopicPlan[]): Promise<void> {
    if (plans.length === 0) return;
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      const existing = new Set(await admin.listTopics());
      const missing = plans.filter(({ topic }) => !existing.has(topic));
      if (missing.length === 0) return;
      const { brokers } = await admin.describeCluster();
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map(({ topic, partitions, replicas, settings }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor: Math.min(replicas, brokers.length),
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        })),
      });
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  readTopic(topic: string): Promise<readonly ReceivedMessage[]> {
    return readTopic(this.kafka, topic);
  }

  async topicSettings(topic: string): Promise<ReadonlyMap<string, string>> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: TOPIC_RESOURCE, name: topic }],
      });
      return new Map(
        resources.flatMap(({ configEntries }) => configEntries.map((entry) => [entry.configName, entry.configValue])),
      );
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  async ping(): Promise<void> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      await admin.describeCluster();
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}

function saslOf({ mechanism, username, password }: NonNullable<KafkaConnection['sasl']>) {
  // The types of kafkajs require a literal per mechanism.
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password } as const;
    case 'scram-sha-256':
      return { mechanism, username, password } as const;
    case 'scram-sha-512':
      return { mechanism, username, password } as const;
  }
}

function textOf({ namespace, log: { message, error, topic, groupId } }: LogEntry): string {
  return [namespace, message, error, topic, groupId].filter((part) => typeof part === 'string').join(' · ');
}
