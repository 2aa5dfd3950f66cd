import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { STREAMS } from '#contracts';
import type { AppendItem, EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { Projector } from '../processor/projector.js';
import { farLog } from '../testdata/far-log.js';
import { policyPublished, policyRestated, unreadable } from '../testdata/store.js';
import { appendAll, day, order, subject, touchpoint } from '../testdata/touchpoints.js';
import { shuffled, world } from '../testdata/world.js';

const CLOCK = { now: () => day(520) };

/** Everything in memory; the touchpoints in a file, subjects and links in memory; both written on the way; each touchpoint at once. */
const MEMORY = { all: 1e9, facts: 30_000, little: 1_000, none: 0 };

/** A business fact in the stream of its kind. */
function fact(stream: string, type: string, id: string, data: object): AppendItem {
  const { event } = touchpoint({ who: { userId: 'operator' }, at: day(400), type, id, data: { ...data } });
  return { stream, event: { ...event, meta: '{}' } };
}

/** Customers, and what else a log holds: policies, an erasure, a quarantined event, and a touchpoint that cannot be read. */
function everything(seed: number, customers: number, eventsEach: number): AppendItem[] {
  return [
    ...world(seed, customers, eventsEach),
    policyPublished('p1', {}, day(100), day(200)),
    policyRestated('p2', {}, day(300), day(350)),
    fact(STREAMS.privacy, 'person-erased', `erased-${seed}`, { subjectIds: [subject('email', 'user-1@shop.example')] }),
    fact(STREAMS.quarantine('q1'), 'event-quarantined', `q1/${seed}`, {
      ...{ source: 'shop', eventId: 'e1', type: 'order-placed', code: 'invalid', receivedAt: day(1), subjectId: null },
      ...{ pointer: '#/data/currency', detail: 'must be a currency', hint: 'write EUR' },
    }),
    unreadable(subject('userId', 'user-0'), day(10), `unreadable-${seed}`),
  ];
}

describeOnEachStore('a rebuild from a log whose streams cost a round trip each', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  const temporaryFolder = mkdtempSync(join(tmpdir(), 'perennial-spilled-'));
  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(async () => {
    await store.stop();
    rmSync(temporaryFolder, { recursive: true });
  });
  beforeEach(async () => {
    await store.wipe();
    log = memoryLog({ clock: CLOCK });
  });

  const open = (from: EventLog, foldBatchSize = 5): Promise<Projector> =>
    Projector.open({
      database: store.database,
      log: from,
      clock: CLOCK,
      foldBatchSize,
      snapshotEvery: 3,
      temporaryFolder,
    });

  /** The books of the sources: they are no part of the digest. */
  const counts = async (projector: Projector): Promise<unknown> => {
    const live = (await projector.versions()).find(({ status }) => status === 'live');
    return store.database.query(
      `SELECT source, quarter::text, type, events FROM ${live?.schema ?? ''}.source_counts ORDER BY 1, 2, 3`,
    );
  };

  it('equals what came about event by event, with any memory, and reads the log once and no stream', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer(),
        fc.constantFrom(...Object.values(MEMORY)),
        fc.constantFrom(1, 5, 500),
        async (seed, arrival, heldBytesMax, foldBatchSize) => {
          await store.wipe();
          log = memoryLog({ clock: CLOCK });
          await appendAll(log, shuffled(everything(seed, 8, 12), arrival));
          const near = await open(log, foldBatchSize);
          await near.catchUp();
          const { models, overall } = await near.digest();
          const books = await counts(near);
          expect(books).not.toEqual([]);
          // As before: the streams of customers are read one by one.
          await near.rebuild({ heldBytesMax });
          expect((await near.digest()).overall).toBe(overall);
          expect(await counts(near)).toEqual(books);

          const far = farLog(log);
          const phases = new Set<string>();
          const projector = await open(far, foldBatchSize);
          await projector.rebuild({ heldBytesMax, onProgress: ({ phase }) => phases.add(phase) });
          expect((await projector.digest()).models).toEqual(models);
          expect(await counts(projector)).toEqual(books);
          expect(far.reads).toEqual({ whole: 1, streams: 0 });
          expect(phases.has('sorting')).toBe(heldBytesMax !== MEMORY.all);
          expect(readdirSync(temporaryFolder)).toEqual([]);
        },
      ),
      { numRuns: name === 'pglite' ? 8 : 3 },
    );
  }, 300_000);

  // What follows is about the file and the log.
  if (name !== 'pglite') return;

  it('has what was appended while it ran', async () => {
    await appendAll(log, everything(3, 20, 8));
    const projector = await open(farLog(log));
    await projector.catchUp();
    const appending: Promise<void>[] = [];
    const append = (phase: string, id: string): void => {
      // One customer more, and two who prove to be one.
      const joined = touchpoint({
        who: { userId: 'user-1', email: 'user-2@shop.example' },
        at: day(500),
        type: 'app-opened',
        id,
      });
      appending.push(appendAll(log, [order({ userId: `new-${phase}` }, day(510), id), joined]));
    };
    const seen = new Set<string>();
    await projector.rebuild({
      heldBytesMax: MEMORY.little,
      onProgress: ({ phase }) => {
        if (!seen.has(phase)) append(phase, `while-${phase}`);
        seen.add(phase);
      },
    });
    await Promise.all(appending);
    await projector.catchUp();
    expect([...seen]).toEqual(expect.arrayContaining(['links', 'sorting', 'customers', 'indexes']));
    expect(await projector.verify({ heldBytesMax: MEMORY.little })).toMatchObject({ equal: true, differences: [] });
  }, 120_000);

  it.each([
    { memory: 'facts' as const, killedIn: 'links', readAgain: 1 },
    { memory: 'little' as const, killedIn: 'links', readAgain: 1 },
    { memory: 'facts' as const, killedIn: 'sorting', readAgain: 1 },
    { memory: 'little' as const, killedIn: 'sorting', readAgain: 1 },
    { memory: 'little' as const, killedIn: 'customers', readAgain: 1 },
    { memory: 'little' as const, killedIn: 'indexes', readAgain: 0 },
  ])(
    'that died in $killedIn, with memory for $memory, goes on with one more reading of the log',
    async (given) => {
      await appendAll(log, shuffled(everything(5, 60, 40), 6));
      const live = await open(log);
      await live.catchUp();
      const { overall } = await live.digest();
      const died = new Error('The process died.');
      const heldBytesMax = MEMORY[given.memory];
      const dying = await open(farLog(log));
      const whole = dying.rebuild({
        heldBytesMax,
        onProgress: ({ phase, done }) => {
          if (phase === given.killedIn && (done > 0 || phase === 'indexes')) throw died;
        },
      });
      await expect(whole).rejects.toBe(died);
      expect(readdirSync(temporaryFolder)).toEqual([]);

      const far = farLog(log);
      const projector = await open(far);
      await projector.rebuild({ heldBytesMax });
      expect((await projector.digest()).overall).toBe(overall);
      expect(far.reads).toEqual({ whole: given.readAgain, streams: 0 });
    },
    120_000,
  );

  it('that died when few customers were left reads their streams and not the whole log', async () => {
    await appendAll(log, everything(7, 60, 40));
    const dying = await open(farLog(log), 1);
    const died = new Error('The process died.');
    const rebuilding = dying.rebuild({
      heldBytesMax: MEMORY.little,
      onProgress: ({ phase, done, total }) => {
        if (phase === 'customers' && done >= total - 20 && done < total) throw died;
      },
    });
    await expect(rebuilding).rejects.toBe(died);
    const far = farLog(log);
    const projector = await open(far);
    await projector.rebuild({ heldBytesMax: MEMORY.little });
    expect(far.reads.whole).toBe(0);
    expect(far.reads.streams).toBeGreaterThan(0);
    expect(await projector.verify()).toMatchObject({ equal: true });
  }, 120_000);

  it('reports how far it is in every step, from nothing to everything', async () => {
    await appendAll(log, everything(9, 40, 10));
    const projector = await open(farLog(log));
    await projector.catchUp();
    const reports = new Map<string, { done: number; total: number }[]>();
    await projector.rebuild({
      heldBytesMax: MEMORY.facts,
      onProgress: ({ phase, done, total, rate, secondsLeft }) => {
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(secondsLeft ?? 0).toBeGreaterThanOrEqual(0);
        reports.set(phase, [...(reports.get(phase) ?? []), { done, total }]);
      },
    });
    for (const phase of ['links', 'sorting', 'customers']) {
      const told = reports.get(phase) ?? [];
      const { done, total } = told.at(-1) ?? { done: 0, total: -1 };
      expect(done).toBe(total);
      expect(told.map((one) => one.done)).toEqual(told.map((one) => one.done).sort((a, b) => a - b));
    }
  }, 120_000);
});
