import { randomUUID } from 'node:crypto';
import { noteServer } from '../ledger.js';
import { Cable } from './cable.js';
import { startFakeServerProcess, type EventStoreServer } from './fake-server-process.js';

export type { EventStoreServer };

/** Which server journeys run on: the one at EVENTSTORE_URL, which others may use as well, or the fake server. */
export interface EventStoreOffer {
  /** As titles name it. */
  readonly name: string;
  start(): Promise<EventStoreServer>;
}

/** The real one in front of which a cable can be laid: one node, spoken to in plain text. */
const PLAIN = /^(?:esdb|kurrentdb):\/\/(?:[^@/]*@)?([^:,/?]+)(?::(\d+))?\/?(?:\?(.*))?$/;

export function anyEventStore(): EventStoreOffer {
  const url = process.env['EVENTSTORE_URL'] ?? '';
  const fakeServer = { name: 'the fake EventStoreDB server', start: startFakeServer };
  if (url === '') return fakeServer;
  const [, host, port = '2113', query = ''] = PLAIN.exec(url) ?? [];
  if (host === undefined || !/(?:^|&)tls=false(?:&|$)/i.test(query)) {
    console.warn(
      'NOT RUN on the server at EVENTSTORE_URL, but on its fake server: only one node without TLS can be cut off.',
    );
    return fakeServer;
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

async function startFakeServer(): Promise<EventStoreServer> {
  noteServer({ service: 'EventStoreDB', origin: 'fake server', version: '24.10', what: 'in a process of its own' });
  return startFakeServerProcess();
}
