import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect, Samples, statuses } from '../../conformance/fixture.js';
import type { EventLog, ReceiptDraft } from '../port.js';
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

  it('is one read for a stream from before this process, and none when it is read again, however much came in between', async () => {
    const server = await on.server();
    const timeouts = { attemptMs: 30_000, silenceMs: 60_000 };
    const writer = await on.log(server, { timeouts, name: 'one' });
    const [old, fresh, empty] = [samples.stream(), samples.stream(), samples.stream()];
    await writer.log.appendMany(samples.items(2, old));
    const { position } = await writer.log.head();
    const reader = await openEventStoreLog({
      ...{ connectionString: server.connectionString, ids: new MemoryIdTable(), name: 'one' },
    });
    const ends = new AbortController();
    let followed = position;
    const following = (async () => {
      for await (const page of reader.follow(position, { signal: ends.signal }))
        followed = page.at(-1)?.position ?? followed;
    })();
    const settle = async () => {
      const { position: head } = await writer.log.head();
      while (followed < head) await sleep(5);
      return head;
    };
    const readBy = async (log: typeof reader, upTo: number) => {
      const before = server.calls.read;
      const events = await log.readStreams([old, fresh, empty], { upTo });
      return { calls: server.calls.read - before, events: events.map(({ stream, revision }) => [stream, revision]) };
    };
    await writer.log.appendMany([...samples.items(1, old), ...samples.items(2, fresh)]);
    const expected = [0, 1, 2].map((revision) => [old, revision]).concat([0, 1].map((revision) => [fresh, revision]));
    expect(await readBy(reader, await settle())).toEqual({ calls: 2, events: expected });
    // More than is kept of the log.
    for (let i = 0; i < 26; i += 1) await writer.log.appendMany(samples.items(100));
    await writer.log.appendMany([...samples.items(1, old), ...samples.items(1, empty)]);
    const later = [...expected, [old, 3], [empty, 0]];
    expect(await readBy(reader, await settle())).toEqual({ calls: 0, events: later });
    ends.abort();
    await following.catch(() => undefined);
    await reader.close();
  });

  it('is nothing where the next page of the log was received while the last one was worked on', async () => {
    const server = await on.server();
    const log = await openEventStoreLog({ connectionString: server.connectionString, ids: new MemoryIdTable() });
    await log.appendMany(samples.items(3));
    const first = await pageAbove(log, 0);
    await log.appendMany(samples.items(4));
    // What is worked on in the meantime.
    await sleep(300);
    const before = server.calls.read;
    const second = await pageAbove(log, first);
    expect(server.calls.read - before).toBe(0);
    expect(second).toBe((await log.head()).position);
    expect(await pageAbove(log, second)).toBe(second);
    await log.close();
  });
});

/** Where the next page above a position ends; the position itself where there is none. */
async function pageAbove(log: EventLog, position: number): Promise<number> {
  for await (const events of log.readAll(position)) return events.at(-1)?.position ?? position;
  return position;
}
