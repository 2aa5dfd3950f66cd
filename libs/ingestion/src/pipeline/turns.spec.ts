import { describe, expect, it } from '@jest/globals';
import { openSqliteKeyStore, Sealer } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { HTTP_BINDING, readEvents, readEventsInTurns } from '../cloudevents/read-events.js';
import { readNdjson } from '../cloudevents/ndjson.js';
import { Ingestion } from './ingestion.js';
import { IngestTouchpoints, IngestTouchpointsHandler } from './ingest-touchpoints.js';
import { TURN, Turns } from './turns.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const bodyOf = (events: readonly unknown[]) => Buffer.from(JSON.stringify(events));

describe('long work', () => {
  it('is divided by events and by bytes', () => {
    const turns = new Turns();
    const ends = (events: number, bytes: number) =>
      Array.from({ length: events }, () => turns.isOver(bytes)).filter(Boolean).length;
    expect(ends(3 * TURN.events, 0)).toBe(3);
    expect(ends(10, TURN.bytes)).toBe(10);
    expect(ends(10, TURN.bytes / 2)).toBe(5);
  });

  it.each([
    ['many small events', Array.from({ length: 2_500 }, (_, at) => orderPlaced({ id: `s${at}`, source: 'small' }))],
    [
      'events of an unknown type',
      Array.from({ length: 2_500 }, (_, at) => orderPlaced({ id: `q${at}`, source: 'bad', type: 'none' })),
    ],
    [
      'few large events',
      Array.from({ length: 20 }, (_, at) => orderPlaced({ id: `l${at}`, source: 'large', x: 'a@'.repeat(50_000) })),
    ],
  ])('on %s gives others their turn, in reading and in ingesting', async (_, events) => {
    const body = bodyOf(events);
    const turnsAtLeast = Math.max(
      events.length / TURN.events,
      events[0] !== undefined && body.length / events.length >= TURN.bytes
        ? events.length
        : body.length / (2 * TURN.bytes),
    );
    let reading = 0;
    const read = await readEventsInTurns(
      JSON_TYPE,
      body,
      HTTP_BINDING,
      new Turns(() => Promise.resolve((reading += 1))),
    );
    if ('code' in read) throw new Error(read.detail);
    expect(JSON.stringify(read)).toBe(JSON.stringify(readEvents(JSON_TYPE, body, HTTP_BINDING)));
    // Beside the pauses around parsing.
    expect(reading).toBeGreaterThanOrEqual(Math.floor(turnsAtLeast) + 4);

    let ingesting = 0;
    const handler = new IngestTouchpointsHandler(
      new Ingestion({ log: memoryLog(), sealer: new Sealer(openSqliteKeyStore({ file: ':memory:' })) }),
      {
        nextTurn: () => Promise.resolve((ingesting += 1)),
      },
    );
    await handler.execute(new IngestTouchpoints(read.items, 0));
    // Once to check them, and once more to seal them or to make their records.
    expect(ingesting).toBeGreaterThanOrEqual(2 * Math.floor(turnsAtLeast) - 2);
  });

  it.each([
    ['words', 'word '.repeat(100_000), 3],
    ['names with values', 'name=value; '.repeat(40_000), 10],
    ['addresses', 'someone@shop.example '.repeat(25_000), 8],
  ])('on one large event full of %s does so within it', async (_, x, least) => {
    let pauses = 0;
    const handler = new IngestTouchpointsHandler(
      new Ingestion({ log: memoryLog(), sealer: new Sealer(openSqliteKeyStore({ file: ':memory:' })) }),
      { nextTurn: () => Promise.resolve((pauses += 1)) },
    );
    await handler.execute(new IngestTouchpoints([{ document: { id: 'l1', x } }], 0));
    expect(pauses).toBeGreaterThanOrEqual(least);
  });

  it('on many rejected events makes their keys in several transactions', async () => {
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const createListed = keys.createListed.bind(keys);
    const made: number[] = [];
    keys.createListed = (listed) => {
      made.push(listed.length);
      return createListed(listed);
    };
    const handler = new IngestTouchpointsHandler(new Ingestion({ log: memoryLog(), sealer: new Sealer(keys) }));
    const items = Array.from({ length: 1_200 }, (_, at) => ({ document: orderPlaced({ id: `q${at}`, type: 'none' }) }));
    const { counts } = await handler.execute(new IngestTouchpoints(items, 0));
    expect(counts).toMatchObject({ received: 1_200, quarantined: 1_200 });
    expect(made).toEqual([500, 500, 200]);
  });

  it('on a stream does so too', async () => {
    const lines = Buffer.from(
      Array.from({ length: 20_000 }, (_, at) => JSON.stringify(orderPlaced({ id: `n${at}` }))).join('\n'),
    );
    let immediates = 0;
    const count = (): void => {
      immediates += 1;
      pending = setImmediate(count);
    };
    let pending = setImmediate(count);
    let events = 0;
    for await (const items of readNdjson(
      [lines] as unknown as AsyncIterable<Uint8Array>,
      (document) => ({ document }),
      { chunkEvents: 2_000, chunkBytes: 4_000_000, lineBytes: 1_000_000 },
    ))
      events += items.length;
    clearImmediate(pending);
    expect(events).toBe(20_000);
    expect(immediates).toBeGreaterThanOrEqual(20);
  });

  it('is not divided where it is short', async () => {
    let pauses = 0;
    const turns = new Turns(() => Promise.resolve((pauses += 1)));
    await readEventsInTurns(JSON_TYPE, bodyOf([orderPlaced()]), HTTP_BINDING, turns);
    expect(pauses).toBe(0);
  });
});
