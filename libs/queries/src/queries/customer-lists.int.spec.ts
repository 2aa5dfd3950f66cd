import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { day, iso, order, specEngine, type SpecEngine } from '../testdata/engine.js';

const ANN = { userId: 'ann', email: 'ann@shop.example' };
const BEN = { userId: 'ben', email: 'ben@shop.example' };
const CLEO = { userId: 'cleo' };
const DAN = { anonymousId: 'dan' };
const EVE = { userId: 'eve' };

describe('lists of customers', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
    engine.now = day(40);
    const consent = (who: object, at: number, data: object, type = 'consent-given') => ({
      ...{ who: who as typeof ANN, at, type, data: data as Record<string, unknown> },
    });
    await engine.tell(
      order(ANN, day(1), 'A1', 1_000),
      order(ANN, day(20), 'A2', 1_500),
      order(BEN, day(2), 'B1', 9_000),
      order(CLEO, day(3), 'C1', 500),
      // 2000 yen are not 20.00 of anything: they stand as 2000.
      { ...order(EVE, day(4), 'E1', 2_000), data: { orderId: 'E1', currency: 'JPY', totalMinor: 2_000 } },
      { who: DAN, at: day(5), type: 'site-visited' },
      consent(ANN, day(6), { purpose: 'marketing', medium: 'email' }),
      consent(BEN, day(6), { purpose: 'marketing' }),
      consent(BEN, day(7), { purpose: 'marketing', medium: 'email' }, 'consent-withdrawn'),
      consent(CLEO, day(6), { purpose: 'marketing', medium: 'email', expiresAt: iso(day(10)) }),
      consent(EVE, day(6), { purpose: 'marketing' }),
      consent(DAN, day(6), { purpose: 'service', medium: 'email' }),
    );
  }, 60_000);
  afterAll(() => engine.close());

  const names = async (params: Record<string, string>, page?: number): Promise<unknown[]> =>
    (await engine.all('customers', params, page)).map(({ identifier }) => identifier);

  it.each([
    [{ sort: 'revenue' }, ['eve', 'ben', 'ann', 'cleo', 'dan']],
    [{ sort: 'revenue', order: 'asc' }, ['dan', 'cleo', 'ann', 'ben', 'eve']],
    [{ sort: 'lastPurchase' }, ['ann', 'eve', 'cleo', 'ben', 'dan']],
    [{ sort: 'firstSeen' }, ['ann', 'ben', 'cleo', 'eve', 'dan']],
    [{ sort: 'revenue', stage: 'retention' }, ['eve', 'ben', 'ann', 'cleo']],
    [{ sort: 'revenue', 'as-of': iso(day(10)) }, ['eve', 'ben', 'ann', 'cleo', 'dan']],
  ])('are ordered by %j, in pages of any size', async (params, expected) => {
    for (const page of [1, 2, 3, 100]) expect([page, await names(params, page)]).toEqual([page, expected]);
  });

  it('are ordered by each thing that there is, and each customer comes once', async () => {
    for (const sort of ['orders', 'lastSeen', 'entered', 'nextDue'])
      for (const direction of ['asc', 'desc'])
        expect([...(await names({ sort, order: direction }, 2))].sort()).toEqual(['ann', 'ben', 'cleo', 'dan', 'eve']);
    expect(await names({ order: 'desc' }, 2)).toEqual([...(await names({}, 2))].reverse());
  });

  it('hold those with a consent, with the address that it is for', async () => {
    expect(await names({ consent: 'email:marketing', sort: 'revenue' })).toEqual([null, 'ann@shop.example']);
    expect(await names({ consent: 'sms:marketing', sort: 'revenue', namespace: 'userId' })).toEqual(['eve', 'ben']);
    expect(await names({ consent: 'marketing', sort: 'revenue' })).toEqual(['eve', 'ben']);
    expect(await names({ consent: 'email:service' })).toEqual([null]);
    expect(await names({ consent: 'email:nothing' })).toEqual([]);
    expect(await names({ namespace: 'email', sort: 'revenue' })).toEqual(['ben@shop.example', 'ann@shop.example']);
  });

  it.each([
    [{ sort: 'value' }, /must be one of revenue, orders/],
    [{ consent: 'fax:marketing' }, /names no medium/],
    [{ consent: ':x: ' }, /MEDIUM:PURPOSE/],
    [{ consent: 'email:marketing', 'as-of': '2024-01-05' }, /known of now only/],
    [{ sort: 'nextDue', 'as-of': '2024-01-05' }, /known of now only/],
  ])('reject %j', async (params, why) => {
    await expect(engine.runQuery('customers', params)).rejects.toThrow(why);
  });

  it('hold what was written up to a position that the caller names', async () => {
    const { meta } = await engine.runQuery('customers', {});
    const waited = await engine.runQuery('customers', { 'after-position': String(meta.position) });
    expect(waited.rows).toHaveLength(5);
    await expect(engine.runQuery('customers', { 'after-position': '-1' })).rejects.toThrow(/whole number/);
    // A position that no publication has returned is not waited for.
    const { position: head } = await engine.log.head();
    await expect(engine.runQuery('customers', { 'after-position': String(head + 1) })).rejects.toThrow(
      new RegExp(`lies beyond the event log, which ends at position ${head}`),
    );
    await expect(engine.runQuery('customers', { 'after-position': '9007199254740990' })).rejects.toThrow(/lies beyond/);
    await engine.log.append('types', 'any', [
      {
        ...{ source: 'spec', id: 'not-indexed', type: 'type-registered', schemaVersion: 1, meta: '{}', data: '{}' },
        ...{ occurredAt: 0, contentHash: new Uint8Array(16) },
      },
    ]);
    await expect(engine.runQuery('customers', { 'after-position': String(head + 1) })).rejects.toThrow(
      /have not come to/,
    );
  }, 30_000);

  it('do not take a cursor of another order', async () => {
    const { nextCursor } = await engine.runQuery('customers', { sort: 'revenue', limit: '1' });
    await expect(
      engine.runQuery('customers', { sort: 'orders', limit: '1', cursor: nextCursor ?? '' }),
    ).rejects.toThrow(/is not a cursor/);
  });

  it('and of phases by day: no page is longer than its limit, and pages of any size give the same', async () => {
    const whole = await engine.all('stage-counts', {}, 1000);
    expect(whole.length).toBeGreaterThan(20);
    for (const size of [1, 2, 3, 7, 8, 9, 50]) {
      const { rows } = await engine.runQuery('stage-counts', { limit: String(size) });
      expect(rows.length).toBe(Math.min(size, whole.length));
      expect(await engine.all('stage-counts', {}, size)).toEqual(whole);
      const filtered = { stage: 'acquisition' };
      expect(await engine.all('stage-counts', filtered, size)).toEqual(
        whole.filter(({ stage }) => stage === 'acquisition'),
      );
    }
  });
});
