import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { collect, Samples, statuses } from '../../conformance/fixture.js';
import type { AppendItem, EventLog, RecordedEvent } from '../port.js';
import { MemoryIdTable } from './memory-ids.js';
import { openEventStoreLog } from './open-eventstore-log.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const on = onFakeServer();
const samples = new Samples();
const ids = (events: readonly RecordedEvent[]) => events.map(({ id }) => id);

/** As the projection processor reads: a page at a time, and where none is there it waits for one, a second at most. */
async function pageByPage(
  log: EventLog,
  onPage: (page: readonly RecordedEvent[]) => Promise<void> | void,
  stop: AbortSignal,
  pageSize = 50,
  waitMs = 20,
): Promise<void> {
  for (let position = 0; !stop.aborted;) {
    let page: readonly RecordedEvent[] = [];
    for await (const events of log.readAll(position, { pageSize, with: 'contentHash' })) {
      page = events;
      break;
    }
    if (page.length === 0) {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(waitMs)]);
      for await (const events of log.follow(position, { pageSize, with: 'contentHash', signal })) {
        page = events;
        break;
      }
    }
    await onPage(page);
    position = page.at(-1)?.position ?? position;
  }
}

async function followed(log: EventLog, after: number, seen: RecordedEvent[], signal: AbortSignal, pageSize = 100) {
  for await (const page of log.follow(after, { signal, pageSize })) seen.push(...page);
}

const until = async (done: () => boolean) => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('a process with an indexer, id look-ups and another reader', () => {
  it('receives each event once, by one subscription, whether it is there already, comes in a flood, or one at a time', async () => {
    const server = await on.server();
    const [table, name] = [new MemoryIdTable(), 'ours'];
    const first = await openEventStoreLog({
      connectionString: server.connectionString,
      name,
      ids: new MemoryIdTable(),
    });
    // Each in a stream of its own: several of one stream are read back where they were appended, for their positions.
    const items = (count: number) => Array.from({ length: count }, () => samples.items(1)).flat();
    const there = items(300);
    await first.appendMany(there);
    await first.close();

    const timeouts = { attemptMs: 30_000, silenceMs: 60_000 };
    const log = await openEventStoreLog({ connectionString: server.connectionString, name, ids: table, timeouts });
    server.sent.subscription = 0;
    const stop = new AbortController();
    const worker: RecordedEvent[] = [];
    const indexed: RecordedEvent[] = [];
    const reading = [
      pageByPage(
        log,
        (page) => {
          table.index(page);
          indexed.push(...page);
        },
        stop.signal,
      ),
      followed(log, 0, worker, stop.signal),
    ];
    await until(() => indexed.length === 300);
    const flood = items(500);
    for (let i = 0; i < flood.length; i += 100) await log.appendMany(flood.slice(i, i + 100));
    const single = items(20);
    // Each is appended twice: the second time it is looked up.
    for (const item of single)
      for (const status of ['accepted', 'duplicate']) expect(statuses(await log.appendMany([item]))).toEqual([status]);
    const all = [...there, ...flood, ...single].map(({ event }) => event.id);
    await until(() => indexed.length === all.length && worker.length === all.length);
    stop.abort();
    await Promise.all(reading);
    expect(new Set(ids(indexed))).toEqual(new Set(all));
    expect(ids(worker)).toEqual(ids(indexed));
    expect(server.sent).toMatchObject({ subscription: all.length, stream: 0 });
    expect(server.calls.subscription).toBe(1);
    expect(log.received).toMatchObject({ received: all.length, distinct: all.length });
    await log.close();
  });

  it('reads by itself where it is far behind, and comes back without a gap: what both read is less than what is kept', async () => {
    const server = await on.server();
    // Messages are counted: no subscription is to be made again because this machine is busy.
    const { log, settle } = await on.log(server, { timeouts: { attemptMs: 30_000, silenceMs: 60_000 } });
    const there: AppendItem[] = [];
    for (let i = 0; i < 60; i += 1) {
      const items = samples.items(100);
      await log.appendMany(items);
      there.push(...items);
    }
    await settle();
    const before = server.sent.subscription;
    expect(before).toBe(there.length);
    // The follower that keeps the id table is at the head; this one begins at the beginning.
    const stop = new AbortController();
    const seen: RecordedEvent[] = [];
    const reading = followed(log, 0, seen, stop.signal);
    await until(() => seen.length === there.length);
    const more = samples.items(30);
    for (const item of more) await log.appendMany([item]);
    await until(() => seen.length === there.length + more.length);
    stop.abort();
    await reading;
    expect(new Set(ids(seen)).size).toBe(seen.length);
    // It has read the beginning itself, as far as the newest events that are kept, and what its own subscription held in store.
    expect(server.sent.subscription - before).toBeLessThan(there.length + more.length);
    expect(server.calls.subscription).toBe(2);
    // What was on its way when a subscription was left was sent, and not received.
    const { received, distinct } = log.received;
    expect(distinct).toBe(there.length + more.length);
    expect(received).toBeGreaterThan(distinct);
    expect(received).toBeLessThanOrEqual(server.sent.subscription);
  });

  it('of several readers at different places and paces each gets each event once, in order, wherever the subscriptions break', async () => {
    const reader = fc.record({
      start: fc.nat(40),
      pageSize: fc.constantFrom(1, 3, 50),
      restMs: fc.constantFrom(0, 0, 3),
      byPage: fc.boolean(),
    });
    const breaks = fc.array(
      fc.record({ after: fc.nat(12), then: fc.constantFrom('break' as const, 'end' as const, 'stall' as const) }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(reader, { minLength: 2, maxLength: 4 }),
        breaks,
        fc.array(fc.nat(15), { minLength: 3, maxLength: 8 }),
        async (readers, faults, appends) => {
          const server = await on.server();
          const log = await openEventStoreLog({
            connectionString: server.connectionString,
            ids: new MemoryIdTable(),
            timeouts: { attemptMs: 2_000, silenceMs: 100 },
          });
          await log.appendMany(samples.items(40));
          const places = [0, ...(await collect(log.readAll(0))).map(({ position }) => position)];
          let subscriptions = 0;
          server.faults.read = ({ subscription }) => (subscription ? (faults[(subscriptions += 1) - 1] ?? null) : null);
          const stop = new AbortController();
          const seen = readers.map(() => [] as number[]);
          const reading = readers.map(async ({ start, pageSize, restMs, byPage }, index) => {
            const take = async (page: readonly RecordedEvent[]) => {
              seen[index]?.push(...page.map(({ position }) => position));
              if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
            };
            if (byPage) return pageByPage(log, take, stop.signal, pageSize);
            const options = { signal: stop.signal, pageSize };
            for await (const page of log.follow(places[start] as number, options)) await take(page);
          });
          for (const count of appends) await log.appendMany(samples.items(count));
          const whole = server.log.events
            .filter(({ stream }) => stream.startsWith('perennial.'))
            .map(({ position }) => Number(position));
          await until(() => seen.every((own) => own.at(-1) === whole.at(-1)));
          stop.abort();
          await Promise.all(reading);
          for (const [index, { start, byPage }] of readers.entries())
            expect(seen[index]).toEqual(whole.filter((position) => byPage || position > (places[start] as number)));
          await log.close();
          await server.stop();
        },
      ),
      { numRuns: 15 },
    );
  });
});
