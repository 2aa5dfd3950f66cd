import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import type { EventLog } from '#event-log';
import { Projector, type ProjectorOptions } from './projector.js';
import { unreadable } from '../testdata/store.js';
import { day, order, subject, appendAll, touchpoint } from '../testdata/touchpoints.js';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';

describeOnEachStore('the projector', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  let now = day(0);
  const clock = { now: () => now };
  const ANNA = { userId: 'anna' };
  const anna = subject('userId', 'anna');

  const open = (more: Partial<ProjectorOptions> = {}): Promise<Projector> => {
    return Projector.open({ database: store.database, log, clock, ...more });
  };
  const rows = (sql: string) => store.database.query(sql);

  beforeAll(async () => {
    store = await openStore(name);
  });
  afterAll(async () => {
    await store.stop();
  });
  beforeEach(async () => {
    await store.wipe();
    now = day(0);
    log = memoryLog({ clock });
  });

  it('is not behind because of a customer whose first event is still to come', async () => {
    await appendAll(log, [order({ userId: 'soon' }, day(0.5), 'A1')]);
    const projector = await open();
    await projector.catchUp();
    expect(await projector.status()).toMatchObject({ lag: 0, dirty: 0, waiting: 1, nextWake: day(0.5) });
    now = day(0.5);
    expect(await projector.status()).toMatchObject({ dirty: 1, waiting: 0 });
    await projector.catchUp();
    expect(await projector.status()).toMatchObject({ dirty: 0, waiting: 0 });
    expect(await rows('SELECT phase FROM rm_1.customers')).toHaveLength(1);
  });

  it('makes a customer with stage periods and bookings from the log', async () => {
    now = day(40);
    await appendAll(log, [
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
    expect(await rows('SELECT seq, phase, entered_at, left_at FROM rm_1.stage_periods ORDER BY seq')).toMatchObject([
      { seq: 0, entered_at: day(1) },
      { seq: 1, phase: 'consideration', left_at: day(3) },
      { seq: 2, phase: 'onboarding', left_at: day(20) },
      { seq: 3, phase: 'active', left_at: null },
    ]);
    expect(await rows('SELECT order_id, amount_minor FROM rm_1.bookings ORDER BY at')).toHaveLength(2);
    expect(await projector.status()).toMatchObject({ position: 4, lag: 0, dirty: 0, parked: 0, version: 1 });
  });

  it('publishes each stage change once, and nothing when it catches up again', async () => {
    now = day(40);
    await appendAll(log, [touchpoint({ who: ANNA, at: day(1), type: 'site-visited' }), order(ANNA, day(30), 'A1')]);
    const projector = await open();
    await projector.catchUp();
    const published = await rows(
      'SELECT kind, stage, at, historical, retracted FROM perennial.published ORDER BY publication',
    );
    expect(published).toMatchObject([
      { kind: 'entered', stage: 'acquisition', at: day(1) },
      { kind: 'left', stage: 'acquisition', at: day(30) },
      { kind: 'entered', stage: 'retention', at: day(30), historical: true, retracted: false },
    ]);
    await projector.catchUp();
    expect(await rows('SELECT 1 FROM perennial.published')).toHaveLength(3);
    expect(await rows('SELECT publication FROM perennial.outbox ORDER BY 1')).toEqual([
      { publication: 1 },
      { publication: 2 },
      { publication: 3 },
    ]);
  });

  it('fires a deadline at its own instant, however late the clock is read', async () => {
    now = day(2);
    await appendAll(log, [order(ANNA, day(1), 'A1')]);
    const projector = await open();
    await projector.catchUp();
    const { nextWake } = await projector.status();
    expect(nextWake).toBeGreaterThan(day(2));
    now = day(1_000);
    await projector.catchUp();
    expect(await rows('SELECT phase, entered_at FROM rm_1.stage_periods ORDER BY seq')).toEqual([
      { phase: 'onboarding', entered_at: day(1) },
      { phase: 'at-risk', entered_at: day(91) },
      { phase: 'lapsed', entered_at: day(136) },
      { phase: 'lost', entered_at: day(366) },
    ]);
    expect(
      await rows(`SELECT day, phase, entered, left_ FROM rm_1.stage_days WHERE phase = 'at-risk' ORDER BY day`),
    ).toEqual([
      { day: '2024-04-01', phase: 'at-risk', entered: 1, left_: 0 },
      { day: '2024-05-16', phase: 'at-risk', entered: 0, left_: 1 },
    ]);
    expect((await projector.status()).clock).toBe(day(1_000));
  });

  it('says how long it is behind: how much later the last event was recorded than the last indexed one', async () => {
    now = day(2);
    await appendAll(log, [order(ANNA, day(1), 'A1')]);
    const projector = await open();
    expect(await projector.status()).toMatchObject({ lag: 1, lagMs: 0 });
    await projector.catchUp();
    expect(await projector.status()).toMatchObject({ lag: 0, lagMs: 0 });
    now = day(5);
    await appendAll(log, [order(ANNA, day(3), 'A2'), order(ANNA, day(4), 'A3')]);
    expect(await projector.status()).toMatchObject({ lag: 2, lagMs: day(5) - day(2) });
    await projector.catchUp();
    expect(await projector.status()).toMatchObject({ lag: 0, lagMs: 0 });
    expect(await rows('SELECT recorded_at FROM rm_1.checkpoint')).toEqual([{ recorded_at: day(5) }]);
    await projector.rebuild();
    expect(await rows('SELECT recorded_at FROM rm_2.checkpoint')).toEqual([{ recorded_at: day(5) }]);
  });

  it('notes the clock while it runs, also where the deadline of a parked customer is overdue', async () => {
    now = day(2);
    await appendAll(log, [order(ANNA, day(1), 'A1')]);
    const projector = await open();
    await projector.catchUp();
    await appendAll(log, [unreadable(anna, day(1.5), 'u1')]);
    await projector.catchUp();
    now = day(92);
    projector.start();
    const until = day(93);
    while (((await projector.status()).clock ?? 0) < until) {
      now = until;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await projector.stop();
    expect(await projector.status()).toMatchObject({ parked: 1, dirty: 0, failure: null });
  });

  it('wakes by itself when it runs', async () => {
    now = day(2);
    await appendAll(log, [order(ANNA, day(1), 'A1')]);
    const projector = await open();
    projector.start();
    const until = async (sql: string) => {
      while ((await rows(sql).catch(() => [])).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(`SELECT 1 FROM rm_1.customers WHERE phase = 'onboarding'`);
    now = day(92);
    await until(`SELECT 1 FROM rm_1.customers WHERE phase = 'at-risk'`);
    await appendAll(log, [order(ANNA, day(91.5), 'A2')]);
    await until(`SELECT 1 FROM rm_1.customers WHERE phase = 'active'`);
    await projector.stop();
    expect(await rows('SELECT phase, entered_at FROM rm_1.stage_periods ORDER BY seq')).toEqual([
      { phase: 'onboarding', entered_at: day(1) },
      { phase: 'at-risk', entered_at: day(91) },
      { phase: 'active', entered_at: day(91.5) },
    ]);
  });

  it('fires the clock while events go on coming', async () => {
    now = day(2);
    await appendAll(log, [order(ANNA, day(1), 'A1')]);
    await (await open()).catchUp();
    now = day(92);
    const quiet = log;
    let reads = 0;
    // Whenever the projector reads on, there is another event: it is never idle.
    const readAll = async function* (...of: Parameters<EventLog['readAll']>) {
      reads += 1;
      now += 1_000;
      await appendAll(quiet, [touchpoint({ who: { anonymousId: `visitor-${reads}` }, at: now, type: 'site-visited' })]);
      yield* quiet.readAll(...of);
    };
    log = new Proxy(quiet, {
      get: (target, name) => {
        if (name === 'readAll') return readAll;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const projector = await open();
    projector.start();
    const moved = `SELECT 1 FROM rm_1.customers WHERE phase = 'at-risk'`;
    while (reads < 500 && (await rows(moved)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await projector.stop();
    expect(await rows(moved)).toHaveLength(1);
    expect((await projector.status()).counters.transitionsDue).toBe(1);
  });

  it('reads larger pages of the log while more events are waiting', async () => {
    now = day(40);
    const items = Array.from({ length: 1_500 }, (_, n) => order({ userId: `c${n}` }, day(3), `O${n}`));
    await appendAll(log, items.slice(0, 1));
    const asked: number[] = [];
    const watched = new Proxy(log, {
      get: (target, name) => {
        const own = Reflect.get(target, name) as unknown;
        if (name !== 'readAll') return typeof own === 'function' ? (own.bind(target) as unknown) : own;
        return (...[after, options]: Parameters<EventLog['readAll']>) => {
          asked.push(options?.pageSize ?? 0);
          return target.readAll(after, options);
        };
      },
    });
    const projector = await open({ log: watched });
    await projector.catchUp();
    await appendAll(log, items);
    asked.length = 0;
    await projector.catchUp();
    // 1,499 are waiting; the last reading finds none.
    expect(asked).toEqual([200, 500, 500, 299, 200]);
    expect(await rows('SELECT count(*)::int AS n FROM rm_1.customers')).toEqual([{ n: 1_500 }]);
  });

  it('retracts what a late cancellation disproves, as a reversal', async () => {
    now = day(100);
    await appendAll(log, [order(ANNA, day(1), 'A1'), order(ANNA, day(50), 'A2')]);
    const projector = await open();
    await projector.catchUp();
    await appendAll(log, [touchpoint({ who: ANNA, at: day(10), type: 'order-cancelled', data: { orderId: 'A1' } })]);
    await projector.catchUp();
    expect(
      await rows(`SELECT phase, at, reason FROM perennial.published WHERE kind = 'retracted' ORDER BY publication`),
    ).toEqual([
      { phase: 'active', at: day(50), reason: 'reversal' },
      { phase: 'onboarding', at: day(50), reason: 'reversal' },
    ]);
  });

  it('retracts what a late event disproves, with the reason', async () => {
    now = day(100);
    await appendAll(log, [order(ANNA, day(1), 'A1')]);
    const projector = await open();
    await projector.catchUp();
    expect(await rows(`SELECT 1 FROM perennial.published WHERE phase = 'at-risk' AND NOT retracted`)).toHaveLength(1);
    // A purchase of day 50 that reaches us on day 100: they never were at risk.
    await appendAll(log, [order(ANNA, day(50), 'A2')]);
    await projector.catchUp();
    expect(
      await rows(
        `SELECT kind, phase, at, reason FROM perennial.published WHERE kind = 'retracted' ORDER BY publication`,
      ),
    ).toEqual([
      { kind: 'retracted', phase: 'at-risk', at: day(91), reason: 'late-event' },
      { kind: 'retracted', phase: 'onboarding', at: day(91), reason: 'late-event' },
    ]);
    const standing = await rows(
      `SELECT kind, phase, at FROM perennial.published WHERE NOT retracted AND kind <> 'retracted' ORDER BY at, kind DESC`,
    );
    expect(standing).toEqual([
      { kind: 'entered', phase: 'onboarding', at: day(1) },
      { kind: 'left', phase: 'onboarding', at: day(50) },
      { kind: 'entered', phase: 'active', at: day(50) },
    ]);
  });

  it('merges two customers when a link comes, and retracts what was published of the absorbed one', async () => {
    now = day(40);
    const browser = { anonymousId: 'browser-1' };
    await appendAll(log, [touchpoint({ who: browser, at: day(1), type: 'site-visited' }), order(ANNA, day(3), 'A1')]);
    const projector = await open();
    await projector.catchUp();
    expect(await rows('SELECT 1 FROM rm_1.customers')).toHaveLength(2);
    await appendAll(log, [touchpoint({ who: { ...ANNA, ...browser }, at: day(4), type: 'app-opened' })]);
    await projector.catchUp();
    // The browser is lower in the log: they are named after it.
    const together = subject('anonymousId', 'browser-1');
    expect(await rows('SELECT customer_id, subjects, touchpoints FROM rm_1.customers')).toEqual([
      { customer_id: together, subjects: 2, touchpoints: 3 },
    ]);
    expect(
      await rows(
        'SELECT DISTINCT customer_id FROM rm_1.stage_periods UNION SELECT DISTINCT customer_id FROM rm_1.bookings',
      ),
    ).toEqual([{ customer_id: together }]);
    expect(
      await rows(`SELECT customer_id, kind, reason FROM perennial.published WHERE kind = 'retracted'`),
    ).toContainEqual({ customer_id: anna, kind: 'retracted', reason: 'merge' });
    expect(
      await rows(
        `SELECT 1 FROM perennial.published WHERE customer_id = '${anna}' AND kind <> 'retracted' AND NOT retracted`,
      ),
    ).toEqual([]);
    expect(await rows(`SELECT sum(entered - left_) AS n FROM rm_1.stage_days`)).toEqual([{ n: 1 }]);
  });

  it('rejects a link that would join two users, and lists it', async () => {
    now = day(10);
    const device = { deviceId: 'tablet' };
    await appendAll(log, [
      touchpoint({ who: { ...ANNA, ...device }, at: day(1), type: 'app-opened' }),
      touchpoint({ who: { userId: 'ben', ...device }, at: day(2), type: 'app-opened' }),
    ]);
    const projector = await open();
    await projector.catchUp();
    expect(await rows('SELECT subjects FROM rm_1.customers ORDER BY subjects')).toEqual([
      { subjects: 1 },
      { subjects: 2 },
    ]);
    expect(await rows('SELECT event_id, rejected FROM rm_1.links WHERE rejected IS NOT NULL')).toHaveLength(1);
    // A link of an earlier day, come late: now it is Ben's tablet.
    await appendAll(log, [touchpoint({ who: { userId: 'ben', ...device }, at: day(0.5), type: 'app-opened' })]);
    await projector.catchUp();
    const [tablet] = await rows(`SELECT customer_id FROM rm_1.subjects WHERE namespace = 'deviceId'`);
    const [ben] = await rows(`SELECT customer_id FROM rm_1.subjects WHERE subject_id = '${subject('userId', 'ben')}'`);
    expect(tablet).toEqual(ben);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('parks a customer that cannot be folded, goes on with the rest, and releases the customer', async () => {
    now = day(10);
    const broken = touchpoint({ who: ANNA, at: day(2), type: 'site-visited' });
    await appendAll(log, [
      touchpoint({ who: ANNA, at: day(1), type: 'site-visited' }),
      { ...broken, event: { ...broken.event, type: 'case-resolved', schemaVersion: 99 } },
      touchpoint({ who: { userId: 'ben' }, at: day(3), type: 'site-visited' }),
    ]);
    const projector = await open();
    await projector.catchUp();
    expect(await rows('SELECT customer_id, reason FROM rm_1.parked')).toEqual([
      { customer_id: anna, reason: 'fold-failed' },
    ]);
    expect(await rows('SELECT customer_id FROM rm_1.customers')).toEqual([{ customer_id: subject('userId', 'ben') }]);
    expect(await projector.status()).toMatchObject({ parked: 1, dirty: 0 });
    await appendAll(log, [touchpoint({ who: ANNA, at: day(4), type: 'site-visited' })]);
    await projector.catchUp();
    expect(await projector.status()).toMatchObject({ parked: 1, dirty: 0 });
    // Still broken: after its release the customer is parked again; no other customer is concerned.
    expect(await projector.release(anna)).toBe(true);
    expect(await projector.status()).toMatchObject({ parked: 0, dirty: 1 });
    await projector.catchUp();
    expect(await projector.status()).toMatchObject({ parked: 1, dirty: 0 });
    expect(await projector.release('unknown')).toBe(false);
  });

  it('lets an event of the future wait until its time', async () => {
    now = day(1);
    await appendAll(log, [
      touchpoint({ who: ANNA, at: day(1), type: 'site-visited' }),
      order(ANNA, day(1.5), 'A1'),
      order({ userId: 'ben' }, day(1.6), 'B1'),
    ]);
    const projector = await open();
    await projector.catchUp();
    expect(await rows('SELECT customer_id, stage FROM rm_1.customers')).toEqual([
      { customer_id: anna, stage: 'acquisition' },
    ]);
    expect((await projector.status()).nextWake).toBe(day(1.5));
    await appendAll(log, [touchpoint({ who: ANNA, at: day(1), type: 'app-opened' })]);
    now = day(2);
    await projector.catchUp();
    expect(await rows('SELECT stage, touchpoints FROM rm_1.customers ORDER BY touchpoints')).toEqual([
      { stage: 'retention', touchpoints: 1 },
      { stage: 'retention', touchpoints: 3 },
    ]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('counts the outcomes in the receipts, by source and day', async () => {
    const items = [order(ANNA, day(1), 'A1'), order(ANNA, day(2), 'A2')];
    const receipt = (id: string, at: number) => ({
      stream: 'receipts-shop',
      id,
      source: 'shop',
      receivedAt: at,
      items: items.map((_, index) => ({ index, outcome: 'accepted' as const })),
      suppressed: { bot: 2 },
    });
    await log.appendMany(items, [receipt('r1', day(3))]);
    await log.appendMany(items, [receipt('r2', day(3.2))]);
    const projector = await open();
    await projector.catchUp();
    expect(await rows('SELECT * FROM rm_1.ingest_outcomes')).toEqual([
      {
        source: 'shop',
        day: '2024-01-04',
        received: 8,
        accepted: 2,
        duplicate: 2,
        quarantined: 0,
        suppressed: 4,
        reasons: { bot: 4 },
      },
    ]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('goes back to the version before, brought up to date', async () => {
    now = day(40);
    await appendAll(log, [order(ANNA, day(3), 'A1')]);
    const projector = await open();
    await projector.catchUp();
    await projector.rebuild();
    expect(await projector.status()).toMatchObject({ version: 2 });
    await appendAll(log, [order(ANNA, day(20), 'A2')]);
    await projector.catchUp();
    await projector.rollback(1);
    expect(await projector.status()).toMatchObject({ version: 1, position: 2, dirty: 0 });
    expect(await rows('SELECT orders FROM rm_1.customers')).toEqual([{ orders: 2 }]);
    await expect(projector.rollback(7)).rejects.toThrow(RangeError);
    await projector.rebuild();
    await projector.rebuild();
    expect(await rows('SELECT version, status FROM perennial.versions ORDER BY version')).toEqual([
      { version: 3, status: 'old' },
      { version: 4, status: 'live' },
    ]);
    expect(await rows(`SELECT 1 FROM perennial.published WHERE kind = 'retracted'`)).toEqual([]);
  });

  it('rebuilds read models that another version of the program made, before anything else', async () => {
    now = day(40);
    await appendAll(log, [order(ANNA, day(3), 'A1')]);
    await (await open()).catchUp();
    await rows(`UPDATE perennial.versions SET model = 'customers@0'`);
    const projector = await open();
    await projector.catchUp();
    expect(await projector.status()).toMatchObject({ version: 2, position: 1 });
    await expect(projector.rollback(1)).rejects.toThrow('other read models');
  });

  it('keeps the tables from swelling under many rewrites', async () => {
    now = day(40);
    const projector = await open({ pageSize: 10, vacuumAfter: 5 });
    await appendAll(
      log,
      Array.from({ length: 200 }, (_, i) => touchpoint({ who: ANNA, at: day(1) + i, type: 'site-visited' })),
    );
    await projector.catchUp();
    expect((await projector.status()).counters.vacuumed > 0).toBe(store.database.kind === 'pglite');
  });

  it('parks the one customer whose rows cannot be written', async () => {
    now = day(40);
    const projector = await open();
    await store.database.exec(`ALTER TABLE rm_1.bookings ADD CONSTRAINT planted CHECK (amount_minor <> 666)`);
    await appendAll(log, [
      order(ANNA, day(3), 'A1', 666),
      ...Array.from({ length: 9 }, (_, i) => order({ userId: `user-${i}` }, day(3), `B${i}`)),
    ]);
    await projector.catchUp();
    expect(await rows('SELECT customer_id, reason FROM rm_1.parked')).toEqual([
      { customer_id: anna, reason: 'write-failed' },
    ]);
    expect(await rows('SELECT count(*) AS n FROM rm_1.customers')).toEqual([{ n: 9 }]);
    await store.database.exec('ALTER TABLE rm_1.bookings DROP CONSTRAINT planted');
    await projector.release(anna);
    await projector.catchUp();
    expect(await rows('SELECT count(*) AS n FROM rm_1.customers')).toEqual([{ n: 10 }]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('parks the same customer in a rebuild, and folds the others', async () => {
    now = day(40);
    const projector = await open();
    // More than any amount that the database can hold.
    const absurd = order(ANNA, day(3), 'A1', 1e19);
    await appendAll(log, [
      absurd,
      ...Array.from({ length: 9 }, (_, i) => order({ userId: `user-${i}` }, day(3), `B${i}`)),
    ]);
    await projector.catchUp();
    await projector.rebuild();
    for (const schema of ['rm_1', 'rm_2']) {
      expect(await rows(`SELECT customer_id, reason FROM ${schema}.parked`)).toEqual([
        { customer_id: anna, reason: 'write-failed' },
      ]);
      expect(await rows(`SELECT count(*) AS n FROM ${schema}.customers`)).toEqual([{ n: 9 }]);
    }
  });
});
