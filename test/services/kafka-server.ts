import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { findContainerEngine } from './engine.js';
import { kafkaImage, startKafkaContainer } from './kafka-container.js';
import { missingJars, missingProgram, startKafkaProgram, type RunningBroker } from './kafka-program.js';

/** A broker that can be had here, and whence. */
export interface FoundBroker {
  readonly origin: 'address' | 'container' | 'program';
  readonly what: string;
  /** Resolves once it answers: at this port where it is started here, else at a free one. */
  start(port?: number): Promise<RunningBroker>;
}

/**
 * Looks for a broker, in this order: an address in the environment (TEST_KAFKA_BROKERS, with commas between several), a container where
 * a Docker engine answers and has an image, the program from its jars with this machine's Java. Or why there is none.
 */
export async function findBroker(): Promise<FoundBroker | string> {
  const brokers = (process.env['TEST_KAFKA_BROKERS'] ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (brokers.length > 0) {
    const there: RunningBroker = { brokers, alive: () => true, remove: () => Promise.resolve() };
    return { origin: 'address', what: brokers.join(','), start: () => ready(there) };
  }
  const engine = await findContainerEngine();
  const image = engine === null ? null : kafkaImage(engine);
  if (image !== null)
    return { origin: 'container', what: image, start: async (port) => ready(await startKafkaContainer(image, port)) };
  const lacking = missingProgram() ?? (await missingJars());
  if (lacking === null)
    return { origin: 'program', what: 'from its jars', start: async (port) => ready(await startKafkaProgram(port)) };
  return `no Kafka: no address in TEST_KAFKA_BROKERS, no image for a container, and ${lacking}`;
}

async function ready(broker: RunningBroker): Promise<RunningBroker> {
  try {
    await untilReady(broker);
    return broker;
  } catch (error) {
    await broker.remove();
    throw error;
  }
}

/** A broker listens before it serves: it is ready once it tells who controls it. */
export async function untilReady({ brokers, alive }: RunningBroker): Promise<void> {
  const client = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    retry: { retries: 0 },
  });
  for (let attempt = 0; attempt < 300; attempt++) {
    if (!alive()) throw new Error('Kafka ended as soon as it was started.');
    const admin = client.admin();
    try {
      await admin.connect();
      const { controller } = await admin.describeCluster();
      if (controller !== null) return;
    } catch {
      // Not yet.
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    await sleep(200);
  }
  throw new Error('Kafka was started and did not answer within a minute.');
}
