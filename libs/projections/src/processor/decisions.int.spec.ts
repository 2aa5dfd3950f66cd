import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memoryLog } from '#testing';
import { openStore, type OpenedStore } from '#testing/stores';
import type { AppendItem, EventLog } from '#event-log';
import { decision, withDecisions } from '../testdata/decisions.js';
import { heldByConsumer, heldByTables } from '../testdata/reconciled.js';
import { appendAll, day, order, subject, touchpoint } from '../testdata/touchpoints.js';
import { shuffled, world } from '../testdata/world.js';
import { Projector } from './projector.js';

const ANNA = { userId: 'anna' };
const CARD = { loyaltyCard: 'card-7' };
const [anna, card] = [subject('userId', 'anna'), subject('loyaltyCard', 'card-7')];
const END = day(600);

describe('what operators decide about customers', () => {
  let store: OpenedStore;
  let log: EventLog;
  let now: number;
  const clock = { now: () => now };
  beforeAll(async () => {
    store = await openStore('pglite');
  }, 120_000);
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    now = day(100);
    log = memoryLog({ clock });
  });

  const rows = (sql: string) => store.database.query(sql);
  const open = (options: { pageSize?: number } = {}) =>
    Projector.open({ database: store.database, log, clock, ...options });
  const told = async (items: readonly AppendItem[]): Promise<Projector> => {
    await appendAll(log, items);
    const projector = await open();
    await projector.catchUp();
    return projector;
  };
  const customers = () => rows('SELECT customer_id, subjects, orders FROM rm_1.customers ORDER BY orders, customer_id');
  const BOTH = [order(ANNA, day(3), 'A1'), order(CARD, day(5), 'C1'), order(CARD, day(9), 'C2')];

  const reconciled = async (): Promise<void> =>
    expect(await heldByConsumer(store.database)).toEqual(await heldByTables(store.database));

  it('a merge makes one customer of two, who keeps the id of the one that came first; the other is retracted into it', async () => {
    const projector = await told(BOTH);
    await appendAll(log, [decision('merge', [card], [anna], now)]);
    await projector.catchUp();
    expect(await customers()).toEqual([{ customer_id: anna, subjects: 2, orders: 3 }]);
    expect(
      await rows(
        `SELECT DISTINCT customer_id, reason, into_id FROM perennial.published WHERE kind = 'retracted' AND customer_id = '${card}'`,
      ),
    ).toEqual([{ customer_id: card, reason: 'merge', into_id: anna }]);
    await reconciled();
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('an unmerge gives both back, with the events in between where they belong, and nothing joins them again', async () => {
    const projector = await told(BOTH);
    await appendAll(log, [decision('merge', [card], [anna], now)]);
    await projector.catchUp();
    await appendAll(log, [order(CARD, day(20), 'C3'), order(ANNA, day(21), 'A2')]);
    await projector.catchUp();
    expect(await customers()).toEqual([{ customer_id: anna, subjects: 2, orders: 5 }]);
    await appendAll(log, [decision('unmerge', [anna], [card], now)]);
    await projector.catchUp();
    const apart = [
      { customer_id: anna, subjects: 1, orders: 2 },
      { customer_id: card, subjects: 1, orders: 3 },
    ];
    expect(await customers()).toEqual(apart);
    expect(
      await rows(
        `SELECT DISTINCT customer_id, reason FROM perennial.published WHERE kind = 'retracted' AND position = 7 ORDER BY 1`,
      ),
    ).toEqual([{ customer_id: anna, reason: 'unmerge' }]);
    await reconciled();
    // The card shown at a login: the operator has decided that.
    await appendAll(log, [touchpoint({ who: { ...ANNA, ...CARD }, at: day(30), type: 'app-opened' })]);
    await projector.catchUp();
    expect(await customers()).toEqual(apart);
    expect(await rows('SELECT rejected FROM rm_1.links WHERE rejected IS NOT NULL')).toEqual([
      { rejected: 'kept-apart' },
    ]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('lifted, the sides are joined by what came after the unmerge, not by what it revoked', async () => {
    const together = touchpoint({ who: { ...ANNA, ...CARD }, at: day(10), type: 'app-opened' });
    const projector = await told([...BOTH, together]);
    const unmerged = decision('unmerge', [anna], [card], now);
    await appendAll(log, [unmerged]);
    await projector.catchUp();
    expect(await customers()).toHaveLength(2);
    await appendAll(log, [decision('lift', [anna], [card], now, unmerged.decisionId)]);
    await projector.catchUp();
    expect(await customers()).toHaveLength(2);
    await appendAll(log, [touchpoint({ who: { ...ANNA, ...CARD }, at: day(12), type: 'app-opened' })]);
    await projector.catchUp();
    expect(await customers()).toMatchObject([{ customer_id: anna, subjects: 2, orders: 3 }]);
    await reconciled();
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('decided, revoked and told in one page, or one event a page, come to the same', async () => {
    const unmerged = decision('unmerge', [anna], [card], now);
    const together = (at: number) => touchpoint({ who: { ...ANNA, ...CARD }, at: day(at), type: 'app-opened' });
    const items = [
      ...[...BOTH, together(10), decision('merge', [card], [anna], now), unmerged, together(9)],
      ...[decision('lift', [anna], [card], now, unmerged.decisionId), together(11)],
    ];
    const digests: string[] = [];
    for (const pageSize of [100, 1, 3]) {
      await store.wipe();
      log = memoryLog({ clock });
      await appendAll(log, items);
      const projector = await open({ pageSize });
      await projector.catchUp();
      digests.push((await projector.digest()).overall);
      expect(await customers()).toMatchObject([{ subjects: 2, orders: 3 }]);
    }
    expect(new Set(digests).size).toBe(1);
  });

  it('a link that counts no longer is not listed as rejected', async () => {
    const device = { deviceId: 'tablet' };
    const projector = await told([
      touchpoint({ who: { ...ANNA, ...device }, at: day(2), type: 'app-opened' }),
      touchpoint({ who: { userId: 'ben', ...device }, at: day(5), type: 'app-opened' }),
    ]);
    await appendAll(log, [touchpoint({ who: { userId: 'ben', ...device }, at: day(4), type: 'app-opened' })]);
    await projector.catchUp();
    expect(await rows('SELECT occurred_at FROM rm_1.links WHERE rejected IS NOT NULL')).toEqual([
      { occurred_at: day(4) },
    ]);
  });

  it('for any world and any order of arrival: a rebuild gives the same, and a consumer holds what the tables hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 40 }), async (seed, chunk) => {
        await store.wipe();
        now = END;
        log = memoryLog({ clock });
        const projector = await open({ pageSize: 7 });
        const items = withDecisions(world(seed, 8, 6), seed, 8, END);
        for (let at = 0; at < items.length; at += chunk) {
          await appendAll(log, items.slice(at, at + chunk));
          await projector.catchUp();
        }
        await reconciled();
        expect(await projector.verify()).toMatchObject({ equal: true });
      }),
      { numRuns: 6 },
    );
  }, 300_000);

  it('for any world: what was merged and unmerged is as if it had never been merged, digest for digest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const parts: Record<string, unknown>[] = [];
        for (const decided of [false, true]) {
          await store.wipe();
          now = END;
          log = memoryLog({ clock });
          const projector = await open();
          const items = shuffled([...world(seed, 4, 6), order(CARD, day(4), 'C1'), order(CARD, day(50), 'C2')], seed);
          const [user, third] = [subject('userId', 'user-0'), Math.floor(items.length / 3)];
          const between = decided ? [decision('merge', [card], [user], END)] : [];
          const undone = decided ? [decision('unmerge', [user], [card], END)] : [];
          for (const some of [
            items.slice(0, third),
            between,
            items.slice(third, 2 * third),
            undone,
            items.slice(2 * third),
          ]) {
            await appendAll(log, some);
            await projector.catchUp();
          }
          if (decided)
            expect(await rows(`SELECT 1 FROM rm_1.links WHERE revoked_position IS NOT NULL`)).toHaveLength(1);
          // The decision itself stays on record.
          const { kept_apart: _, ...models } = (await projector.digest()).models;
          parts.push(models);
        }
        expect(parts[1]).toEqual(parts[0]);
      }),
      { numRuns: 6 },
    );
  }, 300_000);
});
