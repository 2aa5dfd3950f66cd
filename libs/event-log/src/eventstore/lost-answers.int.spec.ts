import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { AppendFault } from '../../../../test/services/eventstore/faults.js';
import { collect, followUntil, Samples, positionOf, statuses } from '../../conformance/fixture.js';
import type { AppendItem, EventLog } from '../port.js';
import { onFakeServer } from './testdata/on-fake-server.js';

/** How long the server stays away in the middle of the appends. */
const CUT_MS = Number(process.env['PERENNIAL_CUT_MS'] ?? 10_000);

const on = onFakeServer();
const samples = new Samples();

/** What the log holds, once for each event, in the order of each stream: neither less nor more. */
async function expectEach(log: EventLog, items: readonly AppendItem[]): Promise<void> {
  const wanted = new Map<string, string[]>();
  for (const { stream, event } of items) wanted.set(stream, [...(wanted.get(stream) ?? []), event.id]);
  const held = new Map<string, string[]>();
  for (const { stream, id } of await collect(log.readAll(0))) held.set(stream, [...(held.get(stream) ?? []), id]);
  expect(held).toEqual(wanted);
}

/** Tries until the server answers: how soon it is found again is not what these tests are about. */
async function persisting<T>(work: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await work();
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'unavailable') throw error;
    }
}

describe.each([
  ['by BatchAppend', true],
  ['call by call', false],
])('an answer that got lost, appending %s', (_, batchAppend) => {
  it('1,000 lost acknowledgements: nothing is lost, nothing is doubled', async () => {
    const server = await on.server({ batchAppend });
    const { log, settle } = await on.log(server, {
      timeouts: { attemptMs: batchAppend ? 1_000 : 300, callMs: 200_000 },
    });
    const seen = new Set<string>();
    let lost = 0;
    // Each event's first acknowledgement is lost: mostly in silence, and now and then with the connection.
    server.faults.append = ({ ids: [id] }) => {
      // An append that was cancelled before its event was sent is one of nothing.
      if (id === undefined || seen.has(id)) return null;
      seen.add(id);
      lost += 1;
      return lost % 40 === 0 ? 'break-after-commit' : 'lose-acknowledgement';
    };
    const items = Array.from({ length: 1_000 }, () => ({ stream: samples.stream(), event: samples.event() }));
    const verdicts = await log.appendMany(items);
    expect(lost).toBe(1_000);
    expect(statuses(verdicts)).toEqual(items.map(() => 'accepted'));
    expect(server.log.events.filter(({ stream }) => stream.startsWith('test-'))).toHaveLength(1_000);
    await settle();
    await expectEach(log, items);
  }, 300_000);

  it(`a server that is cut off for ${CUT_MS / 1_000} s amid 10,000 appends: nothing lost, nothing doubled, order kept`, async () => {
    const server = await on.server({ batchAppend });
    const { log, settle } = await on.log(server, {
      timeouts: { attemptMs: 2_000, callMs: 120_000, silenceMs: 2_000 },
    });
    const total = 10_000;
    const following = followUntil(log, 0, total);
    const items: AppendItem[] = [];
    const verdicts: string[] = [];
    const cuts: Promise<void>[] = [];
    const cutOff = async () => {
      server.cutOff();
      await sleep(CUT_MS);
      await server.restore();
    };
    // Ten who append to streams of their own, a batch after the other.
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const streams = Array.from({ length: 5 }, () => samples.stream());
        for (let batch = 0; batch < total / 10 / 50; batch += 1) {
          const own = Array.from({ length: 50 }, (_, i) => ({
            stream: streams[i % 5] as string,
            event: samples.event(),
          }));
          items.push(...own);
          // Half of them without their positions, as ingestion appends them.
          const positions = batch % 2 === 0 ? ('exact' as const) : ('not-below' as const);
          verdicts.push(...statuses(await log.appendMany(own, [], { positions })));
          if (cuts.length === 0 && verdicts.length >= total / 3) cuts.push(cutOff());
        }
      }),
    );
    await Promise.all(cuts);
    expect(cuts).toHaveLength(1);
    expect(verdicts.filter((status) => status === 'accepted')).toHaveLength(total);
    expect(server.log.events.filter(({ stream }) => stream.startsWith('test-'))).toHaveLength(total);
    const followed = (await following).map(({ position }) => position);
    expect(new Set(followed).size).toBe(total);
    expect(followed).toEqual([...followed].sort((a, b) => a - b));
    await settle();
    await expectEach(log, items);
  }, 300_000);

  it.each<AppendFault>([
    'lose-acknowledgement',
    'swallow',
    'break-after-commit',
    'break-before-commit',
    'break-after-answer',
    'answer-twice',
    'not-ready',
    'time-out',
    'time-out-then-commit',
    'unknown-error',
    'end-silently',
    { slowMs: 600 },
    { answerAfterMs: 600 },
  ])('after %j each event is there once, and an append of several stays whole', async (fault) => {
    const server = await on.server({ batchAppend });
    const { log, settle } = await on.log(server);
    const stream = samples.stream();
    const first = samples.event();
    await log.append(stream, 'no-stream', [first]);
    const faults: (AppendFault | null)[] = [fault, null, fault, null, fault];
    server.faults.append = () => faults.shift() ?? null;
    const decided = samples.events(3);
    const decision = await log.append(stream, 0, decided);
    expect(statuses(decision)).toEqual(['accepted', 'accepted', 'accepted']);
    const grouped = samples.items(4, stream);
    expect(statuses(await log.appendMany(grouped))).toEqual(grouped.map(() => 'accepted'));
    const unplaced = samples.items(4, stream);
    faults.unshift(fault);
    const verdicts = await log.appendMany(unplaced, [], { positions: 'not-below' });
    expect(statuses(verdicts)).toEqual(unplaced.map(() => 'accepted'));
    const alone = { stream: samples.stream(), event: samples.event() };
    expect(statuses(await log.appendMany([alone]))).toEqual(['accepted']);
    // What is still on its way arrives.
    await sleep(700);
    await settle();
    await expectEach(log, [...[first, ...decided].map((event) => ({ stream, event })), ...grouped, ...unplaced, alone]);
    expect((await collect(log.read(stream))).slice(1, 4).map(({ position }) => position)).toEqual(
      decision.map(positionOf),
    );
  });

  it('a decision whose answer got lost does not take its own event for another process’s', async () => {
    const server = await on.server({ batchAppend });
    const { log } = await on.log(server);
    const stream = samples.stream();
    let calls = 0;
    server.faults.append = () => ((calls += 1) === 1 ? 'lose-acknowledgement' : null);
    const event = samples.event();
    expect(statuses(await log.append(stream, 'no-stream', [event]))).toEqual(['accepted']);
    expect(statuses(await log.append(stream, 'no-stream', [samples.event()]))).toEqual(['wrong-revision']);
    expect(calls).toBe(2);
  });

  it('BatchAppend has no deadline of the client’s: an append that is never answered ends by our own timeout, and may come again', async () => {
    const server = await on.server({ batchAppend });
    const { log } = await on.log(server, { timeouts: { attemptMs: 150, callMs: 500 } });
    server.faults.append = () => 'swallow';
    const item = { stream: samples.stream(), event: samples.event() };
    await expect(log.appendMany([item])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('look its event ids up'),
    });
    expect(await log.find([item.event])).toEqual([null]);
    server.faults.append = () => null;
    expect(statuses(await persisting(() => log.appendMany([item])))).toEqual(['accepted']);
  });

  it('a server that stays away fails the append in its time, and nothing else of the process', async () => {
    const server = await on.server({ batchAppend });
    const { log } = await on.log(server, { timeouts: { attemptMs: 150, callMs: 600 } });
    server.cutOff();
    const items = samples.items(3);
    await expect(log.appendMany(items)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(log.head()).rejects.toMatchObject({ code: 'unavailable' });
    await server.restore();
    // What one of the tries stored without hearing of it is a duplicate to the next.
    const verdicts = statuses(await persisting(() => log.appendMany(items)));
    expect(verdicts.filter((status) => status !== 'accepted' && status !== 'duplicate')).toEqual([]);
    await expectEach(log, items);
  });
});
