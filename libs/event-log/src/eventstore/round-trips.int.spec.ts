import { describe, expect, it } from '@jest/globals';
import { collect, Samples, statuses } from '../../conformance/fixture.js';
import type { ReceiptDraft } from '../port.js';
import type { KnownId } from './ids.js';
import { MemoryIdTable } from './memory-ids.js';
import { openEventStoreLog } from './open-eventstore-log.js';
import { onFakeServer } from './testdata/on-fake-server.js';

/** An id table that counts its look-ups, and answers when it is let. */
class CountedIds extends MemoryIdTable {
  lookups = 0;
  /** What the look-ups wait for, each before it answers with what it found before. */
  readonly held: (() => void)[] = [];
  holds = false;

  override async lookup(uuids: readonly string[]): Promise<{ known: readonly (KnownId | null)[]; upTo: number }> {
    this.lookups += 1;
    const found = await super.lookup(uuids);
    if (this.holds) await new Promise<void>((resolve) => this.held.push(resolve));
    return { known: found.known, upTo: found.upTo };
  }
}

// How long a touchpoint takes to its acknowledgement, and then to the read models, is how often the server and the id table are asked for it.
describe('what a batch costs in round trips', () => {
  const on = onFakeServer();
  const samples = new Samples();

  it('is one look-up, one read of the end and two appends, for a touchpoint and its receipt', async () => {
    const server = await on.server();
    const ids = new CountedIds();
    const { log, settle } = await on.log(server, { ids });
    const [item] = samples.items(1);
    await settle();
    const [before, lookups] = [{ ...server.calls }, ids.lookups];
    const receipt: ReceiptDraft = {
      ...{ stream: samples.stream(), id: samples.id(), source: 'shop', receivedAt: 1, suppressed: {} },
      items: [{ index: 0, outcome: 'accepted' }],
    };
    expect(statuses(await log.appendMany([item!], [receipt], { positions: 'not-below' }))).toEqual(['accepted']);
    expect(server.calls.batchAppend - before.batchAppend).toBe(2);
    expect(ids.lookups - lookups).toBe(1);
    expect(server.calls.read - before.read).toBe(1);
  });

  it('is shared by all that come while one is under way: forty touchpoints at once take two look-ups and two reads', async () => {
    const server = await on.server();
    const ids = new CountedIds();
    const log = await openEventStoreLog({ connectionString: server.connectionString, ids });
    await log.appendMany(samples.items(1));
    const [before, lookups] = [{ ...server.calls }, ids.lookups];
    const verdicts = await Promise.all(Array.from({ length: 40 }, () => log.appendMany(samples.items(1))));
    expect(verdicts.flat().map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 'accepted'));
    expect(server.calls.batchAppend - before.batchAppend).toBe(40);
    expect(ids.lookups - lookups).toBeLessThanOrEqual(2);
    expect(server.calls.read - before.read).toBeLessThanOrEqual(2);
    await log.close();
  });

  it('tells a repetition whose look-up began before it was indexed and ended after a later one', async () => {
    const server = await on.server();
    const ids = new CountedIds();
    const log = await openEventStoreLog({ connectionString: server.connectionString, ids });
    const [item] = samples.items(1);
    await log.appendMany([item!]);
    server.log.forgetIds();
    ids.holds = true;
    const again = log.appendMany([{ stream: samples.stream(), event: item!.event }]);
    while (ids.held.length < 1) await new Promise((resolve) => setImmediate(resolve));
    for await (const page of log.readAll(0, { with: 'contentHash' })) ids.index(page);
    const other = log.appendMany(samples.items(1));
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    ids.holds = false;
    // The later one first, where both are under way.
    for (const answer of ids.held.splice(0).reverse()) {
      answer();
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(statuses(await other)).toEqual(['accepted']);
    expect(statuses(await again)).toEqual(['duplicate']);
    await log.close();
  });

  it('is nothing for streams whose events this process has just received, from their beginning or above what was folded', async () => {
    const server = await on.server();
    const { log, settle } = await on.log(server, { timeouts: { attemptMs: 30_000, silenceMs: 60_000 } });
    const streams = [samples.stream(), samples.stream(), samples.stream()];
    await log.appendMany([...samples.items(3, streams[0]), ...samples.items(4, streams[1])]);
    await settle();
    const { position } = await log.head();
    await log.appendMany([...samples.items(2, streams[1]), ...samples.items(1, streams[2])]);
    await settle();
    const upTo = (await log.head()).position;
    const all = await collect(log.readAll(0));
    const before = { ...server.calls };
    const inMemory = await log.readStreams(streams, { upTo });
    const above = await log.readStreams(streams, { upTo, after: position });
    const below = await log.readStreams(streams, { upTo: position });
    expect(server.calls.read - before.read).toBe(0);
    expect(inMemory).toEqual(all);
    expect(above).toEqual(all.filter((event) => event.position > position));
    expect(below).toEqual(all.filter((event) => event.position <= position));
  });

  it('is one read for each stream whose beginning is no longer kept, and the same is read', async () => {
    const server = await on.server();
    const { log, settle } = await on.log(server, { timeouts: { attemptMs: 30_000, silenceMs: 60_000 } });
    const [old, fresh] = [samples.stream(), samples.stream()];
    await log.appendMany(samples.items(2, old));
    // More than is kept.
    for (let i = 0; i < 26; i += 1) await log.appendMany(samples.items(100));
    await log.appendMany([...samples.items(1, old), ...samples.items(2, fresh)]);
    await settle();
    const upTo = (await log.head()).position;
    const before = { ...server.calls };
    const read = await log.readStreams([old, fresh], { upTo });
    expect(server.calls.read - before.read).toBe(1);
    expect(read.map(({ stream, revision }) => [stream, revision])).toEqual([
      [old, 0],
      [old, 1],
      [old, 2],
      [fresh, 0],
      [fresh, 1],
    ]);
  });
});
