import { describe, expect, it } from '@jest/globals';
import { story, when } from '#testing';
import { foldCustomer } from '../index.js';

const booked = (told: ReturnType<typeof story>, asOf: string) =>
  told.at(asOf).bookings.map(({ orderId, kind, amountMinor, reverses }) => [orderId, kind, amountMinor, reverses]);

describe('a reversal', () => {
  it('of one of several purchases places them again: onboarding when one is left', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-01-20', 'B').returns('2026-02-01', 'B');
    expect(told.stays('2026-03-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-01-20 retention·active',
      '2026-02-01 retention·onboarding',
    ]);
    expect(told.at('2026-03-01').view).toMatchObject({ lastPurchaseAt: Date.UTC(2026, 0, 1), orders: 1 });
  });

  it('makes overdue silence fall due at once, counted from the last purchase that is left', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-03-25', 'B').returns('2026-05-10', 'B');
    expect(told.stays('2026-06-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-03-25 retention·active',
      '2026-05-10 retention·at-risk', // A was 90 days old on 1 April
      '2026-05-16 retention·lapsed',
    ]);
    const [, , overdue] = told.at('2026-06-01').stagePeriods;
    expect(overdue?.cause).toMatchObject({ rule: 'silence-at-risk', deadline: { dueAt: Date.UTC(2026, 3, 1) } });
  });

  it('and another at the same instant, each folded as it comes, leave what both leave when folded at once', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .buys('2026-01-02', 'B')
      .buys('2026-01-03', 'C')
      .buys('2026-01-04', 'D')
      .returns('2026-03-06', 'B') // They were lapsed, after 45 days of silence, and still is: their rhythm is a few days.
      .returns('2026-03-06', 'D'); // With two orders left they have no rhythm any more: 90 days of silence are needed.
    const { events, policies } = told;
    const asOf = when('2026-03-07');
    const first = foldCustomer({ events: events.slice(0, 5), policies, asOf });
    expect(first.stagePeriods.at(-1)).toMatchObject({ phase: 'lapsed', leftAt: null });
    const then = foldCustomer({ events: events.slice(5), policies, asOf, snapshot: first.snapshot });
    const known = [...first.stagePeriods.slice(0, then.stagePeriods[0]?.seq), ...then.stagePeriods];
    expect(known).toEqual(told.at('2026-03-07').stagePeriods);
    expect(known.slice(-2)).toMatchObject([
      { phase: 'lapsed', leftAt: when('2026-03-06') },
      { phase: 'active', leftAt: null },
    ]);
  });

  it('of a win-back leaves its cycle without a purchase: they are back in acquisition, in that cycle', () => {
    const told = story().buys('2024-01-01', 'A').buys('2025-06-01', 'B').returns('2025-06-20', 'B');
    // Bought straight out of lost, B opened the second cycle alone: none survives in it.
    expect(told.stays('2025-07-01').slice(3)).toEqual([
      '2024-12-31 retention·lost',
      '2025-06-01 retention·onboarding (2)',
      '2025-06-20 acquisition·awareness (2)',
    ]);
  });

  it('of an order of an earlier cycle changes no stage', () => {
    const told = story().buys('2024-01-01', 'A').buys('2025-06-01', 'B').returns('2025-06-20', 'A');
    expect(told.stays('2025-07-01').slice(4)).toEqual(['2025-06-01 retention·onboarding (2)']);
    expect(told.at('2025-07-01').view?.orders).toBe(1);
  });

  it('leaves at-risk where it is when nothing but the count changes', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .buys('2026-01-01 10:00', 'B')
      .buys('2026-01-03', 'C')
      .returns('2026-04-10', 'A');
    expect(told.stays('2026-04-20').slice(-1)).toEqual(['2026-04-03 retention·at-risk']);
  });

  it('brings them back to cold when ninety days without intent have passed', () => {
    const told = story().buys('2026-01-01', 'A').returns('2026-05-01', 'A');
    expect(told.stays('2026-06-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-04-01 retention·at-risk',
      '2026-05-01 acquisition·cold',
    ]);
  });

  it('ends an expansion whose orders do not all survive; another signal that stands keeps it', () => {
    const told = story()
      .buys('2026-01-01', 'A', { amount: 1000 })
      .buys('2026-01-08', 'B', { amount: 1000 })
      .buys('2026-01-15', 'C', { amount: 1000 })
      .buys('2026-01-22', 'D', { amount: 1500 })
      .buys('2026-01-29', 'E', { amount: 1500, categories: ['wine'] });
    expect(told.stays('2026-01-30').at(-1)).toBe('2026-01-29 expansion·up-sell');
    // D carried the up-sell only; E's new category stands by itself.
    told.returns('2026-02-01', 'D');
    expect(told.stays('2026-02-02').at(-1)).toBe('2026-02-01 expansion·cross-sell');
    told.cancels('2026-02-03', 'E');
    expect(told.stays('2026-02-04').at(-1)).toBe('2026-02-03 retention·active');
  });

  it('keeps the window of the signal that stands where it was', () => {
    const told = story()
      .buys('2026-01-01', 'A', { amount: 1000 })
      .buys('2026-01-02', 'B', { amount: 1000 })
      .buys('2026-01-03', 'C', { amount: 1000 })
      .buys('2026-01-04', 'D', { amount: 1500 })
      .buys('2026-01-05', 'E', { amount: 1500 })
      .returns('2026-01-10', 'A');
    const { view } = told.at('2026-01-11');
    expect(view).toMatchObject({ stage: 'expansion', phase: 'up-sell', enteredAt: Date.UTC(2026, 0, 5) });
    expect(view?.deadlines.find(({ kind }) => kind === 'expansion-ends')?.dueAt).toBe(Date.UTC(2026, 6, 4));
  });

  it('does not count towards rhythm, median or orders from then on', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .buys('2026-01-11', 'B')
      .buys('2026-01-21', 'C')
      .returns('2026-01-22', 'B');
    expect(told.at('2026-01-21').view?.silence).toMatchObject({ rhythmDays: 10, atRiskDays: 30 });
    expect(told.at('2026-01-22').view?.silence).toMatchObject({ rhythmDays: null, atRiskDays: 90 });
  });

  it('names itself in the cause', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-01-20', 'B').returns('2026-02-01', 'B');
    expect(told.at('2026-03-01').view?.cause).toMatchObject({
      ...{ rule: 'purchase-reversed', events: [{ source: 'shop', id: 'e0003' }] },
      values: { order: 'B', purchases_in_cycle: 1, standing_signal: null },
    });
  });

  it('of the only purchase names itself in the cause', () => {
    const told = story().buys('2026-01-01', 'A').returns('2026-02-01', 'A');
    expect(told.at('2026-02-02').view?.cause).toMatchObject({
      ...{ rule: 'purchase-reversed', events: [{ source: 'shop', id: 'e0002' }] },
      values: { order: 'A', purchases_in_cycle: 0 },
    });
  });

  it('keeps an expansion while its window is open, with the pauses in it, and no longer', () => {
    const c1 = { contractId: 'c1' };
    const upgraded = () => story().buys('2026-01-01', 'A').on('2026-01-10', 'subscription-upgraded', c1);
    // 180 days from 10 January are 9 July.
    const over = upgraded().buys('2026-08-01', 'B').cancels('2026-08-05', 'B');
    expect(over.stays('2026-08-06').at(-1)).toBe('2026-08-05 retention·onboarding');
    const paused = upgraded()
      .on('2026-03-01', 'subscription-paused', c1)
      .on('2026-03-31', 'subscription-resumed', c1)
      .buys('2026-07-15', 'B')
      .cancels('2026-07-20', 'B');
    expect(paused.stays('2026-07-21').at(-1)).toBe('2026-01-10 expansion·up-sell');
  });

  it('of the last purchase ends every signal of the cycle: none stands when purchases follow', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-05', 'subscription-upgraded', { contractId: 'c1' })
      .cancels('2026-01-10', 'A')
      .buys('2026-01-12', 'B')
      .buys('2026-01-13', 'C')
      .cancels('2026-01-14', 'C');
    expect(told.stays('2026-01-15').slice(-2)).toEqual([
      '2026-01-13 retention·active',
      '2026-01-14 retention·onboarding',
    ]);
  });

  it('books on its own date', () => {
    const told = story().buys('2026-01-01', 'A', { amount: 7000 }).cancels('2026-02-01', 'A');
    expect(told.at('2026-03-01').bookings).toMatchObject([
      { kind: 'order', at: Date.UTC(2026, 0, 1), amountMinor: 7000, reverses: false },
      { kind: 'cancellation', at: Date.UTC(2026, 1, 1), amountMinor: -7000, reverses: true },
    ]);
  });

  it('said twice takes back once', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .cancels('2026-02-01', 'A')
      .cancels('2026-02-02', 'A')
      .returns('2026-02-03', 'A');
    expect(booked(told, '2026-03-01')).toEqual([
      ['A', 'order', 5000, false],
      ['A', 'cancellation', -5000, true],
    ]);
  });

  it('that matches no order books money only', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-05', 'order-returned', { orderId: 'unknown', amountMinor: 300, currency: 'EUR' })
      .cancels('2026-01-06', 'unknown too');
    expect(booked(told, '2026-02-01')).toEqual([
      ['A', 'order', 5000, false],
      ['unknown', 'return', -300, false],
    ]);
    const { view } = told.at('2026-02-01');
    expect(view).toMatchObject({ phase: 'onboarding', orders: 1, revenue: [{ amountMinor: 4700, currency: 'EUR' }] });
  });

  it('that is dated before its order takes it back at the instant of the order', () => {
    const told = story()
      .on('2026-09-01 00:00', 'order-returned', { orderId: 'SK1', whole: true })
      .on('2026-09-01 14:22', 'order-placed', { orderId: 'SK1', currency: 'USD', totalMinor: 5000 });
    const { view, bookings, discrepancies } = told.at('2026-09-02');
    expect(view).toMatchObject({ stage: 'acquisition', orders: 0, revenue: [{ currency: 'USD', amountMinor: 0 }] });
    expect(bookings).toMatchObject([
      { kind: 'order', at: when('2026-09-01 14:22'), amountMinor: 5000 },
      { kind: 'return', at: when('2026-09-01 14:22'), amountMinor: -5000, currency: 'USD', reverses: true },
    ]);
    // Until the order came the reversal matched nothing.
    expect(discrepancies).toMatchObject([
      { kind: 'unmatched-reversal', at: when('2026-09-01'), settledAt: when('2026-09-01 14:22') },
    ]);
    expect(told.at('2026-09-01 10:00')).toMatchObject({ bookings: [], discrepancies: [{ settledAt: null }] });
  });

  it('that is dated before its order books its amount with the order, and no longer by itself', () => {
    const told = story()
      .on('2026-08-31', 'order-returned', { orderId: 'A', amountMinor: 300, currency: 'EUR' })
      .buys('2026-09-01', 'A');
    expect(told.at('2026-08-31 12:00').view?.revenue).toEqual([{ currency: 'EUR', amountMinor: -300 }]);
    const { view, bookings } = told.at('2026-09-02');
    expect(view).toMatchObject({ orders: 1, revenue: [{ currency: 'EUR', amountMinor: 4700 }] });
    expect(bookings.map(({ at, amountMinor, orderAt, voidedAt }) => [at, amountMinor, orderAt, voidedAt])).toEqual([
      [when('2026-08-31'), -300, null, when('2026-09-01')],
      [when('2026-09-01'), 5000, when('2026-09-01'), null],
      [when('2026-09-01'), -300, when('2026-09-01'), null],
    ]);
  });

  it('that names no currency is listed, and books nothing in a currency of none', () => {
    const told = story()
      .buys('2026-01-01', 'A', { currency: 'USD' })
      .refunds('2026-01-05', 'unknown', 700)
      .on('2026-01-06', 'order-returned', { orderId: 'other', amountMinor: 900, currency: 'USD' });
    const { view, discrepancies } = told.at('2026-02-01');
    expect(view?.revenue).toEqual([{ currency: 'USD', amountMinor: 4100 }]);
    expect(discrepancies).toMatchObject([
      { kind: 'unmatched-reversal', orderId: 'unknown', amountMinor: 700, currency: null },
      { kind: 'unmatched-reversal', orderId: 'other', amountMinor: 900, currency: 'USD' },
    ]);
  });

  it('of one source leaves an order of another source with the same number alone', () => {
    const told = story()
      .buys('2026-01-01', '1001')
      .on('2026-01-02', 'order-placed', { orderId: '1001', currency: 'EUR', totalMinor: 2000 }, false, 'pos')
      .on('2026-01-03', 'order-returned', { orderId: '1001', whole: true }, false, 'pos');
    const { view, bookings } = told.at('2026-02-01');
    expect(view).toMatchObject({ orders: 1, revenue: [{ currency: 'EUR', amountMinor: 5000 }] });
    expect(bookings.at(-1)).toMatchObject({ orderSource: 'pos', orderId: '1001', reverses: true });
  });

  it('of a source whose order of that number comes later takes back another source’s: the only one by then', () => {
    const told = story()
      .buys('2026-01-01', '1001')
      .on('2026-01-03 00:00', 'order-returned', { orderId: '1001', whole: true }, false, 'pos')
      .on('2026-01-03 14:22', 'order-placed', { orderId: '1001', currency: 'EUR', totalMinor: 2000 }, false, 'pos');
    // The known limit of decision 21; with numbers of their own (a prefix in the mapping) each source keeps its orders.
    expect(told.at('2026-02-01').bookings).toMatchObject([
      { orderSource: 'shop', kind: 'order' },
      { orderSource: 'shop', kind: 'return', reverses: true },
      { orderSource: 'pos', kind: 'order' },
    ]);
    const apart = story()
      .buys('2026-01-01', '1001')
      .on('2026-01-03 00:00', 'order-returned', { orderId: 'pos-1001', whole: true }, false, 'pos')
      .on('2026-01-03 14:22', 'order-placed', { orderId: 'pos-1001', currency: 'EUR', totalMinor: 2000 }, false, 'pos');
    expect(apart.at('2026-02-01').bookings.filter(({ reverses }) => reverses)).toMatchObject([{ orderSource: 'pos' }]);
  });

  it('of a source that placed no such order names the order of another source', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-03', 'order-returned', { orderId: 'A', amountMinor: 5000 }, false, 'payments');
    const { view, bookings } = told.at('2026-02-01');
    expect(view).toMatchObject({ orders: 0, stage: 'acquisition' });
    expect(bookings.at(-1)).toMatchObject({ orderSource: 'shop', event: { source: 'payments' }, reverses: true });
  });
});

describe('an order placed again', () => {
  const placed = { orderId: 'A', currency: 'EUR', lines: [{ sku: 'tea', quantity: 2, unitPriceMinor: 500 }] };
  const listed = (again: object) =>
    story()
      .on('2026-01-01', 'order-placed', placed)
      .on('2026-01-02', 'order-placed', { ...placed, ...again })
      .at('2026-02-01');

  it('with the same content counts once, in silence', () => {
    expect(listed({ coupon: 'HELLO' })).toMatchObject({ view: { orders: 1 }, discrepancies: [] });
  });

  it.each([
    ['total', { totalMinor: 900 }],
    ['currency', { currency: 'USD' }],
    ['pieces', { lines: [{ sku: 'tea', quantity: 1, unitPriceMinor: 1000 }] }],
    ['article', { lines: [{ sku: 'pot', quantity: 2, unitPriceMinor: 500 }] }],
    ['category', { lines: [{ sku: 'tea', category: 'tea', quantity: 2, unitPriceMinor: 500 }] }],
    ['cost', { costMinor: 10 }],
  ])('with another %s is listed: the first one counts', (_, again) => {
    const { view, discrepancies } = listed(again);
    expect(view).toMatchObject({ orders: 1, revenue: [{ currency: 'EUR', amountMinor: 1000 }] });
    expect(discrepancies).toMatchObject([
      { kind: 'order-repeated', orderId: 'A', orderSource: 'shop', event: { id: 'e0002' } },
    ]);
  });

  it('as it was amended in the meantime is not listed', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .amends('2026-01-02', 'A', 7000)
      .buys('2026-01-03', 'A', { amount: 7000 });
    expect(told.at('2026-02-01').discrepancies).toEqual([]);
    expect(told.buys('2026-01-04', 'A', { amount: 8000 }).at('2026-02-01').discrepancies).toHaveLength(1);
  });

  it('at the instant at which it was reversed at once stays reversed', () => {
    const told = story().cancels('2025-12-31', 'A').buys('2026-01-01', 'A').buys('2026-01-01', 'A');
    expect(told.at('2026-02-01').view?.orders).toBe(0);
    expect(told.buys('2026-01-05', 'A').at('2026-02-01').view?.orders).toBe(1);
  });
});

describe('refunds by amount', () => {
  it('that make up the whole order reverse it at the last of them', () => {
    const told = story()
      .on('2026-09-01', 'order-placed', { orderId: 'RH1', currency: 'USD', totalMinor: 3383 })
      .refunds('2026-09-05', 'RH1', 1613)
      .refunds('2026-09-09', 'RH1', 1770);
    expect(told.stays('2026-09-10')).toEqual(['2026-09-01 retention·onboarding', '2026-09-09 acquisition·awareness']);
    expect(told.at('2026-09-10').view).toMatchObject({ orders: 0, revenue: [{ currency: 'USD', amountMinor: 0 }] });
    expect(told.at('2026-09-06').view).toMatchObject({ orders: 1 });
    expect(booked(told, '2026-09-10').at(-1)).toEqual(['RH1', 'return', -1770, true]);
  });

  it('beyond the order are not booked: the excess is listed', () => {
    const told = story().buys('2026-01-01', 'L1').refunds('2026-01-05', 'L1', 5000).refunds('2026-01-06', 'L1', 5000);
    const { view, discrepancies } = told.at('2026-02-01');
    expect(view).toMatchObject({ stage: 'acquisition', orders: 0, revenue: [{ currency: 'EUR', amountMinor: 0 }] });
    expect(discrepancies).toMatchObject([
      { kind: 'excess-refund', orderId: 'L1', amountMinor: 5000, currency: 'EUR', at: when('2026-01-06') },
    ]);
  });

  it('of more than is left book what is left, and reverse', () => {
    const told = story().buys('2026-01-01', 'A').refunds('2026-01-05', 'A', 3000).refunds('2026-01-06', 'A', 3000);
    expect(booked(told, '2026-02-01').slice(1)).toEqual([
      ['A', 'return', -3000, false],
      ['A', 'return', -2000, true],
    ]);
    expect(told.at('2026-02-01').discrepancies).toMatchObject([{ kind: 'excess-refund', amountMinor: 1000 }]);
  });

  it.each([
    ['a whole return that states more', { whole: true, amountMinor: 6000 }, 1000],
    ['lines that state more', { lines: [{ sku: 'mug', quantity: 1, amountMinor: 5500 }] }, 500],
  ])('in %s: the excess is listed', (_, data, excess) => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-05', 'order-returned', { orderId: 'A', ...data });
    expect(booked(told, '2026-02-01').at(-1)).toEqual(['A', 'return', -5000, true]);
    expect(told.at('2026-02-01').discrepancies).toMatchObject([{ kind: 'excess-refund', amountMinor: excess }]);
  });

  it('after some lines reverse the order when they take the rest of its amount', () => {
    const told = story()
      .buys('2026-01-01', 'A', { pieces: { mug: 3, plate: 2 } })
      .returns('2026-01-05', 'A', { mug: 3 })
      .refunds('2026-01-06', 'A', 200);
    expect(told.at('2026-02-01').view?.orders).toBe(0);
  });

  it('in another currency than the order are booked by themselves, and listed', () => {
    const told = story()
      .buys('2026-01-01', 'A', { currency: 'USD' })
      .on('2026-01-05', 'order-returned', { orderId: 'A', amountMinor: 5000, currency: 'JPY' });
    const { view, discrepancies } = told.at('2026-02-01');
    expect(view).toMatchObject({
      orders: 1,
      revenue: [
        { currency: 'JPY', amountMinor: -5000 },
        { currency: 'USD', amountMinor: 5000 },
      ],
    });
    expect(discrepancies).toMatchObject([{ kind: 'other-currency', orderId: 'A', currency: 'JPY' }]);
  });

  it('of nothing leave a gift an order, and book nothing by themselves where the order is not known', () => {
    const gift = story().buys('2026-01-01', 'A', { amount: 0 }).refunds('2026-01-05', 'A', 0);
    expect(booked(gift, '2026-02-01').at(-1)).toEqual(['A', 'return', 0, false]);
    expect(gift.at('2026-02-01').view?.orders).toBe(1);
    const unknown = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-05', 'order-returned', { orderId: 'B', amountMinor: 0, currency: 'EUR' });
    expect(booked(unknown, '2026-02-01')).toHaveLength(1);
  });

  it('in another currency that state no amount say nothing about money: the order is taken back in its own', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-05', 'order-returned', { orderId: 'A', whole: true, currency: 'USD' });
    expect(booked(told, '2026-02-01').at(-1)).toEqual(['A', 'return', -5000, true]);
    expect(told.at('2026-02-01').discrepancies).toEqual([]);
  });

  it('of a gift have nothing to give back: it is wholly returned, and the amount is in excess', () => {
    const told = story().buys('2026-01-01', 'A', { amount: 0 }).refunds('2026-01-05', 'A', 100);
    expect(told.at('2026-02-01')).toMatchObject({
      view: { orders: 0 },
      discrepancies: [{ kind: 'excess-refund', amountMinor: 100 }],
    });
  });

  it('of an order whose total was stored below 0 fold as they always did', () => {
    const told = story().buys('2026-01-01', 'A', { amount: -500 }).refunds('2026-01-05', 'A', 100);
    expect(booked(told, '2026-02-01')).toEqual([
      ['A', 'order', -500, false],
      ['A', 'return', -100, false],
    ]);
    expect(told.returns('2026-01-06', 'A').at('2026-02-01').view).toMatchObject({ orders: 0 });
  });
});

describe('the cost of what is taken back', () => {
  const costs = (costMinor: number | null, ...returns: (readonly [type: string, data: object])[]) => {
    const cost = costMinor === null ? {} : { costMinor };
    const told = story().on('2026-01-01', 'order-placed', { orderId: 'A', currency: 'EUR', totalMinor: 1000, ...cost });
    returns.forEach(([type, data], day) => told.on(`2026-01-0${day + 2}`, type, { orderId: 'A', ...data }));
    return told.at('2026-02-01').bookings.map((one) => [one.amountMinor, one.costMinor]);
  };
  const refund = (amountMinor: number) => ['order-returned', { amountMinor }] as const;
  const CANCELLED = ['order-cancelled', {}] as const;

  it('goes in proportion to the amount, in whole minor units, and the rest of it with the rest of the order', () => {
    expect(costs(601, refund(333), refund(333), CANCELLED)).toStrictEqual([
      [1000, 601],
      [-333, -200],
      [-333, -200],
      [-334, -201],
    ]);
  });

  it('of an order that is worth nothing goes with the whole order only', () => {
    const gift = { orderId: 'A', currency: 'EUR', totalMinor: 0, costMinor: 600 };
    const told = story()
      .on('2026-01-01', 'order-placed', gift)
      .refunds('2026-01-02', 'A', 0)
      .cancels('2026-01-03', 'A');
    expect(told.at('2026-02-01').bookings.map(({ costMinor }) => costMinor)).toStrictEqual([600, 0, -600]);
  });

  it('stays unknown where it was, and is nothing where nothing is left or it was nothing', () => {
    expect(costs(null, refund(300), CANCELLED)).toStrictEqual([
      [1000, null],
      [-300, null],
      [-700, null],
    ]);
    expect(costs(0, refund(300))).toStrictEqual([
      [1000, 0],
      [-300, 0],
    ]);
  });
});

describe('a partial return', () => {
  const pieces = { mug: 6, plate: 2 };

  it('books money only: the order goes on counting', () => {
    const told = story().buys('2026-01-01', 'A', { pieces }).returns('2026-01-05', 'A', { mug: 2 });
    expect(told.stays('2026-01-10')).toEqual(['2026-01-01 retention·onboarding']);
    expect(told.at('2026-01-10').view).toMatchObject({ orders: 1, revenue: [{ amountMinor: 600, currency: 'EUR' }] });
  });

  it('that leaves no piece is a whole return, at that moment', () => {
    const told = story()
      .buys('2026-01-01', 'A', { pieces })
      .returns('2026-01-05', 'A', { mug: 6 })
      .returns('2026-01-09', 'A', { plate: 2 });
    expect(told.stays('2026-01-10')).toEqual(['2026-01-01 retention·onboarding', '2026-01-09 acquisition·awareness']);
    expect(booked(told, '2026-01-10')).toEqual([
      ['A', 'order', 800, false],
      ['A', 'return', -600, false],
      ['A', 'return', -200, true],
    ]);
  });

  it('of more pieces than there are takes those that there are', () => {
    const told = story().buys('2026-01-01', 'A', { pieces }).returns('2026-01-05', 'A', { mug: 100 });
    expect(booked(told, '2026-01-10').at(-1)).toEqual(['A', 'return', -600, false]);
    expect(told.at('2026-01-10').view?.orders).toBe(1);
  });

  it('books what was given back where that is said', () => {
    const told = story()
      .buys('2026-01-01', 'A', { pieces })
      .on('2026-01-05', 'order-returned', { orderId: 'A', lines: [{ sku: 'mug', quantity: 1, amountMinor: 80 }] });
    expect(booked(told, '2026-01-10').at(-1)).toEqual(['A', 'return', -80, false]);
  });

  it('adds up what its lines were sold for, or what they say was given back, line by line', () => {
    const told = story()
      .buys('2026-01-01', 'A', { pieces: { mug: 6, plate: 4 } })
      .on('2026-01-05', 'order-returned', {
        orderId: 'A',
        lines: [
          { sku: 'mug', quantity: 2 },
          { sku: 'plate', quantity: 1, amountMinor: 30 },
          { sku: 'mug', quantity: 1, amountMinor: 50 },
        ],
      });
    expect(booked(told, '2026-01-10').at(-1)).toEqual(['A', 'return', -280, false]);
    told.returns('2026-01-11', 'A', { mug: 3, plate: 2 });
    expect(booked(told, '2026-01-12').at(-1)).toEqual(['A', 'return', -500, false]);
    expect(told.at('2026-01-12').view).toMatchObject({ orders: 1, revenue: [{ amountMinor: 220 }] });
  });

  it('takes pieces of one article from several lines of the order, each at its own price', () => {
    const told = story()
      .on('2026-01-01', 'order-placed', {
        orderId: 'A',
        currency: 'EUR',
        lines: [
          { sku: 'mug', quantity: 2, unitPriceMinor: 100 },
          { sku: 'cup', quantity: 1, unitPriceMinor: 900 },
          { sku: 'mug', quantity: 2, unitPriceMinor: 70 },
        ],
      })
      .returns('2026-01-05', 'A', { mug: 3 })
      .returns('2026-01-06', 'A', { mug: 1 });
    expect(booked(told, '2026-01-10').map(([, , amount]) => amount)).toEqual([1240, -270, -70]);
  });

  it('that says it is not whole is none, though it names nothing; one that says it is, is', () => {
    const told = (data: object) =>
      story()
        .buys('2026-01-01', 'A')
        .on('2026-01-05', 'order-returned', { orderId: 'A', ...data });
    expect(booked(told({ whole: false }), '2026-01-10').at(-1)).toEqual(['A', 'return', 0, false]);
    expect(booked(told({ whole: true, amountMinor: 100, currency: 'EUR' }), '2026-01-10').at(-1)).toEqual([
      'A',
      'return',
      -100,
      true,
    ]);
    expect(booked(told({ amountMinor: 0 }), '2026-01-10').at(-1)).toEqual(['A', 'return', 0, false]);
  });

  it('of pieces that were sold for more than is left takes what is left, and lists no excess: it states no amount', () => {
    const told = story()
      .buys('2026-01-01', 'A', { pieces: { mug: 2 } })
      .refunds('2026-01-03', 'A', 150)
      .returns('2026-01-05', 'A', { mug: 1 });
    expect(booked(told, '2026-01-10').at(-1)).toEqual(['A', 'return', -50, true]);
    expect(told.at('2026-01-10').discrepancies).toEqual([]);
  });

  it('of lines that the order does not have takes nothing', () => {
    const told = story().buys('2026-01-01', 'A', { pieces }).returns('2026-01-05', 'A', { spoon: 1 });
    expect(booked(told, '2026-01-10').at(-1)).toEqual(['A', 'return', 0, false]);
    // An order that was stored without its lines: the return names pieces that it cannot count, and nothing follows.
    const bare = story().buys('2026-01-01', 'A').returns('2026-01-05', 'A', { mug: 1 });
    expect(bare.at('2026-01-10').view).toMatchObject({ orders: 1, revenue: [{ amountMinor: 5000 }] });
  });

  it('after a reversal lists what it would give back, and a return of nothing lists nothing', () => {
    const told = (data: object) =>
      story()
        .buys('2026-01-01', 'A', { pieces })
        .cancels('2026-01-02', 'A')
        .on('2026-01-05', 'order-returned', { orderId: 'A', ...data })
        .at('2026-01-10')
        .discrepancies.map(({ kind, amountMinor, currency }) => [kind, amountMinor, currency]);
    expect(told({ amountMinor: 300 })).toEqual([['excess-refund', 300, 'EUR']]);
    expect(told({ amountMinor: 0, currency: 'EUR' })).toEqual([]);
    expect(told({ lines: [{ sku: 'mug', quantity: 1 }] })).toEqual([]);
    expect(
      told({
        lines: [
          { sku: 'mug', quantity: 1, amountMinor: 70 },
          { sku: 'plate', quantity: 1 },
        ],
      }),
    ).toEqual([['excess-refund', 70, 'EUR']]);
  });

  it('in another currency of the whole order reverses it; of no amount it books nothing', () => {
    const told = (data: object) =>
      story()
        .buys('2026-01-01', 'A')
        .on('2026-01-05', 'order-returned', { orderId: 'A', currency: 'USD', ...data });
    expect(booked(told({ amountMinor: 300, whole: true }), '2026-01-10').at(-1)).toEqual(['A', 'return', -5000, true]);
    expect(booked(told({ amountMinor: 0 }), '2026-01-10')).toHaveLength(1);
  });

  it('of an amount alone is a discount afterwards', () => {
    const told = story().buys('2026-01-01', 'A').on('2026-01-05', 'order-returned', { orderId: 'A', amountMinor: 500 });
    expect(told.at('2026-01-10').view).toMatchObject({ orders: 1, revenue: [{ amountMinor: 4500, currency: 'EUR' }] });
  });

  it('values an up-sell as placed, whatever came back since', () => {
    const told = story()
      .buys('2026-01-01', 'A', { amount: 1000 })
      .buys('2026-01-02', 'B', { amount: 1000 })
      .buys('2026-01-03', 'C', { amount: 1000 })
      .buys('2026-01-04', 'D', { amount: 1500 })
      .on('2026-01-05', 'order-returned', { orderId: 'D', amountMinor: 1400 })
      .buys('2026-01-06', 'E', { amount: 1500 });
    expect(told.at('2026-01-07').view?.phase).toBe('up-sell');
  });
});
