import { HOUR } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import type { EventLog } from '#event-log';
import { Projector } from '../processor/projector.js';
import { day, order, appendAll, touchpoint } from '../testdata/touchpoints.js';
import { openStore, type OpenedStore } from '#testing/stores';

const EVENTS = 2_000;

/** A log that counts how many touchpoints are read from it to be folded. */
function counting(log: EventLog): { readonly log: EventLog; read: number } {
  const counted = { log, read: 0 };
  const readStreams: EventLog['readStreams'] = async (streams, options) => {
    const events = await log.readStreams(streams, options);
    counted.read += events.length;
    return events;
  };
  counted.log = new Proxy(log, {
    get: (target, key) => {
      if (key === 'readStreams') return readStreams;
      const value = Reflect.get(target, key) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return counted;
}

describe('one customer’s long history', () => {
  let store: OpenedStore;
  beforeAll(async () => {
    store = await openStore('pglite');
  });
  afterAll(async () => {
    await store.stop();
  });

  const history = Array.from({ length: EVENTS }, (_, i) =>
    i % 10 === 0
      ? order({ userId: 'anna' }, day(0) + i * HOUR, `A${i}`)
      : touchpoint({ who: { userId: 'anna' }, at: day(0) + i * HOUR, type: 'site-visited', id: `v${i}` }),
  );

  it('costs a few readings of it when it arrives backwards, not one for each event', async () => {
    await store.wipe();
    const clock = { now: () => day(400) };
    const { database } = store;
    const straight = memoryLog({ clock });
    await appendAll(straight, history);
    const once = await Projector.open({ database, log: straight, clock });
    await once.catchUp();
    const expected = await once.digest();

    await store.wipe();
    const log = memoryLog({ clock });
    const counted = counting(log);
    const projector = await Projector.open({ database, log: counted.log, clock, pageSize: 20, bulkLag: 100_000 });
    await appendAll(log, history.toReversed());
    await projector.catchUp();
    expect((await projector.digest()).models).toEqual(expected.models);
    // Folded again at each page it would be 20 + 40 + … = a hundred thousand.
    expect(counted.read).toBeLessThan(EVENTS * 12);
    expect(await projector.status()).toMatchObject({ dirty: 0, parked: 0 });
  }, 120_000);

  it('is folded from its newest state when one more event comes, and from a snapshot when a late one does', async () => {
    await store.wipe();
    const clock = { now: () => day(400) };
    const { database } = store;
    const log = memoryLog({ clock });
    const counted = counting(log);
    // As an import: they are folded once, at its end.
    const projector = await Projector.open({ database, log: counted.log, clock, bulkLag: 0 });
    await appendAll(log, history);
    await projector.catchUp();
    expect(await database.query('SELECT count(*) AS n FROM rm_1.snapshots')).toEqual([{ n: 7 }]);
    counted.read = 0;
    await appendAll(log, [touchpoint({ who: { userId: 'anna' }, at: day(200), type: 'app-opened' })]);
    await projector.catchUp();
    expect(counted.read).toBe(0);
    const before = await database.query('SELECT events FROM rm_1.snapshots ORDER BY events');
    // Two hours before the end of the history.
    await appendAll(log, [
      touchpoint({ who: { userId: 'anna' }, at: day(0) + (EVENTS - 2) * HOUR, type: 'app-opened' }),
    ]);
    await projector.catchUp();
    expect(await database.query('SELECT events FROM rm_1.snapshots ORDER BY events')).toEqual(before);
    expect(await projector.verify()).toMatchObject({ equal: true });
  }, 120_000);
});
