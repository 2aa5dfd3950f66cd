/**
 * The fake server of an EventStoreDB server in a process of its own; its options are the argument, as JSON. Tells its address, and obeys:
 * 'cut-off' takes it away, 'restore' brings it back on the same port with all that was committed, 'restart' ends every connection and forgets the
 * event ids, as the server does when its process ends.
 */
import { FakeServer, type FakeServerOptions } from './fake-server.js';

const fakeServer = await FakeServer.start(JSON.parse(process.argv[2] ?? '{}') as FakeServerOptions);
process.on('message', (order: 'cut-off' | 'restore' | 'restart') => {
  if (order === 'cut-off') fakeServer.cutOff();
  else if (order === 'restart') void fakeServer.restart().then(() => process.send?.('restarted'));
  else void fakeServer.restore().then(() => process.send?.('restored'));
});
process.on('disconnect', () => process.exit(0));
process.send?.(fakeServer.connectionString);
