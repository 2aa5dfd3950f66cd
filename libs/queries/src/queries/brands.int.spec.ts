import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { day, iso, specEngine, type SpecEngine, type TestTouchpoint } from '../testdata/engine.js';
import type { Answer } from '../running/answer.js';
import { runQuery, runQueryInPages } from '../running/run-query.js';
import { QUERIES } from './index.js';

/** Everything that is Coast's alone says so: its sources, its numbers, and the names of those who know it only. */
const COAST = /coast/i;
const ANNA = { userId: 'anna' };
const BOB = { userId: 'bob-of-coast' };

const told = (
  who: TestTouchpoint['who'],
  at: number,
  type: string,
  brand: string | null,
  data: object = {},
): TestTouchpoint => {
  const source = brand === null ? 'crm' : `${brand.toLowerCase()}-shop`;
  const orderId = (data as { orderId?: string }).orderId ?? '';
  return {
    ...{ who, at: day(at), type, source, id: `${source}-${type}-${at}-${orderId}` },
    ...{ data: data as Record<string, unknown>, ...(brand === null ? {} : { brand }) },
  };
};

const placed = (orderId: string, totalMinor: number) => ({ orderId, currency: 'EUR', totalMinor });

describe('brands in the queries', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
    await engine.tell(
      told(ANNA, 1, 'site-visited', 'Alpine'),
      told(ANNA, 2, 'order-placed', 'Alpine', placed('A1', 5_000)),
      told(ANNA, 3, 'order-placed', 'Coast', placed('coast-1', 70_000)),
      told(ANNA, 4, 'order-placed', 'Coast', placed('coast-2', 800)),
      // Coast's service desk takes back an order of Alpine: it is Alpine's revenue that shrinks.
      told(ANNA, 5, 'order-returned', 'Coast', { orderId: 'A1', amountMinor: 1_000, currency: 'EUR' }),
      told(ANNA, 6, 'order-returned', 'Coast', { orderId: 'coast-none', amountMinor: 300, currency: 'EUR' }),
      told(ANNA, 7, 'site-visited', null),
      told(BOB, 3, 'site-visited', 'Coast'),
      told(BOB, 4, 'order-placed', 'Coast', placed('coast-3', 900)),
    );
  }, 60_000);
  afterAll(() => engine.close());

  const limited = (...brands: string[]) => ({ ...engine.context, brands });
  const all = async (brands: readonly string[], name: string, params: Readonly<Record<string, string>> = {}) => {
    const rows: Answer['rows'][number][] = [];
    for await (const page of runQueryInPages(limited(...brands), name, params)) rows.push(...page.rows);
    return rows;
  };

  it('can limit these queries, and no others', () => {
    const takeBrand = QUERIES.filter(({ narrows }) => narrows === 'brand').map(({ name }) => name);
    expect(takeBrand.sort()).toEqual(['customers', 'discrepancies', 'orders', 'revenue', 'rfm', 'timeline']);
  });

  // Generated: each query that can be limited, now and at an instant, whole and page by page.
  for (const { name, params, time, paged } of QUERIES.filter(({ narrows }) => narrows === 'brand')) {
    const namesOne = 'customer' in new (params as new () => object)() || ['orders', 'timeline'].includes(name);
    const given: Readonly<Record<string, string>> = namesOne ? { identifier: 'userId:anna' } : {};

    it(`show a caller that is limited to one brand no row of another: ${name}`, async () => {
      const everything = JSON.stringify(await all(['Alpine', 'Coast'], name, given));
      expect(everything.length).toBeGreaterThan(2);
      for (const at of time === 'none' ? [{}] : [{}, { 'as-of': iso(day(100)) }]) {
        const rows = await all(['Alpine'], name, { ...given, ...at });
        expect(rows.length).toBeGreaterThan(name === 'discrepancies' ? -1 : 0);
        expect(JSON.stringify(rows)).not.toMatch(COAST);
        // The sum of Coast's orders, and sums that hold them.
        expect(JSON.stringify(rows)).not.toMatch(/7[0-9]{4}\b/);
        // The same as an unlimited caller gets who names the brand, page by page.
        const named = await engine.all(name, { ...given, ...at, brand: 'Alpine' }, paged ? 1 : undefined);
        expect(named).toEqual(rows);
      }
    });

    it(`reject a brand that the caller may not see, and show nothing without a brand: ${name}`, async () => {
      const asked = runQuery(limited('Alpine'), name, { ...given, brand: 'Coast' });
      await expect(asked).rejects.toMatchObject({ code: 'not-permitted', status: 403 });
      if (namesOne) await expect(all(['Nowhere'], name, given)).rejects.toMatchObject({ code: 'unknown-customer' });
      else expect(await all(['Nowhere'], name, given)).toEqual([]);
    });
  }

  it('count what was taken back for the brand of its order, and what matches no order for the brand of the event', async () => {
    const orders = (brand: string) => engine.all('orders', { identifier: 'userId:anna', brand });
    expect(await orders('Alpine')).toMatchObject([{ orderId: 'A1', netMinor: 4_000, brand: 'Alpine', survives: true }]);
    expect(await orders('Coast')).toMatchObject([
      { orderId: 'coast-1', netMinor: 70_000 },
      { orderId: 'coast-2', netMinor: 800 },
      { orderId: 'coast-none', netMinor: -300 },
    ]);
    const net = async (params: Readonly<Record<string, string>>) =>
      (await engine.all('revenue', { period: 'year', ...params })).map(({ netMinor }) => netMinor);
    expect(await net({ brand: 'Alpine' })).toEqual([4_000]);
    expect(await net({ brand: 'Coast' })).toEqual([71_400]);
    expect(await net({})).toEqual([75_400]);
    const believed = { identifier: 'userId:anna', 'known-at': iso(engine.now) };
    expect(await all(['Coast'], 'discrepancies', believed)).toMatchObject([{ orderId: 'coast-none', brand: 'Coast' }]);
    expect(await all(['Alpine'], 'discrepancies', believed)).toEqual([]);
    expect(await all(['Coast'], 'discrepancies')).toMatchObject([{ kind: 'unmatched-reversal', brand: 'Coast' }]);
  });

  it('list the customers who have dealt with a brand, with the figures of that brand and the stage of the business', async () => {
    const [anna] = await engine.all('customers', { brand: 'Alpine' });
    expect(anna).toMatchObject({
      orders: 1,
      revenueMinor: 4_000,
      firstSeenAt: '2024-01-02T00:00:00Z',
      lastSeenAt: null,
    });
    const [whole] = await engine.all('customers', { source: 'alpine-shop' });
    expect(whole).toMatchObject({ customerId: anna?.['customerId'], orders: 3, stage: anna?.['stage'] });
    expect(await engine.all('customers', { brand: 'Coast' })).toHaveLength(2);
    expect(await engine.all('customers', { brand: 'Coast', 'as-of': iso(day(2.5)) })).toEqual([]);
    // Whether they ordered from a source of another brand is nothing that the caller may see.
    expect(await all(['Alpine'], 'customers', { source: 'coast-shop' })).toEqual([]);
    await expect(engine.all('customers', { brand: 'Coast', sort: 'lastSeen' })).rejects.toThrow('not known by brand');
    expect(await engine.all('customers', { brand: 'Coast', sort: 'revenue' })).toMatchObject([
      { revenueMinor: 70_500 },
      { revenueMinor: 900 },
    ]);
  });

  it('understand scopes with an open end', async () => {
    await engine.tell(
      told({ userId: 'group' }, 1, 'order-placed', 'group/north', placed('n', 10)),
      told({ userId: 'group' }, 2, 'order-placed', 'group/south', placed('s', 20)),
    );
    const revenue = async (...brands: string[]) => (await all(brands, 'revenue')).map(({ netMinor }) => netMinor);
    expect(await revenue('group/*')).toEqual([30]);
    expect(await revenue('group/north')).toEqual([10]);
    expect(await revenue('group')).toEqual([]);
  });

  it('add up to what is known without a brand, whatever comes late, twice, under another brand, or after a merge', async () => {
    let run = 0;
    const step = fc.record({
      who: fc.nat(1),
      at: fc.integer({ min: 10, max: 90 }),
      brand: fc.constantFrom('Alpine', 'Coast', null),
      what: fc.constantFrom('site-visited', 'order-placed', 'order-returned', 'order-cancelled', 'order-amended'),
      order: fc.nat(3),
      link: fc.boolean(),
      amount: fc.integer({ min: 1, max: 500 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const prefix = `p${run++}`;
        const before = new Set((await engine.all('customers')).map(({ customerId }) => customerId));
        for (const [index, { who, at, brand, what, order, link, amount }] of steps.entries()) {
          const user = { userId: `${prefix}-${who}` };
          // Two people become one.
          const named = link ? { ...user, email: `${prefix}@example.com` } : user;
          const data = { orderId: `${prefix}-${order}`, currency: 'EUR' };
          const amounts = what === 'order-returned' ? { amountMinor: amount } : { totalMinor: amount };
          const body = what === 'site-visited' ? {} : what === 'order-cancelled' ? data : { ...data, ...amounts };
          const one = { ...told(named, at, what, brand, body), source: 'till', id: `${prefix}-${index}` };
          // One by one: each is folded on top of what was there, or again.
          await engine.tell(one);
        }
        expect((await engine.projector.verify()).equal).toBe(true);
        const rows = (await engine.database.query(
          `SELECT b.customer_id, b.brand, sum(b.amount_minor)::int AS net FROM rm_1.bookings b
            WHERE b.voided_at IS NULL GROUP BY 1, 2`,
        )) as readonly { customer_id: string; brand: string | null; net: number }[];
        const sums = new Map<string, number>();
        for (const { customer_id: id, brand, net } of rows)
          if (!before.has(id)) sums.set(`${id} ${brand}`, (sums.get(`${id} ${brand}`) ?? 0) + net);
        for (const brand of ['Alpine', 'Coast'])
          for (const one of await engine.all('customers', { brand })) {
            if (before.has(one['customerId'])) continue;
            expect(one['revenueMinor']).toBe(sums.get(`${String(one['customerId'])} ${brand}`) ?? 0);
          }
        // Every order has the brand of its placement, whatever brand amended or took it back.
        const mixed = await engine.database.query(
          `SELECT 1 AS mixed FROM rm_1.bookings WHERE order_at IS NOT NULL
            GROUP BY customer_id, order_id, order_source, order_at HAVING count(DISTINCT coalesce(brand, '')) > 1`,
        );
        expect(mixed).toEqual([]);
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});
