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

/** Starts `apps/<name>` from dist/ and waits until it says where it listens. */
export async function startApp(name: string, env: Record<string, string>): Promise<RunningApp> {
  const { up: url, ...launched } = await launch(
    name,
    { LOG_LEVEL: 'error', LOG_FORMAT: 'json', ...env },
    (printed) => / at (http:\/\/[^\s,]+?)[.,]?(?:\s|$)/.exec(printed)?.[1],
  );
  return { name, url, ...launched };
}

/** What an app says that is rejected at its start, and the exit code it ends with. */
export async function rejectionOf(name: string, env: Record<string, string>): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, [join(root, `dist/apps/${name}/src/main.js`)], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  return { code, said };
}

export interface Answered {
  readonly status: number;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** One request; the body is parsed where it is JSON. */
export async function runQuery(
  { url }: { readonly url: string },
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answered> {
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

/** Asks again and again until the answer is as wanted; fails with the last answer when that takes too long. */
export async function until<T>(
  asking: () => Promise<T>,
  wanted: (answer: T) => boolean,
  withinMs = 90_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await asking().catch((error: unknown) => error as Error);
    if (!(answer instanceof Error) && wanted(answer)) return answer;
    if (Date.now() > end)
      throw new Error(`Waited in vain; last: ${JSON.stringify(answer, null, 1).slice(0, 2_000)} ${String(answer)}`);
    await sleep(100);
  }
}
