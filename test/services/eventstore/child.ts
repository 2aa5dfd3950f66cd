/**
 * The fake server of an EventStoreDB server in a process of its own; its options are the argument, as JSON. Tells its address, and obeys
 * orders: each is answered once it was carried out. 'cut-off' takes it away, 'restore' brings it back on the same port with all that was
 * committed, 'restart' ends every connection and forgets the event ids, as the server does when its process ends.
 */
import { FakeServer, type FakeServerOptions } from './fake-server.js';
import { NO_FAULTS } from './faults.js';

const fakeServer = await FakeServer.start(JSON.parse(process.argv[2] ?? '{}') as FakeServerOptions);
const ORDERS: Readonly<Record<string, () => unknown>> = {
  'cut-off': () => fakeServer.cutOff(),
  restore: () => fakeServer.restore(),
  restart: () => fakeServer.restart(),
  'reject-reads': () => (fakeServer.faults.read = () => ({ after: 0, then: 'reject' })),
  'answer-reads': () => (fakeServer.faults.read = NO_FAULTS.read),
  /** How many events it holds, its own ones included. */
  count: () => fakeServer.log.events.length,
};
process.on('message', (order: string) => {
  void Promise.resolve(ORDERS[order]?.()).then((answer) =>
    process.send?.({ order, answer: typeof answer === 'number' ? answer : null }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.(fakeServer.connectionString);
