import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { fireDeadlines } from '../processor/clock.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { eventsAfter, fold, index, liveStore, policyPublished } from '../testdata/store.js';
import { day, order, subject, appendAll, touchpoint } from '../testdata/touchpoints.js';
import { foldDirty } from './fold-batch.js';

describeOnEachStore('a batch of dirty customers in one transaction', (name) => {
  let opened: OpenedStore;
  let log: EventLog;
  let store: ReadModelStore;
  let now = day(40);
  const clock = { now: () => now };
  const ANNA = { userId: 'anna' };
  const anna = subject('userId', 'anna');
  const rows = (sql: string) => opened.database.query(sql);
  const visits = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => touchpoint({ who: ANNA, at: day(from + n), type: 'site-visited' }));
  /** Appends events and indexes them: they are marked dirty, or folded at once. */
  const come = async (items: Parameters<typeof appendAll>[1], foldNow = false): Promise<void> => {
    const { position } = await log.head();
    await appendAll(log, items);
    await index(store, await eventsAfter(log, position), position, foldNow);
  };

  beforeAll(async () => {
    opened = await openStore(name);
  });
  afterAll(() => opened.stop());
  beforeEach(async () => {
    await opened.wipe();
    now = day(40);
    log = memoryLog({ clock });
    store = await liveStore(opened.database, log, clock.now, { snapshotEvery: 3 });
  });

  it('folds those first that have been dirty for longest, and removes their marks', async () => {
    for (const user of ['b', 'c', 'a']) {
      await come([order({ userId: user }, day(3), user)]);
      now += 1;
    }
    expect(await fold(store, { limit: 2 })).toBe(2);
    expect(await rows('SELECT customer_id FROM rm_1.dirty')).toEqual([{ customer_id: subject('userId', 'a') }]);
    expect(await fold(store, { limit: 2 })).toBe(1);
    expect(await fold(store, { limit: 2 })).toBe(0);
    expect(await rows('SELECT sum(orders)::int AS orders FROM rm_1.customers')).toEqual([{ orders: 3 }]);
  });

  it('folds those whose deadline has come beside those that have been dirty for longer: half of a batch', async () => {
    await come([order(ANNA, day(3), 'A1')], true);
    await come(['a', 'b', 'c', 'd', 'e'].map((user) => order({ userId: user }, day(3), user)));
    const left = async () => (await rows('SELECT customer_id FROM rm_1.dirty')).map((row) => row['customer_id']);
    // Silence since day 3: at risk since day 93, behind all the others in the queue.
    now = day(93);
    expect(await fireDeadlines(store, 10)).toBe(1);
    expect(await left()).toHaveLength(6);
    expect(await fold(store, { limit: 2 })).toBe(2);
    expect(await left()).toHaveLength(4);
    expect(await left()).not.toContain(anna);
    expect(await rows(`SELECT phase FROM rm_1.customers WHERE customer_id = '${anna}'`)).toEqual([
      { phase: 'at-risk' },
    ]);
  });

  it('folds a customer at the deadline who is in the queue for another reason, also a heavy one', async () => {
    await come([order(ANNA, day(3), 'A1'), ...visits(4, 30)], true);
    await come(['a', 'b', 'c'].map((user) => order({ userId: user }, day(3), user)));
    now = day(93);
    const late = touchpoint({ who: ANNA, at: day(5.5), type: 'product-viewed' });
    await come([late]);
    // Dirty already: no second mark.
    expect(await fireDeadlines(store, 10)).toBe(0);
    expect(await fold(store, { limit: 2, all: false })).toBe(2);
    expect(await rows(`SELECT phase, touchpoints FROM rm_1.customers WHERE customer_id = '${anna}'`)).toEqual([
      { phase: 'at-risk', touchpoints: 32 },
    ]);
  });

  it('folds only the customers named, if some are', async () => {
    await come([order(ANNA, day(3), 'A1'), order({ userId: 'ben' }, day(3), 'B1')]);
    expect(await fold(store, { only: [anna] })).toBe(1);
    expect(await rows('SELECT customer_id FROM rm_1.customers')).toEqual([{ customer_id: anna }]);
  });

  it('folds nothing above the position of the tables', async () => {
    await come([order(ANNA, day(3), 'A1')]);
    await appendAll(log, [order(ANNA, day(4), 'A2')]);
    await fold(store);
    expect(await rows('SELECT orders FROM rm_1.customers')).toEqual([{ orders: 1 }]);
  });

  it('leaves a customer alone whose events all lie in the future, until the first of them comes', async () => {
    await come([order(ANNA, day(40.5), 'A1')]);
    expect(await fold(store)).toBe(1);
    expect(await rows('SELECT not_before FROM rm_1.dirty')).toEqual([{ not_before: day(40.5) }]);
    expect(await fold(store)).toBe(0);
    now = day(40.5);
    expect(await fold(store)).toBe(1);
    expect(await rows('SELECT orders FROM rm_1.customers')).toEqual([{ orders: 1 }]);
    expect(await rows('SELECT 1 FROM rm_1.dirty')).toEqual([]);
  });

  it('lets a heavy customer with a late event wait until folding pays', async () => {
    await come(visits(1, 30), true);
    await come([touchpoint({ who: ANNA, at: day(5.5), type: 'product-viewed' })]);
    expect(await fold(store, { all: false })).toBe(0);
    // 0.4 ms for each event of the history.
    now += 12;
    expect(await fold(store, { all: false })).toBe(1);
    expect(await rows('SELECT touchpoints FROM rm_1.customers')).toEqual([{ touchpoints: 31 }]);
    await come([touchpoint({ who: ANNA, at: day(6.5), type: 'product-viewed' })]);
    expect(await fold(store, { all: false })).toBe(0);
    expect(await fold(store, { all: true })).toBe(1);
    // A quarter of the history is new: that pays at once.
    await come(visits(7.5, 8));
    expect(await fold(store, { all: false })).toBe(1);
    expect(await rows('SELECT touchpoints FROM rm_1.customers')).toEqual([{ touchpoints: 40 }]);
  });

  it('goes back for a late event to the last snapshot before it, and no further', async () => {
    await come([order(ANNA, day(1), 'A1'), ...visits(2, 20)], true);
    expect(await rows('SELECT events FROM rm_1.snapshots ORDER BY events')).toEqual(
      [3, 6, 9, 12, 15, 18].map((events) => ({ events })),
    );
    // What is before the snapshot is not read again: a mark that is planted there stays.
    await rows(
      `UPDATE rm_1.snapshots SET state = jsonb_set(state::jsonb, '{state,touchpoints}', '1009') WHERE events = 9`,
    );
    await come([touchpoint({ who: ANNA, at: day(9.5), type: 'product-viewed' })]);
    await fold(store);
    expect(await rows('SELECT touchpoints FROM rm_1.customers')).toEqual([{ touchpoints: 1_022 }]);
    expect(await rows('SELECT events FROM rm_1.snapshots ORDER BY events')).toEqual(
      [3, 6, 9, 12, 15, 18, 21].map((events) => ({ events })),
    );
  });

  it('goes back behind a snapshot that ends at the instant of a late event: the event stands before its last one', async () => {
    await come([order(ANNA, day(1), 'A1'), ...visits(2, 8)], true);
    expect(await rows('SELECT events, upto_at FROM rm_1.snapshots ORDER BY events')).toEqual([
      { events: 3, upto_at: day(3) },
      { events: 6, upto_at: day(6) },
    ]);
    // Of two visits of one instant the ids decide.
    await come([touchpoint({ who: ANNA, at: day(6), type: 'site-visited', id: 'a' })]);
    await fold(store);
    expect(await rows('SELECT touchpoints FROM rm_1.customers')).toEqual([{ touchpoints: 10 }]);
  });

  it('goes on from the newest state of each customer, and folds again nothing that it holds', async () => {
    const BEN = { userId: 'ben' };
    const visitsOf = (who: Record<string, string>, from: number, count: number) =>
      Array.from({ length: count }, (_, n) => touchpoint({ who, at: day(from + n), type: 'site-visited' }));
    await come(visitsOf(ANNA, 1, 10), true);
    await come(visitsOf(BEN, 1, 10), true);
    await rows(`UPDATE rm_1.states SET state = jsonb_set(state::jsonb, '{state,touchpoints}', '1010')`);
    await come([...visitsOf(ANNA, 20, 1), ...visitsOf(BEN, 20, 1)]);
    await fold(store);
    expect(await rows('SELECT touchpoints FROM rm_1.customers')).toEqual([
      { touchpoints: 1_011 },
      { touchpoints: 1_011 },
    ]);
  });

  it('goes on from the newest state with an event that lay in the future when others of its page were folded', async () => {
    await come([...visits(1, 10), touchpoint({ who: ANNA, at: day(40.5), type: 'app-opened' })], true);
    await rows(`UPDATE rm_1.states SET state = jsonb_set(state::jsonb, '{state,touchpoints}', '1010')`);
    now = day(41);
    await come([touchpoint({ who: ANNA, at: day(40.7), type: 'app-opened' })]);
    await fold(store);
    expect(await rows('SELECT touchpoints, last_seen_at FROM rm_1.customers')).toEqual([
      { touchpoints: 1_012, last_seen_at: day(40.7) },
    ]);
  });

  it('goes back to no snapshot that another policy made, or another program', async () => {
    for (const planted of [`'{state,policyVersion}', '"another@1"'`, `'{format}', '1'`]) {
      await opened.wipe();
      log = memoryLog({ clock });
      store = await liveStore(opened.database, log, clock.now, { snapshotEvery: 3 });
      await come([order(ANNA, day(1), 'A1'), ...visits(2, 20)], true);
      await rows(
        `UPDATE rm_1.snapshots SET state = jsonb_set(jsonb_set(state::jsonb, '{state,touchpoints}', '77777'), ${planted})`,
      );
      await come([touchpoint({ who: ANNA, at: day(9.5), type: 'product-viewed' })]);
      await fold(store);
      expect(await rows('SELECT touchpoints FROM rm_1.customers')).toEqual([{ touchpoints: 22 }]);
      expect(await rows(`SELECT 1 FROM rm_1.snapshots WHERE state LIKE '%77777%'`)).toEqual([]);
    }
  });

  it('keeps no snapshot that lacks a late event, where a policy took the newest state away before it was folded', async () => {
    await come([order(ANNA, day(1), 'A1'), ...visits(2, 20)], true);
    // In force from day 40: snapshots of earlier days stay, and so does what they hold.
    await come([policyPublished('retail@1', {}, now)]);
    await fold(store);
    await come([policyPublished('retail@2', {}, now)]);
    await rows('DELETE FROM rm_1.states');
    expect(await rows('SELECT 1 FROM rm_1.snapshots')).not.toEqual([]);
    // Both are folded together, and the second alone: on a snapshot that holds the first.
    await come([touchpoint({ who: ANNA, at: day(2.5), type: 'product-viewed' })]);
    await fold(store);
    await come([touchpoint({ who: ANNA, at: day(15.5), type: 'product-viewed' })]);
    await fold(store);
    expect(await rows('SELECT touchpoints FROM rm_1.customers')).toEqual([{ touchpoints: 23 }]);
  });

  it('keeps no snapshot of a customer who was merged into another, for the day on which they are parted', async () => {
    const tablet = { deviceId: 'tablet' };
    const ben = { userId: 'ben' };
    const both = (who: Record<string, string>, at: number) =>
      touchpoint({ who: { ...who, ...tablet }, at: day(at), type: 'app-opened' });
    await come([touchpoint({ who: ben, at: day(1), type: 'app-opened' }), ...visits(2, 12)], true);
    await come(
      Array.from({ length: 12 }, (_, n) => touchpoint({ who: tablet, at: day(3 + n), type: 'app-opened' })),
      true,
    );
    const id = subject('deviceId', 'tablet');
    const snapshots = () => rows(`SELECT 1 FROM rm_1.snapshots WHERE customer_id = '${id}'`);
    expect(await snapshots()).not.toEqual([]);
    await come([both(ben, 20)], true);
    await fold(store);
    expect(await rows(`SELECT 1 FROM rm_1.customers WHERE customer_id = '${id}'`)).toEqual([]);
    expect(await snapshots()).toEqual([]);
  });

  it('writes the bookings and the stage counts of events that are folded again in place of the old ones', async () => {
    const days = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    await come(
      days.map((at) => order(ANNA, day(at), `A${at}`)),
      true,
    );
    const booked = () =>
      rows(
        `SELECT (SELECT orders FROM rm_1.customers) AS orders, sum(amount_minor)::int AS revenue, count(*)::int AS written
           FROM rm_1.bookings`,
      );
    await come([order(ANNA, day(5.5), 'late', 500)]);
    await fold(store);
    expect(await booked()).toEqual([{ orders: 13, revenue: 12_500, written: 13 }]);
    // Before all of them: they are folded from the beginning.
    await come([order(ANNA, day(0.5), 'later', 700)]);
    await fold(store);
    expect(await booked()).toEqual([{ orders: 14, revenue: 13_200, written: 14 }]);
    // Each stage period is counted once, in its phase.
    const counted = await rows('SELECT phase, sum(entered)::int AS n FROM rm_1.stage_days GROUP BY 1 ORDER BY 1');
    expect(counted.filter((row) => row['n'] !== 0)).toEqual(
      await rows('SELECT phase, count(*)::int AS n FROM rm_1.stage_periods GROUP BY 1 ORDER BY 1'),
    );
  });

  it('parks the one customer whose rows the database rejects, and folds the others', async () => {
    await come([order(ANNA, day(2), 'A0')], true);
    expect(await rows('SELECT wake_at FROM rm_1.customers')).toEqual([{ wake_at: day(92) }]);
    await opened.database.exec('ALTER TABLE rm_1.bookings ADD CONSTRAINT planted CHECK (amount_minor <> 666)');
    await come([
      order(ANNA, day(3), 'A1', 666),
      ...Array.from({ length: 9 }, (_, n) => order({ userId: `user-${n}` }, day(3), `B${n}`)),
    ]);
    await expect(fold(store)).rejects.toThrow();
    expect(await rows('SELECT count(*)::int AS n FROM rm_1.dirty')).toEqual([{ n: 10 }]);
    expect(await foldDirty(store, 100, true)).toBe(10);
    expect(await rows('SELECT customer_id, reason FROM rm_1.parked')).toEqual([
      { customer_id: anna, reason: 'write-failed' },
    ]);
    expect(await rows('SELECT count(*)::int AS n FROM rm_1.customers')).toEqual([{ n: 10 }]);
    expect(await rows('SELECT 1 FROM rm_1.dirty')).toEqual([]);
    // Nor does a deadline fold them again.
    expect(await rows(`SELECT wake_at, orders FROM rm_1.customers WHERE customer_id = '${anna}'`)).toEqual([
      { wake_at: null, orders: 1 },
    ]);
    expect(store.context.counters.parked).toBe(1);
  });
});
