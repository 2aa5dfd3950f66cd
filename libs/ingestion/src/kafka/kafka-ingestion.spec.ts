import { describe, expect, it } from '@jest/globals';
import type { Channels, ConsumerOptions, OutgoingMessage, ReceivedMessage } from '#platform';
import type { IngestItem, ItemResult, IngestResult } from '../pipeline/item.js';
import { KafkaIngestion } from './kafka-ingestion.js';

const KB = 1024;

/** Ingestion at a fake broker that delivers on request, with the batches that it ingested and the dead letters that it sent. */
function kafkaIngestion(isBad: (item: IngestItem) => boolean = () => false) {
  const batches: (readonly IngestItem[])[] = [];
  const letters: OutgoingMessage[] = [];
  let options: ConsumerOptions | undefined;
  const channels = {
    producer: () => ({
      send: (messages: readonly OutgoingMessage[]) => Promise.resolve(void letters.push(...messages)),
      close: () => Promise.resolve(),
    }),
    consumer: (given: ConsumerOptions) => {
      options = given;
      return { joined: true, close: () => Promise.resolve() };
    },
    ensureTopics: () => Promise.resolve(),
  } as unknown as Channels;
  const ingest = (items: readonly IngestItem[]): Promise<IngestResult> => {
    batches.push(items);
    const exceptions = items.flatMap((item, index): ItemResult[] =>
      isBad(item) ? [{ index, source: null, id: null, outcome: 'quarantined', quarantineId: `q${index}` }] : [],
    );
    return Promise.resolve({ exceptions } as unknown as IngestResult);
  };
  const made = new KafkaIngestion(channels, ingest, { group: 'g', topics: ['touchpoints.*'] });
  made.start();
  const deliver = (messages: readonly ReceivedMessage[]) =>
    (options as ConsumerOptions).handle({ topic: 'touchpoints.web', partition: 0, behind: 0, messages });
  return { batches, letters, deliver };
}

/** A message of so many events, about so long each. */
const message = (offset: number, events: number, bytes: number): ReceivedMessage => ({
  ...{ offset, timestamp: 0, key: null, headers: {} },
  value: Buffer.from(
    JSON.stringify(Array.from({ length: events }, (_, n) => ({ id: `${offset}-${n}`, text: 'x'.repeat(bytes) }))),
  ),
});
const idsOf = (items: readonly IngestItem[]) => items.map(({ document }) => (document as { readonly id: string }).id);

describe('the messages of a partition', () => {
  it('are ingested in pages, all of them and in order', async () => {
    const { batches, deliver } = kafkaIngestion();
    await deliver(Array.from({ length: 1_200 }, (_, offset) => message(offset, 1, 100)));
    expect(batches.map(({ length }) => length)).toEqual([500, 500, 200]);
    expect(batches.flatMap(idsOf)).toEqual(Array.from({ length: 1_200 }, (_, offset) => `${offset}-0`));
  });

  it('are ingested in pages of a bounded size where they hold many events, or large ones', async () => {
    const { batches, deliver } = kafkaIngestion();
    await deliver(Array.from({ length: 300 }, (_, offset) => message(offset, 10, 700)));
    expect(batches.flatMap(idsOf)).toHaveLength(3_000);
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThan(600);
    expect(batches.length).toBeLessThan(10);
  });

  it('are ingested alone where one is larger than a page, and also without a value', async () => {
    const { batches, deliver } = kafkaIngestion();
    const tombstone = { ...message(2, 1, 0), value: null };
    await deliver([message(0, 1, 10), message(1, 1, 500 * KB), tombstone, message(3, 1, 10)]);
    expect(batches.map(({ length }) => length)).toEqual([1, 1, 2]);
  });

  it('are passed over where they are tombstones of a compacted topic, and the others go on', async () => {
    const { batches, letters, deliver } = kafkaIngestion(() => true);
    const tombstone = (offset: number) => ({ ...message(offset, 1, 0), key: Buffer.from('row'), value: null });
    await deliver([tombstone(0), message(1, 1, 10), tombstone(2), tombstone(3)]);
    expect(batches.flatMap(idsOf)).toEqual(['1-0']);
    expect(letters.map(({ headers }) => headers['perennial-offset'])).toEqual(['1']);
    await deliver([tombstone(4)]);
    expect(batches.flatMap(idsOf)).toEqual(['1-0']);
  });

  it('go to the dead letters one by one, wherever the pages end', async () => {
    const { letters, deliver } = kafkaIngestion(({ document }) => /-3$/.test((document as { readonly id: string }).id));
    await deliver(Array.from({ length: 200 }, (_, offset) => message(offset, 1 + (offset % 10), 700)));
    const expected = Array.from({ length: 200 }, (_, offset) => offset).filter((offset) => offset % 10 >= 3);
    expect(letters.map(({ headers }) => Number(headers['perennial-offset']))).toEqual(expected);
  });

  it('may be none at all', async () => {
    const { batches, deliver } = kafkaIngestion();
    await deliver([]);
    expect(batches).toEqual([]);
  });
});
