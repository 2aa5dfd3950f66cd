import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const STARTED_WITHIN_MS = 120_000;

/** A running engine of the compiled tree, in a process of its own. */
export interface Engine {
  readonly url: string;
  readonly token: string;
  readonly process: ChildProcess;
  /** What it printed so far, both streams. */
  readonly printed: () => string;
  /** One request with the local key; the body is parsed where it is JSON. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: any }>; // eslint-disable-line @typescript-eslint/no-explicit-any
  /** Asks it to end, and waits until it has: resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

/** Starts `standalone` from dist/ on a data folder and a free port, and waits until it says where it listens. */
export async function startEngine(dataDir: string, env: Record<string, string> = {}): Promise<Engine> {
  // A killed engine leaves its address behind: what is read below must be the new one's.
  rmSync(join(dataDir, 'engine.json'), { force: true });
  const child = spawn(process.execPath, [join(root, 'dist/apps/standalone/src/main.js')], {
    cwd: root,
    env: { ...process.env, DATA_DIR: dataDir, PORT: '0', DEMO: 'off', LOG_LEVEL: 'warn', NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));

  const address = join(dataDir, 'engine.json');
  const started = Date.now();
  while (!existsSync(address)) {
    if (child.exitCode !== null || Date.now() - started > STARTED_WITHIN_MS) {
      child.kill('SIGKILL');
      throw new Error(`The engine did not start:\n${output}`);
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
  const { url, token } = JSON.parse(readFileSync(address, 'utf8')) as { url: string; token: string };
  return {
    url,
    token,
    process: child,
    printed: () => output,
    async ask(method, path, body, headers = {}) {
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
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
