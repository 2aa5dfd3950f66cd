import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { FakeServerOptions } from './fake-server.js';

/** A server that obeys. */
export interface OwnServer {
  /** Ends every connection and forgets the event ids, as a server does whose process ends. */
  restart(): Promise<void>;
  rejectReads(): Promise<void>;
  answerReads(): Promise<void>;
  /** How many events it holds, its own ones included. */
  count(): Promise<number>;
  /** Stops its process: connections stay, and nothing is answered. */
  freeze(): void;
  thaw(): void;
}

/** An EventStoreDB that is reached by an address, and can be cut off. */
export interface EventStoreServer {
  /** With a log name of its own, since others may use the server. */
  readonly connectionString: string;
  cutOff(): void;
  restore(): Promise<void>;
  /** What only a server can do that is started for the suite alone; absent where it is not. */
  readonly own?: OwnServer;
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
  const order = async (name: string): Promise<number | null> => {
    const answered = new Promise<number | null>((resolve) => {
      const listen = (message: { readonly order: string; readonly answer: number | null }) => {
        if (message.order !== name) return;
        child.off('message', listen);
        resolve(message.answer);
      };
      child.on('message', listen);
    });
    child.send(name);
    return answered;
  };
  const send = (signal: NodeJS.Signals) => void child.kill(signal);
  return {
    connectionString,
    cutOff: () => void order('cut-off'),
    restore: async () => void (await order('restore')),
    own: {
      restart: async () => void (await order('restart')),
      rejectReads: async () => void (await order('reject-reads')),
      answerReads: async () => void (await order('answer-reads')),
      count: async () => (await order('count')) ?? 0,
      freeze: () => send('SIGSTOP'),
      thaw: () => send('SIGCONT'),
    },
    stop: async () => {
      const gone = once(child, 'exit');
      send('SIGCONT');
      child.disconnect();
      await gone;
    },
  };
}
