import { describe, expect, it } from '@jest/globals';
import { collect, Samples, statuses } from '../../conformance/fixture.js';
import { MemoryIdTable } from './memory-ids.js';
import { openEventStoreLog } from './open-eventstore-log.js';
import { sendable } from './stored-event.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const NAME = 'perennial';
const EVENTS = 100_000;
const PER_STREAM = 500;

describe('an id table that is behind what was on record when the process started', () => {
  const fake = onFakeServer();
  const samples = new Samples();

  it('lets nothing that is on record pass as new, in its own stream or in another, of 100,000 events on a server that forgot their ids', async () => {
    const server = await fake.server();
    const items = Array.from({ length: EVENTS / PER_STREAM }, () => samples.items(PER_STREAM)).flat();
    // Past the wire, as fast as memory: what is asked is asked through the adapter.
    for (const { stream, event } of items) {
      const { uuid: id, type, isJson: json, metadata, data } = sendable(event);
      const proposed = { id, type, json, metadata, data };
      server.log.append(`${NAME}.${stream}`, 'any', [proposed]);
    }
    server.log.forgetIds();

    // A process whose read models are empty: after a move, a lost folder, a restore.
    const ids = new MemoryIdTable();
    const log = await openEventStoreLog({ connectionString: server.connectionString, name: NAME, ids });
    const { position: head } = await log.head();
    const same = [0, 1, 777, 50_001, EVENTS - 1].map((at) => items[at]!);
    const elsewhere = same.map(({ event }) => ({ stream: samples.stream(), event }));
    for (const repeated of [same, elsewhere, [...samples.items(3), ...same]])
      await expect(log.appendMany(repeated)).rejects.toMatchObject({
        code: 'catching-up',
        message: expect.stringContaining(`the last ${head} bytes`),
      });
    await expect(log.append(same[0]!.stream, 'any', [same[0]!.event])).rejects.toMatchObject({ code: 'catching-up' });
    expect((await log.head()).position).toBe(head);

    // What an expectation guards goes on: the server decides by revisions, not by ids.
    expect(statuses(await log.append(samples.stream(), 'no-stream', [samples.event()]))).toEqual(['accepted']);

    // Half of it is indexed: the distance shrinks, and what is known already is told.
    const pages = log.readAll(0, { with: 'contentHash', pageSize: 50_000, upTo: head });
    let indexed = 0;
    for await (const page of pages) {
      ids.index(page);
      indexed += page.length;
      if (indexed < EVENTS)
        await expect(log.appendMany(samples.items(1))).rejects.toMatchObject({ code: 'catching-up' });
    }
    expect(indexed).toBe(EVENTS);
    expect(new Set(statuses(await log.appendMany(same)))).toEqual(new Set(['duplicate']));
    expect(new Set(statuses(await log.appendMany(elsewhere)))).toEqual(new Set(['duplicate']));
    expect(statuses(await log.appendMany(samples.items(3)))).toEqual(['accepted', 'accepted', 'accepted']);
    await log.close();
  }, 900_000);

  it('is told at once where it knows all events of the batch', async () => {
    const server = await fake.server();
    const first = await fake.log(server, { name: NAME });
    const [known, unknown] = [samples.items(1)[0]!, samples.items(1)[0]!];
    await first.log.appendMany([known]);
    await first.log.appendMany([unknown]);
    server.log.forgetIds();
    const ids = new MemoryIdTable();
    const log = await openEventStoreLog({ connectionString: server.connectionString, name: NAME, ids });
    ids.index((await collect(log.readAll(0, { with: 'contentHash' }))).slice(0, 1));
    expect(statuses(await log.appendMany([known]))).toEqual(['duplicate']);
    await expect(log.appendMany([known, unknown])).rejects.toMatchObject({ code: 'catching-up' });
    await log.close();
  });

  it('of a new log is not behind', async () => {
    const server = await fake.server();
    const log = await openEventStoreLog({
      ...{ connectionString: server.connectionString, name: NAME, ids: new MemoryIdTable() },
    });
    expect(statuses(await log.appendMany(samples.items(2)))).toEqual(['accepted', 'accepted']);
    await log.close();
  });
});
