/**
 * The fake server of an EventStoreDB server in a process of its own. Tells its address, and obeys: 'cut-off' takes it away,
 * 'restore' brings it back on the same port with all that was committed.
 */
import { FakeServer } from './fake-server.js';

const fakeServer = await FakeServer.start();
process.on('message', (order: 'cut-off' | 'restore') => {
  if (order === 'cut-off') fakeServer.cutOff();
  else void fakeServer.restore().then(() => process.send?.('restored'));
});
process.on('disconnect', () => process.exit(0));
process.send?.(fakeServer.connectionString);
