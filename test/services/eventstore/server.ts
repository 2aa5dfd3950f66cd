import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { noteServer } from '../ledger.js';
import { Cable } from './cable.js';

/** An EventStoreDB for a journey: a log of its own, on a server that can be cut off. */
export interface EventStoreServer {
  /** With the name of a log that nobody else uses. */
  readonly connectionString: string;
  cutOff(): void;
  restore(): Promise<void>;
  stop(): Promise<void>;
}

/** Which server journeys run on: the one at EVENTSTORE_URL, which others may use as well, or the stand-in. */
export interface EventStoreOffer {
  /** As titles name it. */
  readonly name: string;
  start(): Promise<EventStoreServer>;
}

/** The real one in front of which a cable can be laid: one node, spoken to in plain text. */
const PLAIN = /^(?:esdb|kurrentdb):\/\/(?:[^@/]*@)?([^:,/?]+)(?::(\d+))?\/?(?:\?(.*))?$/;

export function anyEventStore(): EventStoreOffer {
  const url = process.env['EVENTSTORE_URL'] ?? '';
  const standIn = { name: 'the stand-in of EventStoreDB', start: startStandIn };
  if (url === '') return standIn;
  const [, host, port = '2113', query = ''] = PLAIN.exec(url) ?? [];
  if (host === undefined || !/(?:^|&)tls=false(?:&|$)/i.test(query)) {
    console.warn(
      'NOT RUN on the server at EVENTSTORE_URL, but on its stand-in: only one node without TLS can be cut off.',
    );
    return standIn;
  }
  return {
    name: 'the EventStoreDB at EVENTSTORE_URL',
    async start() {
      noteServer({ service: 'EventStoreDB', origin: 'address', version: 'as given', what: 'EVENTSTORE_URL' });
      const cable = await Cable.to({ host, port: Number(port) });
      return {
        connectionString: `esdb://127.0.0.1:${cable.port}?${query}#journey-${randomUUID().slice(0, 8)}`,
        cutOff: () => cable.cutOff(),
        restore: () => cable.restore(),
        stop: async () => cable.cutOff(),
      };
    },
  };
}

/** The stand-in in a process of its own. */
async function startStandIn(): Promise<EventStoreServer> {
  noteServer({ service: 'EventStoreDB', origin: 'stand-in', version: '24.10', what: 'in a process of its own' });
  const child = fork(join(import.meta.dirname, 'child.ts'), {
    execArgv: ['--conditions=source', '--import', '#from-source'],
    env: { ...process.env, NODE_OPTIONS: '' },
    cwd: resolve(import.meta.dirname, '../../..'),
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
    stop: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
