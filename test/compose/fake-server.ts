/**
 * The fake server of an EventStoreDB server for the compose file, where the real one's image cannot be had: it answers on port 2113 of
 * every address, which a container needs, and forgets everything when it ends. For trying out only.
 */
import { connect, createServer } from 'node:net';
import { FakeServer } from '../services/eventstore/fake-server.js';

const PORT = 2113;
const fakeServer = await FakeServer.start();
const door = createServer((outside) => {
  const inside = connect(fakeServer.port, '127.0.0.1');
  outside.pipe(inside).pipe(outside);
  for (const socket of [outside, inside]) socket.on('error', () => socket.destroy());
});
door.listen(PORT, '0.0.0.0', () => console.log(`The fake EventStoreDB server answers on port ${PORT}.`));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
