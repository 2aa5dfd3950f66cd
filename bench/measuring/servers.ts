import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Load, Loaded } from '../processes/loader.js';
import { freePort } from '../../test/services/port.js';
import { requestFrom, nextMessage, startProgram, stopProgram } from './children.js';
import type { Usage } from './usage.js';

/** A server of ours in a process of its own. */
export interface Server {
  readonly url: string;
  readonly token: string;
  readonly child: ChildProcess;
  /** Null where the program does not tell it. */
  usage(): Promise<Usage | null>;
  stop(): Promise<void>;
}

const settings = (dataDir: string) => ({ DATA_DIR: dataDir, PORT: '0', DEMO: 'off', LOG_LEVEL: 'warn' });

/** Intake alone: platform, event log, intake. */
export async function startIntake(dataDir: string, more: Readonly<Record<string, string>> = {}): Promise<Server> {
  const child = startProgram('bench/processes/intake-server', { ...settings(dataDir), ...more });
  const { url, token } = await nextMessage<{ readonly url: string; readonly token: string }>(child);
  return { url, token, child, usage: () => requestFrom<Usage>(child, 'usage'), stop: () => stopProgram(child) };
}

/** The whole engine, as `npm start` runs it. */
export async function startStandalone(dataDir: string, more: Readonly<Record<string, string>> = {}): Promise<Server> {
  const child = startProgram('apps/standalone/src/main', { ...settings(dataDir), ...more });
  const address = join(dataDir, 'engine.json');
  while (!existsSync(address)) {
    if (child.exitCode !== null) throw new Error(`The engine did not start: it ended with ${child.exitCode}.`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
  const { url, token } = JSON.parse(readFileSync(address, 'utf8')) as { readonly url: string; readonly token: string };
  return { url, token, child, usage: () => Promise.resolve(null), stop: () => stopProgram(child) };
}

/** One of the engine's separate processes, once it answers. */
export async function startApp(name: string, env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const port = await freePort();
  const own = { [`${name.toUpperCase()}_PORT`]: String(port), LOG_LEVEL: 'warn' };
  const child = startProgram(`apps/${name}/src/main`, { ...env, ...own });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} did not start: it ended with ${child.exitCode}.`);
    const answer = await fetch(`http://127.0.0.1:${port}/health/live`).catch(() => null);
    if (answer?.ok === true) return child;
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

/** Sends a load from a process of its own. `warm` is called between the events that are not timed and those that are. */
export async function sendLoad(load: Load, warm: () => Promise<void>): Promise<Loaded> {
  const loader = startProgram('bench/processes/loader');
  await nextMessage(loader);
  await requestFrom(loader, load);
  await warm();
  return requestFrom<Loaded>(loader, 'go');
}
