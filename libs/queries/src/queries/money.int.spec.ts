import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareEvents, foldCustomer, policyTimeline } from '#lifecycle';
import { lifecycleEventOf } from '../reading/life.js';
import { day, iso, specEngine, type SpecEngine, type TestTouchpoint } from '../testdata/engine.js';

describe('orders and money in the queries', () => {
  let engine: SpecEngine;
  let run = 0;
  let who = '';
  beforeAll(async () => {
    engine = await specEngine();
  }, 60_000);
  afterAll(() => engine.close());
  beforeEach(() => {
    who = `kim-${run++}`;
  });

  const told = (type: string, at: number, data: object, more: Partial<TestTouchpoint> = {}): TestTouchpoint => ({
    who: { userId: who },
    at,
    type,
    data: data as Record<string, unknown>,
    ...more,
  });
  const about = async (name: string, params: Readonly<Record<string, string>> = {}) =>
    (await engine.runQuery(name, { identifier: `userId:${who}`, ...params })).rows;
  const among = async (name: string, params: Readonly<Record<string, string>> = {}) => {
    const customerId = (await about('customer'))[0]?.['customerId'];
    return (await engine.all(name, params)).filter((row) => row['customerId'] === customerId);
  };

  it('keep two orders of two sources with one number apart', async () => {
    await engine.tell(
      told('order-placed', day(10), { orderId: '1001', currency: 'EUR', totalMinor: 5_000 }),
      told('order-placed', day(11), { orderId: '1001', currency: 'EUR', totalMinor: 2_000 }, { source: 'pos' }),
      told('order-returned', day(12), { orderId: '1001', whole: true }, { source: 'pos' }),
    );
    expect(await about('orders')).toMatchObject([
      { orderId: '1001', source: 'shop', amountMinor: 5_000, netMinor: 5_000, survives: true, reversedAt: null },
      {
        orderId: '1001',
        source: 'pos',
        amountMinor: 2_000,
        netMinor: 0,
        survives: false,
        reversedAt: iso(day(12)).replace('.000', ''),
      },
    ]);
    expect(await about('orders', { limit: '1' })).toHaveLength(1);
    expect(await engine.all('orders', { identifier: `userId:${who}` }, 1)).toHaveLength(2);
    expect(await among('customers', { 'as-of': iso(day(20)) })).toMatchObject([{ orders: 1, revenueMinor: 5_000 }]);
    expect(await among('customers')).toMatchObject([{ orders: 1, revenueMinor: 5_000 }]);
    expect(await among('rfm')).toMatchObject([{ frequency: 0, orders: 1, revenueMinor: 5_000 }]);
  });

  it('show an order that was placed again after it was reversed as a row of its own', async () => {
    const placed = { orderId: 'A', currency: 'EUR', totalMinor: 5_000 };
    await engine.tell(
      told('order-placed', day(10), placed),
      told('order-cancelled', day(11), { orderId: 'A' }),
      told('order-placed', day(12), placed),
    );
    expect(await about('orders')).toMatchObject([{ survives: false }, { survives: true, netMinor: 5_000 }]);
    expect(await among('customers', { 'as-of': iso(day(20)) })).toMatchObject([{ orders: 1, revenueMinor: 5_000 }]);
  });

  it('book a reversal that came first with its order, however they arrive', async () => {
    await engine.tell(
      told('order-returned', day(30), { orderId: 'SK1', amountMinor: 5_000, currency: 'USD' }, { id: `r-${who}` }),
    );
    expect(await about('stage')).toMatchObject([{ revenue: [{ currency: 'USD', amountMinor: -5_000 }] }]);
    expect(await about('discrepancies')).toMatchObject([
      {
        kind: 'unmatched-reversal',
        orderId: 'SK1',
        amountMinor: 5_000,
        currency: 'USD',
        eventId: `r-${who}`,
        orderEventId: null,
      },
    ]);
    const before = iso(engine.now);
    engine.now += 1_000;
    // On top of the state that the reversal left: the order is all that is folded now.
    await engine.tell(told('order-placed', day(30.6), { orderId: 'SK1', currency: 'USD', totalMinor: 5_000 }));
    expect(await about('stage')).toMatchObject([{ orders: 0, revenue: [{ currency: 'USD', amountMinor: 0 }] }]);
    expect(await about('orders')).toMatchObject([
      { amountMinor: 5_000, netMinor: 0, survives: false, reversedAt: iso(day(30.6)).replace('.000', '') },
    ]);
    expect(await about('discrepancies')).toEqual([]);
    expect(await about('discrepancies', { 'as-of': iso(day(30.3)) })).toMatchObject([{ kind: 'unmatched-reversal' }]);
    expect(await about('discrepancies', { 'known-at': before })).toMatchObject([{ kind: 'unmatched-reversal' }]);
    expect(await among('customers', { 'as-of': iso(day(30.3)) })).toMatchObject([{ orders: 0, revenueMinor: -5_000 }]);
    expect((await engine.projector.verify()).equal).toBe(true);
  });

  it('match a reversal on one identifier with the order on another once both are one customer', async () => {
    const mail = { email: `${who}@example.com` };
    await engine.tell(
      told('order-placed', day(10), { orderId: `m-${who}`, currency: 'EUR', totalMinor: 5_000 }),
      told('order-returned', day(12), { orderId: `m-${who}`, amountMinor: 5_000, currency: 'EUR' }, { who: mail }),
    );
    expect(await about('stage')).toMatchObject([{ orders: 1 }]);
    await engine.tell(told('site-visited', day(13), {}, { who: { userId: who, ...mail } }));
    expect(await about('stage')).toMatchObject([{ orders: 0, revenue: [{ currency: 'EUR', amountMinor: 0 }] }]);
    expect(await about('discrepancies')).toEqual([]);
    expect((await engine.projector.verify()).equal).toBe(true);
  });

  it('list excess refunds, repeated orders and payments that match nothing', async () => {
    await engine.tell(
      told('order-placed', day(10), { orderId: 'L1', currency: 'EUR', totalMinor: 5_000 }, { id: `o-${who}` }),
      told('order-placed', day(11), { orderId: 'L1', currency: 'EUR', totalMinor: 6_000 }),
      told('order-returned', day(12), { orderId: 'L1', amountMinor: 5_000 }),
      told('order-returned', day(13), { orderId: 'L1', amountMinor: 5_000 }, { source: 'payments', id: `x-${who}` }),
      told('payment-succeeded', day(14), { amountMinor: 100, currency: 'EUR' }),
      told('payment-succeeded', day(15), { amountMinor: 100, currency: 'EUR', orderId: 'nowhere' }),
    );
    const rows = await about('discrepancies');
    expect(rows.map(({ kind, orderId, amountMinor }) => [kind, orderId, amountMinor])).toEqual([
      ['order-repeated', 'L1', 6_000],
      ['excess-refund', 'L1', 5_000],
      ['unassigned-payment', null, 100],
      ['unmatched-payment', 'nowhere', 100],
    ]);
    expect(rows[1]).toMatchObject({
      source: 'shop',
      eventSource: 'payments',
      eventId: `x-${who}`,
      orderEventId: `o-${who}`,
    });
    expect(await about('discrepancies', { 'known-at': iso(engine.now) })).toEqual(rows);
    expect(await about('discrepancies', { kind: 'excess-refund' })).toEqual([rows[1]]);
    expect(await about('discrepancies', { source: 'payments' })).toEqual([rows[1]]);
    expect(await about('discrepancies', { 'as-of': iso(day(11.5)) })).toEqual([rows[0]]);
    expect(await among('discrepancies')).toEqual(rows);
    expect(await engine.all('discrepancies', {}, 1)).toEqual(await engine.all('discrepancies', {}));
    await expect(engine.runQuery('discrepancies', { 'known-at': iso(day(11)) })).rejects.toThrow(
      /one customer at a time/,
    );
    expect(await about('stage')).toMatchObject([{ orders: 0, revenue: [{ currency: 'EUR', amountMinor: 0 }] }]);
  });

  it('show what was paid for contracts as revenue everywhere, and as no order', async () => {
    const paid = (at: number) =>
      told('payment-succeeded', at, { contractId: 'c', amountMinor: 1_990, currency: 'CHF' });
    await engine.tell(told('subscription-started', day(10), { contractId: 'c' }), paid(day(10)), paid(day(41)));
    const revenue = [{ currency: 'CHF', amountMinor: 3_980 }];
    expect(await about('stage')).toMatchObject([{ orders: 0, revenue }]);
    expect(await about('customer')).toMatchObject([
      { orders: 0, revenue, profile: { payments: 2, contractRevenue: revenue } },
    ]);
    expect(await among('customers')).toMatchObject([{ orders: 0, revenueMinor: 3_980, currency: 'CHF' }]);
    expect(await among('customers', { 'as-of': iso(day(20)) })).toMatchObject([{ orders: 0, revenueMinor: 1_990 }]);
    expect(await about('orders')).toEqual([]);
    const months = (await engine.all('revenue', { period: 'month' })).filter(({ currency }) => currency === 'CHF');
    expect(months).toMatchObject([
      { period: '2024-01-01', orders: 0, grossMinor: 0, netMinor: 1_990, payments: 1, paymentsMinor: 1_990 },
      { period: '2024-02-01', netMinor: 1_990, payments: 1 },
    ]);
    expect(String((await about('explain'))[0]?.['text'])).toContain('2 payments');
    // Orders beside them: the sum of all is the revenue, and the other figures are those of orders.
    await engine.tell(told('order-placed', day(50), { orderId: 'B', currency: 'CHF', totalMinor: 1_000 }));
    expect(await among('rfm')).toMatchObject([{ frequency: 0, orders: 1, revenueMinor: 4_980 }]);
  });

  it('book an amendment in its own period', async () => {
    await engine.tell(
      told('order-placed', day(10), { orderId: 'A', currency: 'SEK', totalMinor: 5_000 }),
      told('order-amended', day(45), { orderId: 'A', totalMinor: 4_000 }),
    );
    const months = (await engine.all('revenue', { period: 'month' })).filter(({ currency }) => currency === 'SEK');
    expect(months).toMatchObject([
      { period: '2024-01-01', grossMinor: 5_000, amendedMinor: 0, netMinor: 5_000 },
      { period: '2024-02-01', grossMinor: 0, returnedMinor: 0, amendedMinor: -1_000, netMinor: -1_000 },
    ]);
    expect(await about('orders')).toMatchObject([{ amountMinor: 4_000, netMinor: 4_000, survives: true }]);
    expect(await about('orders', { 'as-of': iso(day(20)) })).toMatchObject([{ amountMinor: 5_000 }]);
    expect(await about('timeline', { type: 'order-amended' })).toHaveLength(1);
  });

  it('are at any instant what the fold of that instant says, whatever came in which order', async () => {
    const step = fc.record({
      at: fc.nat(30),
      type: fc.constantFrom(
        'order-placed',
        'order-placed',
        'order-amended',
        'order-returned',
        'order-cancelled',
        'payment-succeeded',
      ),
      order: fc.constantFrom('a', 'b', 'c'),
      source: fc.constantFrom('shop', 'shop', 'pos'),
      amount: fc.constantFrom(0, 100, 200, 300),
      more: fc.constantFrom<object>({}, { contractId: 'c' }, { currency: 'EUR' }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        who = `any-${run++}`;
        for (const [index, { at, type, order, source, amount, more }] of steps.entries()) {
          const placed = type === 'order-placed';
          const amounts = placed || type === 'order-amended' ? { totalMinor: amount } : { amountMinor: amount };
          const data = {
            orderId: order,
            ...(placed || type === 'payment-succeeded' ? { currency: 'EUR' } : {}),
            ...amounts,
            ...more,
          };
          await engine.record(told(type, day(at), data, { source, id: `${who}-${index}` }));
          if (index % 3 === 2) await engine.catchUp();
        }
        await engine.catchUp();
        const events = (await engine.log.readStreams([`subject-${engine.subjectId('userId', who)}`]))
          .map(lifecycleEventOf)
          .sort(compareEvents);
        for (const asOf of [day(3.5), day(15), day(29.5), day(100)]) {
          const { view, discrepancies } = foldCustomer({ events, policies: policyTimeline([]), asOf });
          const [row] = await among('customers', { 'as-of': iso(asOf) });
          const only =
            view?.revenue.length === 1 ? view.revenue[0]?.amountMinor : view?.revenue.length === 0 ? 0 : null;
          expect([row?.['orders'], row?.['revenueMinor']]).toEqual(
            view === null ? [undefined, undefined] : [view.orders, only],
          );
          const orders = await about('orders', { 'as-of': iso(asOf) });
          expect(orders.filter(({ survives }) => survives)).toHaveLength(view?.orders ?? 0);
          const listed = await about('discrepancies', { 'as-of': iso(asOf) });
          expect(listed.map(({ kind, eventId }) => `${String(kind)} ${String(eventId)}`).sort()).toEqual(
            discrepancies
              .filter(({ settledAt }) => settledAt === null)
              .map(({ kind, event }) => `${kind} ${event.id}`)
              .sort(),
          );
        }
      }),
      { numRuns: 40 },
    );
    expect((await engine.projector.verify()).equal).toBe(true);
  }, 120_000);
});
