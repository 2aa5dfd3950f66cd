/**
 * The fake EventStoreDB server in a process of its own, with the events of a SQLite log (LOG_FILE) in it, as a log called `bench`. Tells its
 * address, and how many events it holds.
 */
import { openSqliteLog, type RecordedEvent } from '#event-log';
import { sendable } from '../../libs/event-log/src/eventstore/stored-event.js';
import { FakeServer } from '../../test/services/eventstore/fake-server.js';
import { StoredLog } from '../../test/services/eventstore/stored-log.js';

const stored = new StoredLog({ idMemoryBytes: 0 });
const log = await openSqliteLog({ file: process.env['LOG_FILE'] ?? '', writing: 'here' });
let events = 0;
for await (const page of log.readAll(0, { with: 'contentHash' })) {
  for (const event of page) {
    const { contentHash = new Uint8Array(16) } = event;
    const { event: sent, uuid } = sendable({ ...event, contentHash }, event);
    const data: unknown = sent.data;
    stored.append(`bench.${(event satisfies RecordedEvent).stream}`, 'any', [
      {
        ...{ id: uuid, type: event.type, json: sent.contentType === 'application/json' },
        data: data instanceof Uint8Array ? Buffer.from(data) : Buffer.from(JSON.stringify(data)),
        metadata: sent.metadata as Uint8Array,
      },
    ]);
  }
  events += page.length;
}
await log.close();
const server = await FakeServer.start({ log: stored });
process.on('disconnect', () => process.exit(0));
process.send?.({ connectionString: `${server.connectionString}#bench`, events });
