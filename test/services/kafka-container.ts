import { SUITE_LABEL, testcontainers, type ContainerEngine } from './engine.js';
import { KAFKA_VERSION, type RunningBroker } from './kafka-program.js';
import { freePort } from './port.js';

/** The image, of those that are there: the one that the environment names, the official one. Null where there is none. */
export function kafkaImage({ images }: ContainerEngine): string | null {
  const named = process.env['TEST_KAFKA_IMAGE'];
  if (named !== undefined && named !== '') return named;
  const official = `apache/kafka:${KAFKA_VERSION}`;
  return images.has(official) ? official : null;
}

/** Starts a broker in a container. A broker tells its clients its address, so the port is chosen before it starts. */
export async function startKafkaContainer(image: string, at?: number): Promise<RunningBroker> {
  const { GenericContainer, Wait } = await testcontainers();
  const port = at ?? (await freePort());
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
    })
    .withLabels({ [SUITE_LABEL]: String(process.pid) })
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  return {
    brokers: [`127.0.0.1:${port}`],
    alive: () => true,
    remove: async () => {
      await container.stop({ timeout: 10_000 });
    },
  };
}
