import { describe, expect, it } from '@jest/globals';
import type { Channels, ConsumerOptions, OutgoingMessage, ReceivedMessage } from '#platform';
import type { IngestItem, ItemResult, IngestResult } from '../pipeline/item.js';
import { KafkaIngestion } from './kafka-ingestion.js';

const KB = 1024;

/** An intake at channels that hand over what they are told to, and what it took and sent. */
function ingestion(isBad: (item: IngestItem) => boolean = () => false) {
  const takes: (readonly IngestItem[])[] = [];
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
  const take = (items: readonly IngestItem[]): Promise<IngestResult> => {
    takes.push(items);
    const exceptions = items.flatMap((item, index): ItemResult[] =>
      isBad(item) ? [{ index, source: null, id: null, outcome: 'quarantined', quarantineId: `q${index}` }] : [],
    );
    return Promise.resolve({ exceptions } as unknown as IngestResult);
  };
  const made = new KafkaIngestion(channels, { take }, { now: () => 0 }, { group: 'g', topics: ['touchpoints.*'] });
  made.start();
  const hand = (messages: readonly ReceivedMessage[]) =>
    (options as ConsumerOptions).take({ topic: 'touchpoints.web', partition: 0, behind: 0, messages });
  return { takes, letters, hand };
}

/** A message of so many events, about so long each. */
const message = (offset: number, events: number, bytes: number): ReceivedMessage => ({
  ...{ offset, timestamp: 0, key: null, headers: {} },
  value: Buffer.from(
    JSON.stringify(Array.from({ length: events }, (_, n) => ({ id: `${offset}-${n}`, text: 'x'.repeat(bytes) }))),
  ),
});
const idsOf = (items: readonly IngestItem[]) => items.map(({ document }) => (document as { readonly id: string }).id);

describe('what a partition brings', () => {
  it('is taken in portions, whole and in its order', async () => {
    const { takes, hand } = ingestion();
    await hand(Array.from({ length: 1_200 }, (_, offset) => message(offset, 1, 100)));
    expect(takes.map(({ length }) => length)).toEqual([500, 500, 200]);
    expect(takes.flatMap(idsOf)).toEqual(Array.from({ length: 1_200 }, (_, offset) => `${offset}-0`));
  });

  it('is taken in portions of as many bytes where its messages hold many events, or large ones', async () => {
    const { takes, hand } = ingestion();
    await hand(Array.from({ length: 300 }, (_, offset) => message(offset, 10, 700)));
    expect(takes.flatMap(idsOf)).toHaveLength(3_000);
    expect(Math.max(...takes.map(({ length }) => length))).toBeLessThan(600);
    expect(takes.length).toBeLessThan(10);
  });

  it('may be a message that is larger than a portion: it is taken alone, and what has no value is taken too', async () => {
    const { takes, hand } = ingestion();
    const tombstone = { ...message(2, 1, 0), value: null };
    await hand([message(0, 1, 10), message(1, 1, 500 * KB), tombstone, message(3, 1, 10)]);
    expect(takes.map(({ length }) => length)).toEqual([1, 1, 2]);
  });

  it('goes to the dead letters message by message, wherever the portions end', async () => {
    const { letters, hand } = ingestion(({ document }) => /-3$/.test((document as { readonly id: string }).id));
    await hand(Array.from({ length: 200 }, (_, offset) => message(offset, 1 + (offset % 10), 700)));
    const expected = Array.from({ length: 200 }, (_, offset) => offset).filter((offset) => offset % 10 >= 3);
    expect(letters.map(({ headers }) => Number(headers['perennial-offset']))).toEqual(expected);
  });

  it('is nothing where there is nothing', async () => {
    const { takes, hand } = ingestion();
    await hand([]);
    expect(takes).toEqual([]);
  });
});
