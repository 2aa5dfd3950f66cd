import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { dayOf } from '#lifecycle';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { utcDay } from '../time.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { eventsAfter, fold, index, liveStore, policyPublished } from '../testdata/store.js';
import { appendAll, day } from '../testdata/touchpoints.js';
import { shuffled, world } from '../testdata/world.js';
import { countDays } from './count-days.js';

describeOnEachStore('the days of stages, in each zone', (name) => {
  let opened: OpenedStore;
  let log: EventLog;
  let store: ReadModelStore;
  let now = day(600);
  const rows = (sql: string) => opened.database.query<Record<string, unknown>>(sql);
  const come = async (items: Parameters<typeof appendAll>[1], foldNow = true): Promise<void> => {
    const { position } = await log.head();
    await appendAll(log, items);
    await index(store, await eventsAfter(log, position), position, foldNow);
  };
  const foldAll = async (): Promise<void> => {
    while ((await fold(store)) > 0);
  };
  const zones = async () =>
    (await rows('SELECT time_zone, counted_to IS NULL AS complete FROM rm_1.day_zones ORDER BY time_zone')).map(
      ({ time_zone, complete }) => `${String(time_zone)} ${complete === true ? 'complete' : 'begun'}`,
    );
  /** What a zone's days must be, counted from the stage periods that there are. */
  const counted = async (timeZone: string): Promise<Map<string, number>> => {
    const sums = new Map<string, number>();
    const add = (at: unknown, what: string): void => {
      const key = `${utcDay(dayOf(at as number, timeZone) * 86_400_000)} ${what}`;
      sums.set(key, (sums.get(key) ?? 0) + 1);
    };
    for (const { stage, phase, entered_at, left_at } of await rows('SELECT * FROM rm_1.stage_periods')) {
      add(entered_at, `${String(stage)} ${String(phase)} entered`);
      if (left_at !== null) add(left_at, `${String(stage)} ${String(phase)} left`);
    }
    return sums;
  };
  const kept = async (timeZone: string): Promise<Map<string, number>> => {
    const sums = new Map<string, number>();
    const all = await rows(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, stage, phase, entered, left_ FROM rm_1.stage_days WHERE time_zone = '${timeZone}'`,
    );
    for (const { day: on, stage, phase, entered, left_ } of all)
      for (const [what, n] of Object.entries({ entered, left: left_ }))
        if (n !== 0) sums.set(`${String(on)} ${String(stage)} ${String(phase)} ${what}`, n as number);
    return sums;
  };

  beforeAll(async () => {
    opened = await openStore(name);
  });
  afterAll(() => opened.stop());
  beforeEach(async () => {
    await opened.wipe();
    now = day(600);
    log = memoryLog({ clock: { now: () => now } });
    store = await liveStore(opened.database, log, () => now);
  });

  it('are counted again under a policy with another zone, a few customers at a time, while others are folded', async () => {
    const events = shuffled(world(7, 12, 12), 7);
    const third = Math.ceil(events.length / 3);
    await come([policyPublished('mine@1', {}, now), ...events.slice(0, third)]);
    await foldAll();
    while (await countDays(store, 3));
    expect(await zones()).toEqual(['UTC complete']);
    expect(await kept('UTC')).toEqual(await counted('UTC'));

    await come([policyPublished('mine@2', { timeZone: 'Pacific/Auckland' }, now)]);
    expect(await countDays(store, 3)).toBe(true);
    expect(await zones()).toEqual(['Pacific/Auckland begun']);
    expect(await kept('UTC')).toEqual(new Map());
    expect(await countDays(store, 3)).toBe(true);
    await foldAll();
    await come(events.slice(third, 2 * third), false);
    expect(await countDays(store, 3)).toBe(true);
    await foldAll();
    expect(await zones()).toEqual(['Pacific/Auckland begun']);
    await come(events.slice(2 * third));
    while (await countDays(store, 3)) await fold(store, { limit: 2 });
    await foldAll();
    expect(await zones()).toEqual(['Pacific/Auckland complete']);
    expect(await kept('Pacific/Auckland')).toEqual(await counted('Pacific/Auckland'));
    expect(await countDays(store, 3)).toBe(false);
  });

  it('are ready before a policy with another zone comes into force, and go when it is over', async () => {
    await come([policyPublished('mine@1', {}, now), ...world(3, 5, 8)]);
    await foldAll();
    await come([policyPublished('mine@2', { timeZone: 'Europe/Berlin' }, now, day(700))]);
    await foldAll();
    while (await countDays(store));
    expect(await zones()).toEqual(['Europe/Berlin complete', 'UTC complete']);
    expect(await kept('Europe/Berlin')).toEqual(await counted('Europe/Berlin'));
    now = day(700);
    expect(await countDays(store)).toBe(true);
    expect(await zones()).toEqual(['Europe/Berlin complete']);
    expect(await countDays(store)).toBe(false);
  });
});
