import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '..');
const UP_WITHIN_MS = 120_000;

/** An app of the compiled tree, in a process of its own. */
export interface Launched {
  readonly process: ChildProcess;
  /** What it printed so far, both streams. */
  readonly printed: () => string;
  /** Asks it to end, and waits until it has: resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

/** Starts `apps/<name>` from dist/ and waits until it is up: until `up`, told what it printed so far, gives something. */
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
