import { connectChannels, type Channels } from '#platform';
import { findBroker } from '../../test/services/kafka-server.js';

/** A broker, and our own way to it. */
export interface BenchBroker {
  readonly brokers: readonly string[];
  /** As the setting KAFKA_BROKERS names it. */
  readonly setting: string;
  readonly channels: Channels;
  makeTopic(topic: string, partitions: number): Promise<void>;
  stop(): Promise<void>;
}

/** The broker at TEST_KAFKA_BROKERS, or one of its own on this machine. Throws where there is none. */
export async function startBroker(): Promise<BenchBroker> {
  const found = await findBroker();
  if (typeof found === 'string') throw new Error(`There is ${found}.`);
  const broker = await found.start();
  const { brokers } = broker;
  const silent = { warn: () => undefined, info: () => undefined, debug: () => undefined };
  const channels = await connectChannels({ brokers, tls: null, sasl: null }, silent);
  return {
    brokers,
    setting: brokers.join(','),
    channels,
    makeTopic: (topic, partitions) => channels.ensureTopics([{ topic, partitions, replicas: 1, settings: {} }]),
    stop: () => broker.remove(),
  };
}
