import { Kafka, logLevel } from 'kafkajs';
import { RawLog, storedRows, type Value } from '../measuring/raw-log.js';
import { usageNow } from '../measuring/usage.js';

/** What to read, and the log whose rows are to be written again. */
export interface BareConsumption {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
  /** The log that holds them as our own intake stored them. */
  readonly stored: string;
  /** Where they are written to. */
  readonly file: string;
}

const PLACE = /"provenance":\{"topic":"[^"]*","partition":(\d+),"offset":(\d+)\}/;
const META = 10;

type Row = Value[];

/**
 * Nothing but kafkajs and SQLite: each batch as kafkajs hands it over, its rows in one commit, and then its offset counts. The rows are those
 * that our own intake stored for the same messages, ready in memory, receipts among them as they stand among ours.
 */
async function consume({ brokers, topic, group, stored, file }: BareConsumption): Promise<() => Promise<void>> {
  const rows = storedRows(stored);
  const byPlace: Row[][] = [];
  const others: Row[] = [];
  for (const row of rows.events as Row[]) {
    const [, partition, offset] = PLACE.exec(row[META] as string) ?? [];
    if (partition === undefined) others.push(row);
    else (byPlace[Number(partition)] ??= [])[Number(offset)] = row;
  }
  const messages = rows.events.length - others.length;
  /** Rows of others for each message. */
  const share = others.length / messages;
  const log = RawLog.create(file, rows);
  let position = 0;
  let written = 0;
  let taken = 0;
  const write = (partition: number, from: number, to: number): void => {
    const batch = (byPlace[partition] ?? []).slice(from, to + 1);
    const left = messages - taken - batch.length;
    while (others.length > left * share) batch.push(others.pop() as Row);
    // They come in another order than they came to us.
    for (const row of batch) row[0] = position += 1;
    log.write(batch);
    written += batch.length;
  };
  process.on('message', () => process.send?.({ ...usageNow(), taken }));
  const consumer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).consumer({ groupId: group });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    // What is written, is written before anything else is done: nothing is won by several partitions at a time.
    eachBatch: ({ batch }) => {
      write(batch.partition, Number(batch.firstOffset()), Number(batch.lastOffset()));
      taken += batch.messages.length;
      return Promise.resolve();
    },
  });
  return async () => {
    await consumer.disconnect();
    log.close();
    if (written !== rows.events.length) throw new Error(`${written} of ${rows.events.length} rows were written again.`);
  };
}

process.once('message', (consumption: BareConsumption) => {
  void consume(consumption).then(
    (end) => {
      process.once('SIGTERM', () => {
        end().then(
          () => process.exit(0),
          (error: unknown) => {
            console.error(error);
            process.exit(1);
          },
        );
      });
      process.send?.({ begun: true });
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.({ ready: true });
