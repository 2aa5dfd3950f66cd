import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LOCKS, tryLock, waitForSharedLock } from '#database';
import type { EventLog } from '#event-log';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { eventsAfter, fold, index, liveStore, policyPublished, unreadable } from '../testdata/store.js';
import { day, order, subject, appendAll, touchpoint } from '../testdata/touchpoints.js';
import { OutOfStep, StandBy } from './index-batch.js';

describeOnEachStore('a batch of events in one transaction', (name) => {
  let opened: OpenedStore;
  let log: EventLog;
  let store: ReadModelStore;
  let now = day(40);
  const clock = { now: () => now };
  const ANNA = { userId: 'anna' };
  const anna = subject('userId', 'anna');
  const rows = (sql: string) => opened.database.query(sql);
  const checkpoint = async () => (await rows('SELECT position, recorded_at, clock FROM rm_1.checkpoint'))[0];

  beforeAll(async () => {
    opened = await openStore(name);
  });
  afterAll(() => opened.stop());
  const begin = async (options?: Parameters<typeof liveStore>[3]): Promise<void> => {
    await opened.wipe();
    store = await liveStore(opened.database, log, clock.now, options);
  };
  beforeEach(async () => {
    now = day(40);
    log = memoryLog({ clock });
    await begin();
  });

  it('folds its customers, moves the checkpoint, and leaves no dirty mark', async () => {
    await appendAll(log, [touchpoint({ who: ANNA, at: day(1), type: 'site-visited' }), order(ANNA, day(3), 'A1')]);
    expect(await index(store, await eventsAfter(log))).toBe(2);
    expect(await rows('SELECT customer_id, orders, touchpoints FROM rm_1.customers')).toEqual([
      { customer_id: anna, orders: 1, touchpoints: 2 },
    ]);
    expect(await rows('SELECT 1 FROM rm_1.dirty')).toEqual([]);
    expect(await checkpoint()).toEqual({ position: 2, recorded_at: day(40), clock: null });
  });

  it('marks its customers dirty where they are not folded at once, with how much came and since when', async () => {
    await appendAll(log, [
      order(ANNA, day(3), 'A1'),
      order(ANNA, day(7), 'A2'),
      order({ userId: 'ben' }, day(5), 'B1'),
    ]);
    await index(store, (await eventsAfter(log)).slice(0, 1), 0, false);
    now = day(41);
    await index(store, await eventsAfter(log, 1), 1, false);
    expect(await rows('SELECT 1 FROM rm_1.customers')).toEqual([]);
    expect(
      await rows(
        'SELECT customer_id, position, pending, earliest_at, reason, since FROM rm_1.dirty ORDER BY since, pending',
      ),
    ).toEqual([
      { customer_id: anna, position: 3, pending: 2, earliest_at: day(3), reason: 'events', since: day(40) },
      {
        ...{ customer_id: subject('userId', 'ben'), position: 3, pending: 1 },
        ...{ earliest_at: day(5), reason: 'events', since: day(41) },
      },
    ]);
  });

  describe('that begins before the position of the tables', () => {
    // What two processes see that read the same page: the second finds it indexed, up to any of its events.
    it('indexes what is new, and nothing twice, wherever the edge lies', async () => {
      const items = [
        touchpoint({ who: { anonymousId: 'browser' }, at: day(1), type: 'site-visited' }),
        order(ANNA, day(3), 'A1'),
        touchpoint({ who: { ...ANNA, anonymousId: 'browser' }, at: day(4), type: 'app-opened' }),
        order(ANNA, day(20), 'A2'),
      ];
      for (const [at, item] of items.entries())
        await log.appendMany(
          [item],
          [
            {
              ...{ stream: 'receipts-shop', id: `r${at}`, source: 'shop', receivedAt: day(3) },
              items: [{ index: 0, outcome: 'accepted' as const }],
              suppressed: {},
            },
          ],
        );
      const events = await eventsAfter(log);
      const tables = async () => ({
        checkpoint: await checkpoint(),
        outcomes: await rows('SELECT received, accepted FROM rm_1.ingest_outcomes'),
        customers: await rows('SELECT customer_id, subjects, orders, revenue, touchpoints FROM rm_1.customers'),
        bookings: await rows('SELECT order_id FROM rm_1.bookings ORDER BY 1'),
        links: await rows('SELECT a, b, position FROM rm_1.links'),
        counts: await rows('SELECT phase, sum(entered)::int AS entered FROM rm_1.stage_days GROUP BY 1 ORDER BY 1'),
      });
      await index(store, events);
      const whole = await tables();
      expect(whole).toMatchObject({ outcomes: [{ received: 4 }], customers: [{ orders: 2, touchpoints: 4 }] });
      for (let edge = 1; edge < events.length; edge += 1) {
        await begin();
        await index(store, events.slice(0, edge));
        expect(await index(store, events.slice(0, edge))).toBe(edge);
        expect(await index(store, events, 0)).toBe(events.length);
        expect(await tables()).toEqual(whole);
      }
    }, 120_000);

    it('adds nothing to a dirty mark for events that are indexed', async () => {
      await appendAll(log, [order(ANNA, day(3), 'A1'), order(ANNA, day(5), 'A2')]);
      const events = await eventsAfter(log);
      await index(store, events.slice(0, 1), 0, false);
      await index(store, events, 0, false);
      expect(await rows('SELECT pending FROM rm_1.dirty')).toEqual([{ pending: 2 }]);
    });
  });

  it('is rejected where it begins above the position of the tables', async () => {
    await appendAll(log, [order(ANNA, day(3), 'A1'), order(ANNA, day(5), 'A2')]);
    const wrong = await index(store, await eventsAfter(log, 1), 1).catch((error: unknown) => error);
    expect(wrong).toBeInstanceOf(OutOfStep);
    expect(wrong).toMatchObject({ position: 0 });
    expect(await checkpoint()).toMatchObject({ position: 0 });
  });

  if (name !== 'pglite')
    it('stands by while another process indexes', async () => {
      await appendAll(log, [order(ANNA, day(3), 'A1')]);
      const events = await eventsAfter(log);
      await opened.database.transaction(async (tx) => {
        await tx.query(`SELECT ${tryLock(LOCKS.indexing(1))}`);
        await expect(index(store, events)).rejects.toThrow(StandBy);
      });
      expect(await index(store, events)).toBe(1);
    });

  if (name !== 'pglite')
    it('marks its customers dirty while another process folds', async () => {
      await appendAll(log, [order(ANNA, day(3), 'A1')]);
      const events = await eventsAfter(log);
      await opened.database.transaction(async (tx) => {
        await tx.query(`SELECT ${waitForSharedLock(LOCKS.folding(1))}`);
        expect(await index(store, events)).toBe(1);
      });
      expect(await rows('SELECT customer_id FROM rm_1.dirty')).toEqual([{ customer_id: anna }]);
      expect(await rows('SELECT 1 FROM rm_1.customers')).toEqual([]);
    });

  it('keeps the latest instant at which an event was recorded, also where a later one was recorded earlier', async () => {
    await appendAll(log, [order(ANNA, day(3), 'A1')]);
    const [event] = await eventsAfter(log);
    if (event === undefined) throw new Error('There is no event.');
    await index(store, [event]);
    // Clocks of two machines: EventStoreDB does not promise that instants never decrease.
    await index(store, [{ ...event, position: 2, id: 'second', recordedAt: day(39) }], 1);
    expect(await checkpoint()).toMatchObject({ position: 2, recorded_at: day(40) });
    await index(store, [{ ...event, position: 3, id: 'third', recordedAt: day(41) }], 2);
    expect(await checkpoint()).toMatchObject({ position: 3, recorded_at: day(41) });
  });

  it('leaves a parked customer parked, unless a link joins them with another', async () => {
    const broken = touchpoint({ who: ANNA, at: day(2), type: 'site-visited' });
    await appendAll(log, [{ ...broken, event: { ...broken.event, type: 'case-resolved', schemaVersion: 99 } }]);
    await index(store, await eventsAfter(log));
    await appendAll(log, [order(ANNA, day(3), 'A1')]);
    await index(store, await eventsAfter(log, 1), 1);
    expect(await rows('SELECT reason FROM rm_1.parked')).toEqual([{ reason: 'fold-failed' }]);
    expect(await rows('SELECT 1 FROM rm_1.dirty UNION ALL SELECT 1 FROM rm_1.customers')).toEqual([]);
    await appendAll(log, [touchpoint({ who: { ...ANNA, anonymousId: 'browser' }, at: day(4), type: 'app-opened' })]);
    await index(store, await eventsAfter(log, 2), 2);
    expect(await rows('SELECT 1 FROM rm_1.parked')).toEqual([]);
    expect(await rows(`SELECT reason FROM rm_1.dirty WHERE customer_id = '${anna}'`)).toEqual([{ reason: 'merge' }]);
    // Of two reasons the stronger one stays, whichever came first.
    await appendAll(log, [touchpoint({ who: ANNA, at: day(5), type: 'site-visited' })]);
    await index(store, await eventsAfter(log, 3), 3);
    expect(await rows(`SELECT DISTINCT reason FROM rm_1.dirty`)).toEqual([{ reason: 'merge' }]);
  });

  it('marks a heavy customer dirty for a late event, and folds one in order at once', async () => {
    await begin({ snapshotEvery: 3 });
    const visit = (at: number) => touchpoint({ who: ANNA, at: day(at), type: 'site-visited' });
    const folded = () => rows('SELECT touchpoints FROM rm_1.customers');
    await appendAll(log, [1, 2, 3, 4, 5, 6, 7, 8, 9].map(visit));
    await index(store, await eventsAfter(log));
    await appendAll(log, [visit(10)]);
    await index(store, await eventsAfter(log, 9), 9);
    expect(await folded()).toEqual([{ touchpoints: 10 }]);
    expect(await rows('SELECT 1 FROM rm_1.dirty')).toEqual([]);
    await appendAll(log, [visit(4.5)]);
    await index(store, await eventsAfter(log, 10), 10);
    expect(await folded()).toEqual([{ touchpoints: 10 }]);
    expect(await rows('SELECT pending, earliest_at FROM rm_1.dirty')).toEqual([{ pending: 1, earliest_at: day(4.5) }]);
  });

  it('adds to the mark of a dirty customer, and folds none of their events at once', async () => {
    await appendAll(log, [order(ANNA, day(3), 'A1'), order(ANNA, day(5), 'A2')]);
    const events = await eventsAfter(log);
    await index(store, events.slice(0, 1), 0, false);
    await rows(`UPDATE rm_1.dirty SET not_before = now()`);
    await index(store, events.slice(1), 1);
    expect(await rows('SELECT pending, not_before FROM rm_1.dirty')).toEqual([{ pending: 2, not_before: null }]);
    expect(await rows('SELECT 1 FROM rm_1.customers')).toEqual([]);
  });

  it('folds no customer at once beside a new policy, and marks also those dirty again who have no rows yet', async () => {
    await appendAll(log, [order(ANNA, day(3), 'A1')]);
    await index(store, await eventsAfter(log), 0, false);
    await appendAll(log, [order({ userId: 'ben' }, day(3), 'B1'), policyPublished('retail@1', {}, now)]);
    await index(store, await eventsAfter(log, 1), 1);
    expect(await rows('SELECT 1 FROM rm_1.customers')).toEqual([]);
    expect(await rows('SELECT reason FROM rm_1.dirty ORDER BY since, reason')).toEqual([
      { reason: 'events' },
      { reason: 'policy-changed' },
    ]);
  });

  it('parks the customer of an event that it cannot read, and goes on with the others', async () => {
    await appendAll(log, [unreadable(anna, day(3), 'u1'), order({ userId: 'ben' }, day(3), 'B1')]);
    await index(store, await eventsAfter(log));
    expect(await rows('SELECT customer_id, reason, position FROM rm_1.parked')).toEqual([
      { customer_id: anna, reason: 'unreadable-event', position: 2 },
    ]);
    expect(await rows(`SELECT orders FROM rm_1.customers WHERE customer_id <> '${anna}'`)).toEqual([{ orders: 1 }]);
  });

  describe('with a published policy', () => {
    /** A silence of 40 days is at risk, where the built-in policy says 90. */
    const hasty = (): Parameters<typeof policyPublished>[1] => {
      const { retail } = BUILT_IN_POLICIES;
      return { silence: { ...retail.silence, atRiskDaysWithoutRhythm: 40, atRiskDaysMin: 10 } } as never;
    };
    const visits = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => touchpoint({ who: ANNA, at: day(from + n), type: 'site-visited' }));

    it('deletes the states and snapshots that it makes invalid, and marks all customers dirty', async () => {
      await begin({ snapshotEvery: 3 });
      await appendAll(log, visits(1, 12));
      await index(store, await eventsAfter(log));
      await appendAll(log, [policyPublished('retail@1', hasty(), now), policyPublished('retail@2', {}, now, day(50))]);
      expect(await rows('SELECT 1 FROM rm_1.snapshots')).not.toEqual([]);
      // The first policy of all is in force from the beginning of time.
      await index(store, (await eventsAfter(log, 12)).slice(0, 1), 12);
      expect(await rows('SELECT 1 FROM rm_1.states UNION ALL SELECT 1 FROM rm_1.snapshots')).toEqual([]);
      expect(await rows('SELECT customer_id, reason FROM rm_1.dirty')).toEqual([
        { customer_id: anna, reason: 'policy-changed' },
      ]);
      await fold(store);
      const before = await rows(
        'SELECT events FROM rm_1.snapshots UNION ALL SELECT events FROM rm_1.states ORDER BY 1',
      );
      expect(before.length).toBeGreaterThan(1);
      // A later one leaves what lies before it.
      await index(store, await eventsAfter(log, 13), 13);
      const after = await rows('SELECT events FROM rm_1.snapshots UNION ALL SELECT events FROM rm_1.states ORDER BY 1');
      expect(after).toEqual(before);
      expect(await rows('SELECT reason FROM rm_1.dirty')).toEqual([{ reason: 'policy-changed' }]);
    });

    it('folds a late event as if the policy had always been there: on no snapshot that was made before it', async () => {
      await begin({ snapshotEvery: 3 });
      now = day(100);
      const items = [order(ANNA, day(1), 'A1'), order(ANNA, day(60), 'A2'), ...visits(61, 12)];
      await appendAll(log, items);
      await index(store, await eventsAfter(log));
      // Of the same name as the built-in policy, which was in force until now: only the content tells them apart.
      await appendAll(log, [policyPublished('retail@1', hasty(), now)]);
      await index(store, await eventsAfter(log, items.length), items.length);
      await fold(store);
      await appendAll(log, [touchpoint({ who: ANNA, at: day(70.5), type: 'product-viewed' })]);
      await index(store, await eventsAfter(log, items.length + 1), items.length + 1);
      await fold(store);
      const tables = async () => ({
        periods: await rows('SELECT seq, phase, entered_at, left_at FROM rm_1.stage_periods ORDER BY seq'),
        customer: await rows('SELECT stage, phase, cycle, orders, touchpoints, policy_version FROM rm_1.customers'),
      });
      const built = await tables();
      expect(built.periods.map((row) => row['phase'])).toContain('at-risk');
      await begin();
      await index(store, await eventsAfter(log), 0, false);
      await fold(store);
      expect(await tables()).toEqual(built);
    });
  });
});
