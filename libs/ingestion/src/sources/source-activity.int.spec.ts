import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { HOUR, STREAMS } from '#contracts';
import { Projector } from '#projections';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { SourceActivity } from './source-activity.js';

/** In the middle of an hour. */
const NOW = Date.UTC(2026, 0, 31, 12, 30);

describeOnEachStore('what came in from each source lately', (name) => {
  let store: OpenedStore;
  let activity: SourceActivity;
  const clock = { now: () => NOW };
  const log = memoryLog({ clock });

  const receipts = async (source: string, hoursAgo: readonly number[], others: object = {}) => {
    for (const [index, hours] of hoursAgo.entries()) {
      const data = {
        ...{ source, receivedAt: NOW - hours * HOUR, received: 10, accepted: 7, quarantined: 1 },
        ...{ suppressed: { erased: 1 }, duplicates: [], ...others },
      };
      await log.append(STREAMS.receipts(source), 'any', [
        {
          ...{ source: 'perennial/intake', id: `${source}-${index}`, type: 'intake-receipt', schemaVersion: 1 },
          ...{ occurredAt: data.receivedAt, contentHash: Buffer.alloc(16, index), meta: '{}' },
          data: JSON.stringify(data),
        },
      ]);
    }
  };

  beforeAll(async () => {
    store = await openStore(name);
    activity = new SourceActivity(store.database);
    // The spans begin with an hour: this one, the one before, and the 24 before as well.
    await receipts('shop', [0, 0.4, 1, 1.4, 2, 24.4, 24.6]);
    await receipts(
      'hourly',
      [...Array(30).keys()].map((at) => at + 20),
    );
    await receipts('rare', [100, 50]);
  });
  afterAll(() => store.stop());

  it('is not known before there are read models, and in a process without them', async () => {
    expect([await activity.all(NOW), await activity.silent(NOW)]).toEqual([null, []]);
    const without = new SourceActivity(null);
    expect([without.isThere, await without.all(NOW), await without.silent(NOW)]).toEqual([false, null, []]);
  });

  it('is counted since the beginning of the hour before, and of the hour a day ago', async () => {
    await (await Projector.open({ database: store.database, log, clock })).catchUp();
    const all = (await activity.all(NOW)) ?? [];
    expect(all.map(({ source }) => source)).toEqual(['hourly', 'rare', 'shop']);
    const shop = all.find(({ source }) => source === 'shop');
    expect(shop).toMatchObject({ lastSeenAt: NOW });
    const times = (n: number) => ({ received: 10 * n, accepted: 7 * n, quarantined: n, suppressed: n });
    expect(shop?.lastHour).toMatchObject(times(4));
    expect(shop?.lastDay).toMatchObject(times(6));
    expect(all.find(({ source }) => source === 'rare')?.lastDay).toEqual({
      ...{ received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 },
    });
  });

  it('names the sources that are silent against their own rhythm, and none that has no rhythm', async () => {
    expect(await activity.silent(NOW)).toEqual([
      {
        ...{ source: 'hourly', lastSeenAt: NOW - 20 * HOUR, usualGapMinutes: 60 },
        silentSince: NOW - 18 * HOUR,
      },
    ]);
    expect(await activity.silent(NOW - 19 * HOUR)).toEqual([]);
  });
});
