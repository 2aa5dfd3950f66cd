import { afterEach, beforeAll, afterAll, describe, expect, it, jest } from '@jest/globals';
import { MemoryIdTable, type AppendItem, type EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { Projector } from './processor/projector.js';
import { eventsBetween } from './processor/steps.js';
import { day, order } from './testdata/touchpoints.js';
import { LogWithoutDeduplication } from './testdata/log-without-deduplication.js';
import type { BuildProgress } from './versions/build/build-run.js';
import { openStore, type OpenedStore } from '#testing/stores';

jest.setTimeout(120_000);

const NOW = day(600);

describe('a log whose positions count bytes', () => {
  let store: OpenedStore;
  beforeAll(async () => {
    store = await openStore('pglite');
  });
  afterAll(() => store.stop());
  afterEach(() => store.wipe());

  const items: readonly AppendItem[] = Array.from({ length: 60 }, (_, n) => order({ userId: 'ann' }, day(n), `o-${n}`));
  const inBytes = (): EventLog => {
    const log = new LogWithoutDeduplication(new MemoryIdTable(), () => NOW);
    log.store(items);
    return log.asLog();
  };
  const open = (log: EventLog): Promise<Projector> =>
    Projector.open({ database: store.database, log, clock: { now: () => NOW }, pageSize: 10, bulkLag: 100 });

  it('is followed as a log that counts events is: sixty events to come are no flood, however long they are', async () => {
    const folded: number[] = [];
    const counting = memoryLog({ clock: { now: () => NOW } });
    await counting.appendMany(items);
    for (const log of [counting, inBytes()]) {
      const projector = await open(log);
      await projector.catchUp();
      folded.push((await projector.status()).counters.folded);
      await store.wipe();
    }
    expect(folded[0]).toBeGreaterThanOrEqual(6);
    expect(folded[1]).toBe(folded[0]);
  });

  it('tells how far it is behind in bytes and in time, and of a rebuild how many events were read', async () => {
    const projector = await open(inBytes());
    expect(await projector.status()).toMatchObject({ lagUnit: 'bytes' });
    expect((await projector.status()).lag).toBeGreaterThan(60 * 100);
    await projector.catchUp();
    expect(await projector.status()).toMatchObject({ lag: 0, lagMs: 0, lagUnit: 'bytes' });
    const reports: BuildProgress[] = [];
    const { events, position } = await projector.rebuild({ onProgress: (progress) => reports.push(progress) });
    expect(events).toBe(60);
    expect(position).toBeGreaterThan(60 * 100);
    // The share is one of places, the count one of events.
    expect(reports.findLast(({ phase }) => phase === 'links')).toMatchObject({
      done: position,
      total: position,
      items: 60,
    });
  });

  it('is estimated to hold as many events as its pages do', () => {
    const page = { after: 1_000, events: Array.from({ length: 10 }, (_, n) => ({ position: 1_100 + n * 100 })) };
    expect(eventsBetween(1_000, 2_000, page as never)).toBe(10);
    expect(eventsBetween(2_000, 102_000, page as never)).toBe(1_000);
    const dense = { after: 0, events: Array.from({ length: 10 }, (_, n) => ({ position: 1 + n })) };
    expect(eventsBetween(0, 5_001, dense as never)).toBe(5_001);
  });
});
