import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import type { EventLog } from '#event-log';
import { Projector, type ProjectorOptions } from './projector.js';
import { day, order, subject, tell, touchpoint } from './testdata/touchpoints.js';
import { STORES, type OpenedStore } from './testdata/stores.js';

describe.each(Object.keys(STORES))('the projector on %s', (name) => {
  let store: OpenedStore | null = null;
  let log: EventLog;
  let now = day(0);
  const clock = { now: () => now };
  const ANNA = { userId: 'anna' };
  const anna = subject('userId', 'anna');

  const open = (more: Partial<ProjectorOptions> = {}): Promise<Projector> => {
    if (store === null) throw new Error('no store');
    return Projector.open({ database: store.database, log, clock, ...more });
  };
  const rows = (sql: string) => store?.database.query(sql) ?? Promise.resolve([]);
  const here = (title: string, work: () => Promise<void>) =>
    it(title, async () => {
      if (store !== null) await work();
    });

  beforeAll(async () => {
    store = (await STORES[name]?.()) ?? null;
  }, 60_000);
  afterAll(async () => {
    await store?.stop();
  });
  beforeEach(async () => {
    await store?.wipe();
    now = day(0);
    log = memoryLog({ clock });
  });

  here('makes a customer, her visits and her bookings of what the log tells', async () => {
    now = day(40);
    await tell(log, [
      touchpoint({ who: ANNA, at: day(1), type: 'site-visited' }),
      touchpoint({ who: ANNA, at: day(2), type: 'product-viewed', data: { sku: 'sku-tea' } }),
      order(ANNA, day(3), 'A1', 1_250),
      order(ANNA, day(20), 'A2', 2_000),
    ]);
    const projector = await open();
    expect(await projector.catchUp()).toEqual({ position: 4, clock: day(40) });
    expect(
      await rows('SELECT customer_id, stage, phase, cycle, orders, revenue, touchpoints FROM rm_1.customers'),
    ).toEqual([
      {
        customer_id: anna,
        stage: 'retention',
        phase: 'active',
        cycle: 1,
        orders: 2,
        revenue: [{ amountMinor: 3_250, currency: 'EUR' }],
        touchpoints: 4,
      },
    ]);
    expect(await rows('SELECT seq, phase, entered_at, left_at FROM rm_1.visits ORDER BY seq')).toMatchObject([
      { seq: 0, entered_at: day(1) },
      { seq: 1, phase: 'consideration', left_at: day(3) },
      { seq: 2, phase: 'onboarding', left_at: day(20) },
      { seq: 3, phase: 'active', left_at: null },
    ]);
    expect(await rows('SELECT order_id, amount_minor FROM rm_1.bookings ORDER BY at')).toHaveLength(2);
    expect(await projector.status()).toMatchObject({ position: 4, lag: 0, dirty: 0, parked: 0, version: 1 });
  });
});
