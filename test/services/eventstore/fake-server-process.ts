import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { FakeServerOptions } from './fake-server.js';

/** An EventStoreDB that is reached by an address, and can be cut off. */
export interface EventStoreServer {
  /** With a log name of its own, since others may use the server. */
  readonly connectionString: string;
  cutOff(): void;
  restore(): Promise<void>;
  /** Ends every connection and forgets the event ids, as a server does whose process ends; absent where the server is not ours. */
  restart?(): Promise<void>;
  /** The server's process, where it is one of ours. */
  readonly pid?: number;
  stop(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, import.meta.url.endsWith('.ts') ? '../../..' : '../../../..');

/** The fake server in a process of its own, from source. */
export async function startFakeServerProcess(
  options: Pick<FakeServerOptions, 'commits' | 'version'> = {},
): Promise<EventStoreServer> {
  const child = fork(resolve(ROOT, 'test/services/eventstore/child.ts'), [JSON.stringify(options)], {
    execArgv: ['--conditions=source', '--import', '#from-source'],
    env: { ...process.env, NODE_OPTIONS: '' },
    cwd: ROOT,
  });
  const [connectionString] = (await once(child, 'message')) as [string];
  return {
    connectionString,
    cutOff: () => child.send('cut-off'),
    restore: async () => {
      const restored = once(child, 'message');
      child.send('restore');
      await restored;
    },
    restart: async () => {
      const restarted = once(child, 'message');
      child.send('restart');
      await restarted;
    },
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    stop: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
