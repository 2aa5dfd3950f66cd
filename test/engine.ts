import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { launch, type Launched } from './launch.js';

/** A running engine of the compiled tree, in a process of its own. */
export interface Engine extends Launched {
  readonly url: string;
  readonly token: string;
  /** One request with the local key; the body is parsed where it is JSON. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: any }>; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** Starts `standalone` from dist/ on a data folder and a free port, and waits until it has written its address. */
export async function startEngine(dataDir: string, env: Record<string, string> = {}): Promise<Engine> {
  // A killed engine leaves its address behind: the file that is read below must be of the new one.
  rmSync(join(dataDir, 'engine.json'), { force: true });
  const address = join(dataDir, 'engine.json');
  const { up: text, ...launched } = await launch(
    'standalone',
    { DATA_DIR: dataDir, PORT: '0', DEMO: 'off', LOG_LEVEL: 'warn', ...env },
    () => (existsSync(address) ? readFileSync(address, 'utf8') : undefined),
  );
  const { url, token } = JSON.parse(text) as { url: string; token: string };
  return {
    url,
    token,
    ...launched,
    async request(method, path, body, headers = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const json = response.headers.get('content-type')?.includes('json') === true && text !== '';
      return { status: response.status, body: json ? JSON.parse(text) : text };
    },
  };
}
