import { SUITE_LABEL, testcontainers, type ContainerEngine } from './engine.js';
import { freePort } from './port.js';
import type { RunningServer } from './postgres.js';

/**
 * The image for a version, of those that are there: the one that the environment names (TEST_POSTGRES_15_IMAGE), the one that
 * `npm run test:images` builds, the official one. Null where there is none: nothing is pulled while tests run.
 */
export function imageFor(major: number, { images }: ContainerEngine): string | null {
  const named = process.env[`TEST_POSTGRES_${major}_IMAGE`];
  if (named !== undefined && named !== '') return named;
  return [`perennial-test-postgres:${major}`, `postgres:${major}`].find((image) => images.has(image)) ?? null;
}

/** Starts a server in a container, through testcontainers, on a port that stays the same when it is started again. */
export async function startContainer(image: string): Promise<RunningServer> {
  const { GenericContainer, Wait, getContainerRuntimeClient } = await testcontainers();
  const host = await freePort();
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: 5432, host })
    .withEnvironment({ POSTGRES_USER: 'perennial', POSTGRES_DB: 'postgres', POSTGRES_HOST_AUTH_METHOD: 'trust' })
    .withLabels({ [SUITE_LABEL]: String(process.pid) })
    .withCommand(['postgres', '-c', 'fsync=off'])
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const client = await getContainerRuntimeClient();
  const itself = client.container.getById(container.getId());
  return {
    url: `postgres://perennial@${container.getHost()}:${host}/postgres`,
    alive: () => true,
    halt: async (how) => {
      if (how === 'crash') await itself.kill();
      else await itself.stop();
    },
    start: async () => {
      await itself.start();
    },
    remove: async () => {
      await container.stop({ timeout: 10_000 });
    },
  };
}
