import { request } from 'node:http';

/** The Docker engine's answers that tests need. */
export interface ContainerEngine {
  /** The names of the images that are there already, such as `postgres:18`. */
  readonly images: ReadonlySet<string>;
}

/** A Docker engine that answers, or null. Nothing is started and nothing is pulled. */
export async function findContainerEngine(): Promise<ContainerEngine | null> {
  if (process.env['TEST_CONTAINERS'] === 'off') return null;
  const listed = await images().catch(() => null);
  return listed === null ? null : { images: new Set(listed) };
}

/**
 * testcontainers, set up for engines without a helper container of its own: each suite stops what it started, and what a killed
 * suite left behind is removed by `npm run test:services` before it begins.
 */
export async function testcontainers(): Promise<typeof import('testcontainers')> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  if ((process.env['DOCKER_HOST'] ?? 'unix:').startsWith('unix:'))
    process.env['TESTCONTAINERS_HOST_OVERRIDE'] ??= '127.0.0.1';
  return import('testcontainers');
}

/** The label of every container that a suite starts; its value is the process that will stop it. */
export const SUITE_LABEL = 'perennial.suite';

async function images(): Promise<string[]> {
  const listed = (await runQuery('/images/json')) as { RepoTags: string[] | null }[];
  return listed.flatMap(({ RepoTags }) => RepoTags ?? []);
}

function runQuery(path: string): Promise<unknown> {
  const host = new URL(process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock');
  const place =
    host.protocol === 'unix:' ? { socketPath: host.pathname } : { host: host.hostname, port: host.port || '2375' };
  return new Promise((resolve, reject) => {
    const asked = request({ ...place, path, timeout: 2_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`The engine answered ${String(answer.statusCode)}.`));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('The engine did not answer.')));
    asked.on('error', reject);
    asked.end();
  });
}
