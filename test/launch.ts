import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '..');
const UP_WITHIN_MS = 120_000;

/** An app of the compiled tree, in a process of its own. */
export interface Launched {
  readonly process: ChildProcess;
  /** The output so far, of both streams. */
  readonly printed: () => string;
  /** Sends SIGTERM and waits for the process; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL, as a power cut would end it. */
  kill(): Promise<void>;
}

/** Starts `apps/<name>` from dist/ and waits until `up`, called with the output so far, returns a value. */
export async function launch<T>(
  name: string,
  env: Record<string, string>,
  up: (printed: string) => T | undefined,
): Promise<Launched & { readonly up: T }> {
  const child = spawn(process.execPath, [join(root, `dist/apps/${name}/src/main.js`)], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const until = Date.now() + UP_WITHIN_MS;
  let found: T | undefined;
  while ((found = up(output)) === undefined) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`${name} did not start:\n${output}`);
    }
    await sleep(50);
  }
  return {
    up: found,
    process: child,
    printed: () => output,
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
