import { join } from 'node:path';
import { openSqliteLog } from '#event-log';
import { connectChannels, SYSTEM_CLOCK } from '#platform';
import { openSqliteKeyStore, Sealer } from '#keys';
import { IngestTouchpoints, IngestTouchpointsHandler } from '../../pipeline/ingest-touchpoints.js';
import { Ingestion } from '../../pipeline/ingestion.js';
import { KafkaIngestion } from '../kafka-ingestion.js';

/** A process that ingests touchpoints from one topic into a log of its own, until it is killed: `BROKERS FOLDER TOPIC GROUP`. It prints the partition and the last offset of each batch. */
const [brokers = '', folder = '.', topic = '', group = ''] = process.argv.slice(2);
const log = await openSqliteLog({ file: join(folder, 'log.db') });
const sealer = new Sealer(openSqliteKeyStore({ file: join(folder, 'keys.db') }));
const handler = new IngestTouchpointsHandler(new Ingestion({ log, sealer }));
const silent = { warn: () => undefined, info: () => undefined, debug: () => undefined };
const channels = await connectChannels({ brokers: brokers.split(','), tls: null, sasl: null }, silent);
new KafkaIngestion(
  channels,
  (items) => handler.execute(new IngestTouchpoints(items, SYSTEM_CLOCK.now())),
  // After this long the broker counts a killed member as dead and assigns its partitions to others.
  { group, topics: [topic], sessionTimeoutMs: 1_500, topicPollMs: 1_000 },
  { ingested: ({ partition, messages }) => void process.stdout.write(`${partition} ${messages.at(-1)?.offset}\n`) },
).start();
setInterval(() => undefined, 1_000_000);
