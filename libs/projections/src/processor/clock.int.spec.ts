import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { eventsAfter, fold, index, liveStore, policyPublished, unreadable } from '../testdata/store.js';
import { day, order, subject, appendAll } from '../testdata/touchpoints.js';
import { fireDeadlines, nextWake, noteClock } from './clock.js';

describeOnEachStore('the clock of the read models', (name) => {
  let opened: OpenedStore;
  let log: EventLog;
  let store: ReadModelStore;
  let now = day(2);
  const ANNA = { userId: 'anna' };
  const anna = subject('userId', 'anna');
  const rows = (sql: string) => opened.database.query(sql);
  const noted = async () => (await rows('SELECT clock FROM rm_1.checkpoint'))[0]?.['clock'];
  const come = async (items: Parameters<typeof appendAll>[1], foldNow = true): Promise<void> => {
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
    now = day(2);
    log = memoryLog({ clock: { now: () => now } });
    store = await liveStore(opened.database, log, () => now);
  });

  it('is noted where every deadline is persisted, and never goes back', async () => {
    await come([order(ANNA, day(1), 'A1')]);
    expect(await noteClock(store, day(2))).toBe(true);
    expect(await noted()).toBe(day(2));
    expect(await noteClock(store, day(1))).toBe(true);
    expect(await noted()).toBe(day(2));
  });

  it('is not noted while a customer is dirty: their deadlines may be open', async () => {
    await come([order(ANNA, day(1), 'A1')], false);
    expect(await noteClock(store, day(2))).toBe(false);
    expect(await noted()).toBe(null);
    await fold(store);
    expect(await noteClock(store, day(2))).toBe(true);
    now = day(92);
    expect(await fireDeadlines(store, 10)).toBe(1);
    expect(await noteClock(store, day(92))).toBe(false);
    expect(await noted()).toBe(day(2));
    await fold(store);
    expect(await noteClock(store, day(92))).toBe(true);
    expect(await noted()).toBe(day(92));
  });

  it('is noted while a customer waits for an event of the future, up to that event', async () => {
    await come([order(ANNA, day(2.5), 'A1')]);
    expect(await nextWake(store)).toBe(day(2.5));
    expect(await noteClock(store, day(2))).toBe(true);
    expect(await noteClock(store, day(2.5))).toBe(false);
    expect(await noted()).toBe(day(2));
  });

  it('marks those customers dirty whose deadline has come, the earliest first, at most so many at once', async () => {
    await come(['a', 'b', 'c'].map((user, n) => order({ userId: user }, day(1 - n / 10), user)));
    const first = (await nextWake(store)) ?? 0;
    now = first - 1;
    expect(await fireDeadlines(store, 2)).toBe(0);
    // The others follow a tenth of a day later, and another.
    now = first;
    expect(await fireDeadlines(store, 1)).toBe(1);
    expect(await rows('SELECT customer_id, reason, since FROM rm_1.dirty')).toEqual([
      { customer_id: subject('userId', 'c'), reason: 'deadline', since: now },
    ]);
    expect(await fireDeadlines(store, 2)).toBe(0);
    now = first + (day(1) - day(0)) / 5;
    expect(await fireDeadlines(store, 1)).toBe(1);
    expect(await rows('SELECT customer_id FROM rm_1.dirty ORDER BY since DESC LIMIT 1')).toEqual([
      { customer_id: subject('userId', 'b') },
    ]);
    expect(await fireDeadlines(store, 2)).toBe(1);
    expect(store.context.counters.transitionsDue).toBe(3);
  });

  it('stands at an earlier instant where events that came since are still to be indexed', async () => {
    await come([order(ANNA, day(1), 'A1')]);
    now = day(200);
    const first = (await nextWake(store)) ?? NaN;
    expect(await fireDeadlines(store, 10, first - 1)).toBe(0);
    expect(await fireDeadlines(store, 10, first)).toBe(1);
  });

  it('leaves a parked customer alone whose deadline comes', async () => {
    await come([order(ANNA, day(1), 'A1')]);
    await come([unreadable(anna, day(1.5), 'u1')]);
    expect(await rows('SELECT reason FROM rm_1.parked')).toEqual([{ reason: 'unreadable-event' }]);
    now = day(92);
    expect(await fireDeadlines(store, 10)).toBe(0);
    expect(await rows('SELECT 1 FROM rm_1.dirty')).toEqual([]);
  });

  it('marks all customers dirty when a policy comes into force, once', async () => {
    await come([policyPublished('retail@1', {}, now), order(ANNA, day(1), 'A1')]);
    await fold(store);
    await come([policyPublished('retail@2', {}, now, day(5))]);
    await fold(store);
    await noteClock(store, day(2));
    expect(await nextWake(store)).toBe(day(5));
    now = day(4.9);
    expect(await fireDeadlines(store, 10)).toBe(0);
    now = day(5);
    expect(await fireDeadlines(store, 10)).toBe(1);
    expect(await rows('SELECT customer_id, reason FROM rm_1.dirty')).toEqual([
      { customer_id: anna, reason: 'policy-changed' },
    ]);
    expect(await noted()).toBe(day(5));
    await fold(store);
    expect(await fireDeadlines(store, 10)).toBe(0);
  });
});
