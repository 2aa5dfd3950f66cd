import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { collect, contentHash, followUntil, Samples, only, positionOf, statuses } from '../../conformance/fixture.js';
import type { RecordedEvent } from '../port.js';
import { eventUuid } from './ids.js';
import { MemoryIdTable } from './memory-ids.js';
import { openEventStoreLog } from './open-eventstore-log.js';
import { onFakeServer } from './testdata/on-fake-server.js';
import { StoredLog } from '../../../../test/services/eventstore/stored-log.js';

const on = onFakeServer();
const samples = new Samples();
const ids = (events: readonly RecordedEvent[]) => events.map(({ id }) => id);

/** Events that go to as many streams. */
const apart = (count: number) => Array.from({ length: count }, () => samples.items(1)).flat();

/** Each of the client's known defects, and each weakness of the server that is designed around, by name. */
describe('of @eventstore/db-client it is known that', () => {
  it('its batch promises stand in one table for the whole process, and one call that breaks rejects those of all: ours have a table for each call', async () => {
    const [first, second] = [await on.server(), await on.server()];
    // Calls are counted: none is to be made again because this machine is busy.
    const timeouts = { attemptMs: 30_000 };
    const logs = [
      await on.log(first, { timeouts }),
      await on.log(first, { timeouts }),
      await on.log(second, { timeouts }),
    ] as const;
    for (const { log } of logs) await log.append(samples.stream(), 'any', [samples.event()]);
    // Each server has BatchAppend, and the logs on one share a client, which asks for its features once.
    expect(first.calls).toMatchObject({ append: 0, features: 1 });
    expect(second.calls).toMatchObject({ append: 0, features: 1 });
    // Answers of the second server are awaited while the call to the first one breaks: none of its appends is made again.
    const before = second.calls.batchAppend;
    second.faults.append = () => ({ answerAfterMs: 100 });
    let breaks = 0;
    first.faults.append = () => ((breaks += 1) <= 3 ? 'break-after-commit' : null);
    const appended = await Promise.all([
      logs[2].log.appendMany(apart(50)),
      logs[0].log.appendMany(samples.items(1)),
      logs[1].log.appendMany(samples.items(1)),
    ]);
    expect(appended.flat().every(({ status }) => status === 'accepted')).toBe(true);
    expect(breaks).toBeGreaterThan(1);
    expect(second.calls.batchAppend - before).toBe(50);
  });

  it('from the sixteenth message on it queues, and what waits there when the call breaks is an unhandled rejection: nothing of ours goes through its queue', async () => {
    const server = await on.server();
    const { log } = await on.log(server, { timeouts: { attemptMs: 5_000 } });
    let inFlight = 0;
    server.faults.append = () => ((inFlight += 1) === 200 ? 'break-before-commit' : { answerAfterMs: 200 });
    const items = apart(250);
    expect(statuses(await log.appendMany(items))).toEqual(items.map(() => 'accepted'));
    expect(await collect(log.readAll(0))).toHaveLength(250);
    const unary = await on.log(server, { callByCall: true, timeouts: { attemptMs: 5_000 } });
    inFlight = 0;
    server.faults.append = () => ((inFlight += 1) % 3 === 0 ? 'break-before-commit' : null);
    const group = samples.items(300, samples.stream());
    expect(statuses(await unary.log.appendMany(group))).toEqual(group.map(() => 'accepted'));
  });

  it('an answer without a promise kills the process: one that comes twice, or after its append was given up, finds no one', async () => {
    const server = await on.server();
    const { log } = await on.log(server, { timeouts: { attemptMs: 150 } });
    let calls = 0;
    server.faults.append = () =>
      (calls += 1) % 3 === 0 ? 'answer-twice' : calls % 3 === 1 ? { answerAfterMs: 250 } : null;
    const items = apart(30);
    expect(statuses(await log.appendMany(items))).toEqual(items.map(() => 'accepted'));
    expect(await collect(log.readAll(0))).toHaveLength(30);
  });

  it('it takes a BatchAppend stream that the server ended without an error for open, and writes to it for ever: ours are over, and the next append has another', async () => {
    const server = await on.server();
    // Long enough that a case which waits for it fails.
    const { log } = await on.log(server, { timeouts: { attemptMs: 20_000 } });
    let calls = 0;
    server.faults.append = () => ((calls += 1) % 2 === 1 ? 'end-silently' : null);
    for (let i = 0; i < 4; i += 1)
      expect(statuses(await log.appendMany(samples.items(3)))).toEqual(Array(3).fill('accepted'));
    expect(await collect(log.readAll(0))).toHaveLength(12);
  }, 20_000);

  it('an unserialisable value leaves its promise unsettled: what goes to it is serialised before, and comes back letter for letter', async () => {
    const { log } = await on.log(await on.server());
    const texts = [
      '{"a":1}',
      '{ "a": 1.0 }',
      '{"b":1,"b":2}',
      '1e3',
      'null',
      '"\\u00e9"',
      'not JSON',
      '',
      '{"__proto__":1}',
      '[1,2,9007199254740993]',
    ];
    const stream = samples.stream();
    await log.appendMany(texts.map((text) => ({ stream, event: samples.event({ data: text, meta: text }) })));
    const read = await collect(log.read(stream));
    expect(read.map(({ data }) => data)).toEqual(texts);
    expect(read.map(({ meta }) => meta)).toEqual(texts);
    const circular = { n: 1n } as unknown as string;
    expect(statuses(await log.append(stream, 'any', [{ ...samples.event(), data: circular }]))).toEqual(['rejected']);
  });

  it('an append of no events is sent all the same: none is', async () => {
    const server = await on.server();
    const { log } = await on.log(server);
    await log.append(samples.stream(), 'any', []);
    await log.appendMany([]);
    await log.appendMany(samples.items(1).map((item) => ({ ...item, event: { ...item.event, id: '' } })));
    expect(server.calls).toMatchObject({ append: 0, batchAppend: 0 });
  });

  it.each([true, false])(
    'a call may fail with a raw gRPC error: it is tried again (BatchAppend %s)',
    async (batchAppend) => {
      const server = await on.server({ batchAppend });
      const { log } = await on.log(server);
      let left = 2;
      server.faults.append = () => ((left -= 1) >= 0 ? 'unknown-error' : null);
      expect(statuses(await log.appendMany(samples.items(1)))).toEqual(['accepted']);
      expect(left).toBeLessThan(0);
    },
  );

  it.each([
    ['is dropped', 'break' as const],
    ['is ended', 'end' as const],
    ['falls silent', 'stall' as const],
  ])(
    'a subscription that %s is not created again: the follower does so, and misses and doubles nothing',
    async (_, then) => {
      const server = await on.server();
      const { log } = await on.log(server);
      let breaks = 0;
      server.faults.read = ({ subscription }) =>
        subscription && (breaks += 1) <= 4 ? { after: breaks * 7, then } : null;
      const following = followUntil(log, 0, 200);
      const items = samples.items(200);
      for (let i = 0; i < items.length; i += 20) await log.appendMany(items.slice(i, i + 20));
      expect(ids(await following)).toEqual(items.map(({ event }) => event.id));
      expect(breaks).toBeGreaterThan(4);
    },
  );

  it.each(['break' as const, 'stall' as const])('a reading that meets a %s begins the page again', async (then) => {
    const server = await on.server();
    const { log } = await on.log(server);
    const stream = samples.stream();
    const items = samples.items(50, stream);
    await log.appendMany(items);
    let breaks = 0;
    server.faults.read = ({ of, subscription }) =>
      !subscription && of !== '$all' && (breaks += 1) <= 2 ? { after: 10, then } : null;
    expect(ids(await collect(log.read(stream)))).toEqual(items.map(({ event }) => event.id));
    expect(breaks).toBe(3);
  });

  it('revisions and positions are bigint: the log tells numbers, which JSON takes', async () => {
    const { log } = await on.log(await on.server());
    const stream = samples.stream();
    const verdicts = await log.append(stream, 'no-stream', samples.events(2));
    expect(() => JSON.stringify([verdicts])).not.toThrow();
    const read = await collect(log.read(stream));
    expect(read.map(({ revision }) => revision)).toEqual([0, 1]);
    expect(read.map(({ position }) => position)).toEqual(verdicts.map(positionOf));
  });

  it('an event must stay below 1 MiB with what stands beside it: one that would not is rejected, and its neighbours are stored', async () => {
    const { log } = await on.log(await on.server());
    // Kept as a string, because it would not come back letter for letter, its quotes take twice their room.
    const meta = `{ "quotes": "${'\\"'.repeat(400_000)}" }`;
    const stream = samples.stream();
    const events = [samples.event(), samples.event({ meta }), samples.event()];
    const verdicts = await log.appendMany(events.map((event) => ({ stream, event })));
    expect(statuses(verdicts)).toEqual(['accepted', 'rejected', 'accepted']);
    expect(verdicts[1]).toMatchObject({ reason: expect.stringMatching(/would take \d+ bytes.*split the event/) });
    const large = samples.events(3).map((event) => ({ ...event, data: `"${'x'.repeat(500_000)}"` }));
    expect(await log.append(stream, 'any', large)).toEqual(
      large.map(() => ({ status: 'rejected', reason: expect.stringContaining('append fewer at once') })),
    );
    expect(statuses(await log.appendMany(large.map((event) => ({ stream, event }))))).toEqual(
      large.map(() => 'accepted'),
    );
  });

  it('reading a missing stream throws, and so does a tombstoned one: both are empty', async () => {
    const server = await on.server();
    // Without a follower: what a process has just received it need not read.
    const log = await openEventStoreLog({
      connectionString: server.connectionString,
      name: 'ours',
      ids: new MemoryIdTable(),
    });
    const [missing, deleted, gone, kept] = [samples.stream(), samples.stream(), samples.stream(), samples.stream()];
    for (const stream of [deleted, gone, kept]) await log.append(stream, 'any', samples.events(2));
    server.log.delete(`ours.${deleted}`);
    server.log.tombstone(`ours.${gone}`);
    for (const stream of [missing, deleted, gone]) expect(await collect(log.read(stream))).toEqual([]);
    expect(await log.readStreams([missing, deleted, gone, kept])).toHaveLength(2);
    const verdicts = await log.appendMany([
      ...samples.items(1, gone),
      ...samples.items(1, deleted),
      ...samples.items(1, kept),
    ]);
    expect(statuses(verdicts)).toEqual(['rejected', 'accepted', 'accepted']);
    expect(verdicts[0]).toMatchObject({ reason: expect.stringContaining('was deleted on the server') });
    expect(verdicts[1]).toMatchObject({ revision: 2 });
    await log.close();
  });

  it('$all holds what the server and others write: a log sees its own streams only', async () => {
    const server = await on.server();
    const [a, ab] = [await on.log(server, { name: 'a' }), await on.log(server, { name: 'a-b' })];
    server.writeForeign('$stats-127.0.0.1:2113', 40, '$statsCollected');
    server.writeForeign('other-tenant', 40);
    server.writeForeign('a.by-hand', 3);
    expect(await a.log.head()).toEqual({ position: 0, recordedAt: 0 });
    const items = samples.items(3);
    await a.log.appendMany(items);
    await ab.log.appendMany(samples.items(2));
    server.writeForeign('other-tenant', 300);
    expect(ids(await collect(a.log.readAll(0)))).toEqual(items.map(({ event }) => event.id));
    expect((await a.log.head()).position).toBe((await collect(a.log.readAll(0))).at(-1)?.position);
    expect(await collect(ab.log.readAll(0))).toHaveLength(2);
    expect(await collect(a.log.read('by-hand'))).toEqual([]);
  });

  it('it reads $all filtered only forwards: on a server full of what others wrote, it is the server that looks for our last event', async () => {
    const server = await on.server();
    // Calls are counted: none is to be made again because this machine is busy.
    const timeouts = { attemptMs: 30_000, silenceMs: 30_000 };
    const first = await on.log(server, { name: 'ours', timeouts });
    const [verdict] = await first.log.appendMany(samples.items(1));
    server.writeForeign('other-tenant', 60_000);
    const [again, empty] = [
      await on.log(server, { name: 'ours', timeouts }),
      await on.log(server, { name: 'empty', timeouts }),
    ];
    // A few looks at the end, and one for all that lies before; not one for every thousand.
    const before = server.calls.read;
    expect((await again.log.head()).position).toBe(positionOf(verdict));
    expect(await empty.log.head()).toEqual({ position: 0, recordedAt: 0 });
    server.writeForeign('other-tenant', 10);
    expect(await empty.log.head()).toEqual({ position: 0, recordedAt: 0 });
    expect(server.calls.read - before).toBeLessThan(10);
    expect(before).toBeLessThan(30);
  });

  it('a filtered subscription needs checkpoints: one that is begun again does not look through what others wrote in the meantime', async () => {
    const server = await on.server();
    const { log } = await on.log(server);
    const [verdict] = await log.appendMany(samples.items(1));
    const following = followUntil(log, positionOf(verdict), 1);
    server.writeForeign('other-tenant', 5_000);
    const written = server.log.events.at(-1)?.position ?? 0n;
    // A connection that is cut before a checkpoint has reached the follower begins where it was: so it is cut until one has. It is the
    // checkpoint before the last, which lies two intervals back.
    for (let [begun, rest] = [0, 50]; begun <= Number(written) - 450_000; rest *= 2) {
      const before = server.subscribedFrom.length;
      server.cutOff();
      await server.restore();
      while (server.subscribedFrom.length === before) await sleep(20);
      begun = Math.max(...server.subscribedFrom.slice(before));
      await sleep(rest);
    }
    await log.appendMany(samples.items(1));
    expect(await following).toHaveLength(1);
  });

  it.each(['22.10.5', '23.10.8', '24.6.0', '24.10.5', '25.0.0'])(
    'before 24.10.5 a checkpoint may be 2^64 - 1, where nothing matches yet: a follower of an empty log sees what comes later (%s)',
    async (version) => {
      const server = await on.server({ version });
      const { log } = await on.log(server, { timeouts: { silenceMs: 60_000 } });
      const following = followUntil(log, 0, 5);
      await sleep(200);
      const items = samples.items(5);
      await log.appendMany(items);
      expect(ids(await following)).toEqual(items.map(({ event }) => event.id));
    },
  );

  it('25.0.0 may give a checkpoint where the next event will stand: that event is not lost', async () => {
    const server = await on.server({ version: '25.0.0' });
    const { log } = await on.log(server, { timeouts: { silenceMs: 60_000 } });
    server.writeForeign('other-tenant', 32 - (server.log.events.length % 32));
    const following = followUntil(log, 0, 5);
    await sleep(200);
    // The connection breaks once the checkpoint has come, and with it the subscription.
    server.cutOff();
    await server.restore();
    const items = samples.items(5);
    await log.appendMany(items);
    expect(ids(await following)).toEqual(items.map(({ event }) => event.id));
  });

  it('an append with `any` knows an id again only for a while: the table knows it for ever, and what slips through is judged by the indexer', async () => {
    const server = await on.server({ log: new StoredLog({ idMemoryBytes: 1 }) });
    const first = await on.log(server, { name: 'ours' });
    // Another process, which started before the event was recorded, and whose id table has not caught up; the server has forgotten.
    const late = await on.log(server, { name: 'ours', ids: new LateIdTable() });
    const item = { stream: samples.stream(), event: samples.event() };
    const [accepted] = await first.log.appendMany([item]);
    await first.log.appendMany(samples.items(5, item.stream));
    expect(statuses(await late.log.appendMany([item]))).toEqual(['accepted']);
    expect(server.log.events.filter(({ id }) => id === eventUuid(item.event))).toHaveLength(2);
    // Once the indexer has caught up the lowest counts, and no reader gets the other.
    await first.settle();
    expect(await first.log.appendMany([item])).toEqual([{ status: 'duplicate', position: positionOf(accepted) }]);
    for (const events of [
      await collect(first.log.read(item.stream)),
      await collect(first.log.readAll(0)),
      await first.log.readStreams([item.stream]),
    ])
      expect(ids(events).filter((id) => id === item.event.id)).toEqual([item.event.id]);
    expect(only(await first.log.find([item.event]))?.position).toBe(positionOf(accepted));
    expect((await first.log.head()).position).toBe((await collect(first.log.readAll(0))).at(-1)?.position);
  });

  it('“expected = current revision” checks no ids: the table does', async () => {
    const server = await on.server();
    const { log, settle } = await on.log(server, { name: 'ours' });
    const stream = samples.stream();
    const event = samples.event();
    await log.append(stream, 'no-stream', [event]);
    await settle();
    const other = await on.log(server, { name: 'ours' });
    await other.settle();
    expect(statuses(await other.log.append(stream, 0, [event]))).toEqual(['duplicate']);
    expect(server.log.events.filter(({ id }) => id === eventUuid(event))).toHaveLength(1);
  });

  it('a server that knows an id again says success: it is told for what it is, by where it stands', async () => {
    const server = await on.server();
    const { log } = await on.log(server, { name: 'ours' });
    // Other processes, which started before, and whose id tables have not caught up: the server still knows the ids.
    const opened = () => on.log(server, { name: 'ours', ids: new LateIdTable() });
    const [late, later, latest, last] = [await opened(), await opened(), await opened(), await opened()];
    const stream = samples.stream();
    const events = samples.events(3);
    const verdicts = await log.append(stream, 'any', events);
    const duplicates = verdicts.map((verdict) => ({ status: 'duplicate', position: positionOf(verdict) }));
    expect(await late.log.append(stream, 'any', events)).toEqual(duplicates);
    expect(await later.log.appendMany(events.map((event) => ({ stream, event })))).toEqual(duplicates);
    // The same id with other content is not lost in silence.
    const reused = { ...(events[1] as (typeof events)[0]), data: '{"other":1}', contentHash: contentHash('other') };
    expect(await latest.log.appendMany([{ stream, event: reused }])).toEqual([
      { status: 'id-reused', position: positionOf(verdicts[1]) },
    ]);
    // Known and new ones together: nothing is stored, and the culprit is named.
    const mixed = await last.log.append(stream, 'any', [events[0] as (typeof events)[0], samples.event()]);
    expect(statuses(mixed)).toEqual(['duplicate', 'rejected']);
    expect(await collect(log.read(stream))).toHaveLength(3);
  });
});

describe('of the server it is known that', () => {
  it('its clock may step back: recordedAt never decreases along the log, and “known at” stays a position', async () => {
    let now = Date.UTC(2026, 0, 1);
    const server = await on.server({ log: new StoredLog({ now: () => now }) });
    const { log, settle } = await on.log(server);
    const places: number[] = [];
    for (const step of [10, 10, -15, 3, 20]) {
      now += step;
      places.push(positionOf((await log.append(samples.stream(), 'any', [samples.event()]))[0]));
    }
    const start = Date.UTC(2026, 0, 1);
    const check = async () => {
      const told = (await collect(log.readAll(0))).map(({ recordedAt }) => recordedAt - start);
      expect(told).toEqual([10, 20, 20, 20, 28]);
      const known = await Promise.all([9, 10, 17, 20, 27, 28].map((at) => log.positionAt(start + at)));
      expect(known).toEqual([0, places[0], places[0], places[3], places[3], places[4]]);
    };
    await check();
    await settle();
    await check();
    // From a mark on as from the beginning.
    const after = await collect(log.readAll(places[1] as number));
    expect(after.map(({ recordedAt }) => recordedAt - start)).toEqual([20, 20, 28]);
  });

  it.each([-60_000, 60_000, 3_600_000])(
    'it judges the deadlines of BatchAppend by its own clock: one that is %d ms ahead of ours takes our appends all the same',
    async (aheadMs) => {
      const server = await on.server({ log: new StoredLog({ now: () => Date.now() + aheadMs }) });
      const { log } = await on.log(server, { timeouts: { callMs: 3_000 } });
      expect(statuses(await log.appendMany(samples.items(3)))).toEqual(['accepted', 'accepted', 'accepted']);
      expect(server.calls.batchAppend).toBeGreaterThan(0);
    },
  );

  it.each(['22.10.5', '23.10.8', '24.10.0'])(
    'as of %s it begins subscriptions and sets checkpoints in its own way: a follower that is begun again anywhere misses and doubles nothing',
    async (version) => {
      const server = await on.server({ version });
      const { log } = await on.log(server);
      server.writeForeign('other-tenant', 700);
      let breaks = 0;
      // Broken now after an event, now after a checkpoint with nothing of ours behind it.
      server.faults.read = ({ subscription }) =>
        subscription && (breaks += 1) <= 6 ? { after: 1 + (breaks % 4), then: 'break' } : null;
      const following = followUntil(log, 0, 60);
      const items = samples.items(60);
      for (let i = 0; i < items.length; i += 3) {
        await log.appendMany(items.slice(i, i + 3));
        server.writeForeign('other-tenant', i % 2 === 0 ? 31 : 1_100);
        server.writeForeign('$stats-127.0.0.1:2113', i % 5, '$statsCollected');
      }
      expect(ids(await following)).toEqual(items.map(({ event }) => event.id));
      expect(breaks).toBeGreaterThan(6);
      expect(ids(await collect(log.readAll(0)))).toEqual(items.map(({ event }) => event.id));
    },
  );

  it.each([true, false])(
    'it may be told to take smaller events, and says so in a word that the client does not know: such an event is rejected at once (BatchAppend %s)',
    async (batchAppend) => {
      const { log } = await on.log(await on.server({ batchAppend, eventBytesMax: 10_000 }));
      const stream = samples.stream();
      const events = [samples.event(), samples.event({ data: `"${'x'.repeat(20_000)}"` }), samples.event()];
      const verdicts = await log.appendMany(events.map((event) => ({ stream, event })));
      expect(statuses(verdicts)).toEqual(['accepted', 'rejected', 'accepted']);
      expect(verdicts[1]).toMatchObject({ reason: expect.stringMatching(/MaxAppendEventSize|rejects it/) });
    },
  );

  it.each([true, false])(
    'it calls a softly deleted stream deleted where one must exist: it is missing, and may begin again (BatchAppend %s)',
    async (batchAppend) => {
      const server = await on.server({ batchAppend });
      const { log } = await on.log(server, { name: 'ours' });
      const [soft, hard] = [samples.stream(), samples.stream()];
      for (const stream of [soft, hard]) await log.append(stream, 'any', samples.events(2));
      server.log.delete(`ours.${soft}`);
      server.log.tombstone(`ours.${hard}`);
      expect(await log.append(soft, 'exists', [samples.event()])).toEqual([
        { status: 'wrong-revision', expected: 'exists', actual: null },
      ]);
      expect(statuses(await log.append(hard, 'exists', [samples.event()]))).toEqual(['rejected']);
      expect(await log.append(soft, 'no-stream', [samples.event()])).toMatchObject([
        { status: 'accepted', revision: 2 },
      ]);
      expect(await collect(log.read(soft))).toHaveLength(1);
      // Its metadata, and the tombstone, are no events of ours.
      expect(await collect(log.readAll(0))).toHaveLength(5);
    },
  );

  it('it has room for several logs, each of which an address can name', async () => {
    const server = await on.server();
    const at = async (address: string) => {
      const ids = new MemoryIdTable();
      return openEventStoreLog({ connectionString: address, ids });
    };
    const [shop, plain] = [await at(`${server.connectionString}#shop`), await at(server.connectionString)];
    const stream = samples.stream();
    await shop.append(stream, 'no-stream', samples.events(2));
    await plain.append(stream, 'no-stream', samples.events(1));
    expect(await collect(shop.readAll(0))).toHaveLength(2);
    expect(await collect(plain.readAll(0))).toHaveLength(1);
    expect(server.log.read(`shop.${stream}`)).toHaveLength(2);
    expect(server.log.read(`perennial.${stream}`)).toHaveLength(1);
    // One server, so one client.
    expect(server.calls.features).toBe(1);
    await Promise.all([shop.close(), plain.close()]);
    await expect(at(`${server.connectionString}#no/name`)).rejects.toBeInstanceOf(RangeError);
  });

  it('tools look for $correlationId and $causationId in the metadata: they stand there', async () => {
    const server = await on.server();
    const { log } = await on.log(server);
    const meta = JSON.stringify({ channel: 'shop', correlationId: 'visit-7', causationId: 'click-3' });
    const event = samples.event({ meta });
    await log.append(samples.stream(), 'any', [event]);
    const stored = server.log.events.at(-1);
    expect(stored).toMatchObject({ id: eventUuid(event), type: event.type, json: true });
    expect(JSON.parse(Buffer.from(stored?.metadata ?? []).toString('utf8'))).toEqual({
      $correlationId: 'visit-7',
      $causationId: 'click-3',
      perennial: {
        source: event.source,
        id: event.id,
        schemaVersion: 1,
        occurredAt: event.occurredAt,
        contentHash: Buffer.from(event.contentHash).toString('base64'),
      },
      meta: JSON.parse(meta),
    });
    expect(Buffer.from(stored?.data ?? []).toString('utf8')).toBe(event.data);
  });

  it.each([true, false])(
    'a follower is not the node to write to: it sends us to the leader (BatchAppend %s)',
    async (batchAppend) => {
      const leader = await on.server({ batchAppend });
      const follower = await on.server({
        batchAppend,
        log: leader.log,
        leader: () => ({ host: '127.0.0.1', port: leader.port }),
      });
      const { log } = await on.log(follower);
      const items = samples.items(20);
      expect(statuses(await log.appendMany(items))).toEqual(items.map(() => 'accepted'));
      expect(ids(await collect(log.readAll(0)))).toEqual(items.map(({ event }) => event.id));
      expect(leader.calls.append + leader.calls.batchAppend).toBeGreaterThan(0);
    },
  );

  it('a cluster is asked by gossip where its leader is', async () => {
    const leader = await on.server();
    const follower = await on.server({ log: leader.log, leader: () => ({ host: '127.0.0.1', port: leader.port }) });
    const connectionString = `esdb://127.0.0.1:${follower.port},127.0.0.1:${leader.port}?tls=false`;
    const { log } = await on.log({ connectionString });
    expect(statuses(await log.appendMany(samples.items(2)))).toEqual(['accepted', 'accepted']);
    expect(follower.calls).toMatchObject({ append: 0, batchAppend: 0 });
  });

  it('one without our rights is told so at once, not after many attempts', async () => {
    const server = await on.server({ credentials: 'other:user' });
    await expect(on.log(server)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('rejects this user'),
    });
  });
});

/** An id table whose indexer has not come yet. */
class LateIdTable extends MemoryIdTable {
  override index(): void {}
}
