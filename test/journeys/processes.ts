import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, type Launched } from '../launch.js';

const root = resolve(import.meta.dirname, '../..');

/** One of the engine's processes, from the compiled tree. */
export interface RunningApp extends Launched {
  readonly name: string;
  readonly url: string;
}

/** The settings of processes that share these stores, each on a free port. */
export function sharedSettings(eventStore: { readonly connectionString: string }, postgres: { readonly url: string }) {
  return {
    EVENT_LOG: eventStore.connectionString,
    POSTGRES_URL: postgres.url,
    KEYS_URL: postgres.url,
    ...{ API_PORT: '0', INTAKE_PORT: '0', PROJECTOR_PORT: '0', RELAY_PORT: '0' },
  };
}

/** Starts `apps/<name>` from dist/ and waits until it prints its address. */
export async function startApp(name: string, env: Record<string, string>): Promise<RunningApp> {
  const { up: url, ...launched } = await launch(
    name,
    { LOG_LEVEL: 'error', LOG_FORMAT: 'json', ...env },
    (printed) => / at (http:\/\/[^\s,]+?)[.,]?(?:\s|$)/.exec(printed)?.[1],
  );
  return { name, url, ...launched };
}

/** What an app prints that fails at its start, and its exit code. */
export async function rejectionOf(
  name: string,
  env: Record<string, string>,
): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [join(root, `dist/apps/${name}/src/main.js`)], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  return { code, stderr };
}

export interface HttpResponse {
  readonly status: number;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** One request; the body is parsed where it is JSON. */
export async function request(
  { url }: { readonly url: string },
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<HttpResponse> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return { status: response.status, body: json ? JSON.parse(text) : text };
}

/** Polls until the answer is the expected one; fails with the last answer after a timeout. */
export async function until<T>(
  poll: () => Promise<T>,
  isExpected: (answer: T) => boolean,
  withinMs = 90_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await poll().catch((error: unknown) => error as Error);
    if (!(answer instanceof Error) && isExpected(answer)) return answer;
    if (Date.now() > end)
      throw new Error(
        `Timed out; the last answer was: ${JSON.stringify(answer, null, 1).slice(0, 2_000)} ${String(answer)}`,
      );
    await sleep(100);
  }
}
