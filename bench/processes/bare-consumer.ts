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
  /** Of each partition its rows, in their order, and at which of them each message begins. */
  const byPartition: { readonly rows: Row[]; readonly starts: number[] }[] = [];
  const others: Row[] = [];
  for (const row of rows.events as Row[]) {
    const [, partition, offset] = PLACE.exec(row[META] as string) ?? [];
    if (partition === undefined) others.push(row);
    else {
      const { rows, starts } = (byPartition[Number(partition)] ??= { rows: [], starts: [] });
      starts[Number(offset)] ??= rows.length;
      rows.push(row);
    }
  }
  const touchpoints = rows.events.length - others.length;
  /** Rows of others for each touchpoint. */
  const share = others.length / touchpoints;
  const log = RawLog.create(file, rows);
  let position = 0;
  let written = 0;
  let taken = 0;
  const write = (partition: number, from: number, to: number): void => {
    const { rows = [], starts = [] } = byPartition[partition] ?? {};
    const batch = rows.slice(starts[from], starts[to + 1]);
    taken += batch.length;
    const left = touchpoints - taken;
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
