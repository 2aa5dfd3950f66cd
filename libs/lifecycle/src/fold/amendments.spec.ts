import { describe, expect, it } from '@jest/globals';
import { story, when } from '#testing';
import { BUILT_IN_POLICIES } from '../index.js';

const booked = (told: ReturnType<typeof story>, asOf: string) =>
  told.at(asOf).bookings.map(({ kind, amountMinor, reverses }) => [kind, amountMinor, reverses]);
const listed = (told: ReturnType<typeof story>, asOf: string) =>
  told.at(asOf).discrepancies.map(({ kind, amountMinor, settledAt }) => [kind, amountMinor, settledAt]);

describe('an amendment', () => {
  it('books the difference on its own date, up and down', () => {
    const told = story().buys('2026-01-01', 'A').amends('2026-02-01', 'A', 7000).amends('2026-03-01', 'A', 4000);
    expect(told.at('2026-04-01').bookings).toMatchObject([
      { kind: 'order', at: when('2026-01-01'), amountMinor: 5000 },
      { kind: 'amendment', at: when('2026-02-01'), amountMinor: 2000, currency: 'EUR', orderAt: when('2026-01-01') },
      { kind: 'amendment', at: when('2026-03-01'), amountMinor: -3000, reverses: false },
    ]);
    expect(told.at('2026-02-15').view?.revenue).toEqual([{ currency: 'EUR', amountMinor: 7000 }]);
    expect(told.at('2026-04-01').view).toMatchObject({ orders: 1, revenue: [{ amountMinor: 4000 }] });
  });

  it('with new lines and no total gives the amount that they add up to', () => {
    const told = story()
      .buys('2026-01-01', 'A', { pieces: { mug: 6 } })
      .on('2026-01-02', 'order-amended', {
        orderId: 'A',
        lines: [{ sku: 'mug', quantity: 4, unitPriceMinor: 100 }],
        discountMinor: 50,
      });
    expect(booked(told, '2026-02-01')).toEqual([
      ['order', 600, false],
      ['amendment', -250, false],
    ]);
  });

  it('that changes nothing books nothing', () => {
    const told = story().buys('2026-01-01', 'A').amends('2026-02-01', 'A', 5000);
    expect(booked(told, '2026-03-01')).toEqual([['order', 5000, false]]);
  });

  it('to a total not above what was taken back makes the order wholly returned at that instant', () => {
    const told = story().buys('2026-01-01', 'A').refunds('2026-01-05', 'A', 3000).amends('2026-01-09', 'A', 3000);
    expect(told.stays('2026-02-01')).toEqual(['2026-01-01 retention·onboarding', '2026-01-09 acquisition·awareness']);
    expect(booked(told, '2026-02-01').at(-1)).toEqual(['amendment', -2000, true]);
    expect(told.at('2026-02-01').view?.revenue).toEqual([{ currency: 'EUR', amountMinor: 0 }]);
    expect(listed(told, '2026-02-01')).toEqual([]);
  });

  it('of a gift to nothing takes nothing, and reverses it', () => {
    const told = story().buys('2026-01-01', 'A', { amount: 0 }).amends('2026-01-09', 'A', 0);
    expect(booked(told, '2026-02-01').at(-1)).toEqual(['amendment', 0, true]);
  });

  it('to a total below what was taken back lists the excess', () => {
    const told = story().buys('2026-01-01', 'A').refunds('2026-01-05', 'A', 3000).amends('2026-01-09', 'A', 1000);
    expect(told.at('2026-02-01').view).toMatchObject({ orders: 0, revenue: [{ amountMinor: 0 }] });
    expect(listed(told, '2026-02-01')).toEqual([['excess-refund', 2000, null]]);
  });

  it('to nothing is a whole return', () => {
    const told = story().buys('2026-01-01', 'A').amends('2026-01-09', 'A', 0);
    expect(booked(told, '2026-02-01').at(-1)).toEqual(['amendment', -5000, true]);
  });

  it('above what was taken back leaves the rest to give back', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .refunds('2026-01-05', 'A', 3000)
      .amends('2026-01-09', 'A', 8000)
      .refunds('2026-01-10', 'A', 5000);
    expect(booked(told, '2026-02-01').slice(1)).toEqual([
      ['return', -3000, false],
      ['amendment', 3000, false],
      ['return', -5000, true],
    ]);
  });

  it('keeps the pieces that were returned: the new lines hold them', () => {
    const amended = { orderId: 'A', lines: [{ sku: 'mug', quantity: 4, unitPriceMinor: 100 }], totalMinor: 900 };
    const told = story()
      .buys('2026-01-01', 'A', { pieces: { mug: 6 } })
      .returns('2026-01-05', 'A', { mug: 2 })
      .on('2026-01-06', 'order-amended', amended)
      .returns('2026-01-07', 'A', { mug: 2 });
    expect(told.at('2026-01-06 12:00').view?.orders).toBe(1);
    expect(told.at('2026-02-01').view?.orders).toBe(0);
  });

  it('does not revive an order that was wholly reversed: it is listed', () => {
    const told = story().buys('2026-01-01', 'A').cancels('2026-01-05', 'A').amends('2026-01-09', 'A', 7000);
    expect(told.at('2026-02-01').view).toMatchObject({ stage: 'acquisition', orders: 0 });
    expect(booked(told, '2026-02-01')).toHaveLength(2);
    expect(listed(told, '2026-02-01')).toEqual([['amendment-after-reversal', 7000, null]]);
  });

  it('before its order counts at the instant of the order', () => {
    const told = story().amends('2025-12-31', 'A', 7000).buys('2026-01-01', 'A');
    expect(told.at('2026-02-01').bookings).toMatchObject([
      { kind: 'order', at: when('2026-01-01'), amountMinor: 5000 },
      { kind: 'amendment', at: when('2026-01-01'), amountMinor: 2000, event: { id: 'e0001' } },
    ]);
    expect(listed(told, '2026-02-01')).toEqual([['unmatched-amendment', 7000, when('2026-01-01')]]);
  });

  it('that matches no order is listed', () => {
    const told = story().buys('2026-01-01', 'A').amends('2026-01-02', 'B', 7000);
    expect(listed(told, '2026-02-01')).toEqual([['unmatched-amendment', 7000, null]]);
    expect(told.at('2026-02-01').view?.revenue).toEqual([{ currency: 'EUR', amountMinor: 5000 }]);
  });

  it('in another currency than its order is listed, and nothing follows', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-02', 'order-amended', { orderId: 'A', totalMinor: 9000, currency: 'USD' });
    expect(listed(told, '2026-02-01')).toEqual([['other-currency', 9000, null]]);
    expect(booked(told, '2026-02-01')).toHaveLength(1);
  });

  it('is no purchase and no intent: silence goes on', () => {
    const told = story().buys('2026-01-01', 'A').amends('2026-03-25', 'A', 7000);
    expect(told.stays('2026-04-10')).toEqual(['2026-01-01 retention·onboarding', '2026-04-01 retention·at-risk']);
  });

  it('corrects the cost', () => {
    const order = { orderId: 'A', currency: 'EUR', totalMinor: 1000, costMinor: 600 };
    const told = story()
      .on('2026-01-01', 'order-placed', order)
      .on('2026-01-02', 'order-amended', { orderId: 'A', totalMinor: 1500, costMinor: 800 })
      .amends('2026-01-03', 'A', 2000)
      .cancels('2026-01-04', 'A');
    expect(told.at('2026-02-01').bookings.map(({ costMinor }) => costMinor)).toEqual([600, 200, 0, -800]);
  });
});

describe('an amendment of an order of which some was taken back', () => {
  const lines = (pieces: Readonly<Record<string, number>>, unitPriceMinor: number) =>
    Object.entries(pieces).map(([sku, quantity]) => ({ sku, quantity, unitPriceMinor }));

  it('to pieces that were all given back is a whole return, and what is left of its amount stays', () => {
    const told = story()
      .buys('2026-01-01', 'A', { pieces: { mug: 2 } })
      .returns('2026-01-03', 'A', { mug: 1 })
      .on('2026-01-05', 'order-amended', { orderId: 'A', lines: lines({ mug: 1 }, 150) });
    expect(booked(told, '2026-02-01')).toEqual([
      ['order', 200, false],
      ['return', -100, false],
      ['amendment', -50, true],
    ]);
    expect(told.at('2026-02-01').view).toMatchObject({ orders: 0, revenue: [{ amountMinor: 50 }] });
  });

  it('leaves it an order while a piece of it is left', () => {
    const told = story()
      .buys('2026-01-01', 'A', { pieces: { mug: 1, cup: 1 } })
      .returns('2026-01-03', 'A', { mug: 1 })
      .on('2026-01-05', 'order-amended', { orderId: 'A', lines: lines({ mug: 1, cup: 1 }, 150) });
    expect(booked(told, '2026-02-01').at(-1)).toEqual(['amendment', 100, false]);
    expect(told.at('2026-02-01').view?.orders).toBe(1);
  });

  it('lists the currency of the order where it names none, and its own where it does', () => {
    const amended = (currency?: string) =>
      story()
        .buys('2026-01-01', 'A')
        .cancels('2026-01-02', 'A')
        .on('2026-01-03', 'order-amended', { orderId: 'A', totalMinor: 7, ...(currency && { currency }) })
        .at('2026-02-01').discrepancies[0]?.currency;
    expect([amended(), amended('EUR'), amended('USD')]).toEqual(['EUR', 'EUR', 'USD']);
  });
});

describe('the cost of an amended order', () => {
  const costs = (order: object, ...later: (readonly [type: string, data: object])[]) => {
    const told = story().on('2026-01-01', 'order-placed', {
      orderId: 'A',
      currency: 'EUR',
      totalMinor: 1000,
      ...order,
    });
    later.forEach(([type, data], day) =>
      told.on(`2026-01-0${day + 2}`, type, { orderId: 'A', currency: 'EUR', ...data }),
    );
    return told.at('2026-02-01').bookings.map(({ amountMinor, costMinor }) => [amountMinor, costMinor]);
  };
  const amended = (data: object) => ['order-amended', data] as const;
  const refunded = (amountMinor: number) => ['order-returned', { amountMinor }] as const;
  const CANCELLED = ['order-cancelled', {}] as const;

  it('is what the amendment says, in proportion to what is left of the amount', () => {
    expect(costs({ costMinor: 600 }, refunded(500), amended({ totalMinor: 2000, costMinor: 1000 }), CANCELLED)).toEqual(
      [
        [1000, 600],
        [-500, -300],
        [1000, 450],
        [-1500, -750],
      ],
    );
  });

  it('stays that of what is left, where the amendment gives a total alone', () => {
    expect(costs({ costMinor: 600 }, refunded(500), amended({ totalMinor: 2000 }), CANCELLED)).toEqual([
      [1000, 600],
      [-500, -300],
      [1000, 0],
      [-1500, -300],
    ]);
  });

  it('may be known from the amendment on', () => {
    expect(costs({}, amended({ totalMinor: 1500, costMinor: 800 }), CANCELLED)).toEqual([
      [1000, null],
      [500, 800],
      [-1500, -800],
    ]);
  });

  it('is booked where the cost alone changes', () => {
    expect(costs({ costMinor: 600 }, amended({ totalMinor: 1000, costMinor: 700 }))).toEqual([
      [1000, 600],
      [0, 100],
    ]);
  });

  it('is unknown after new lines without one, and stays unknown by a new total', () => {
    const lines = [{ sku: 'x', quantity: 1, unitPriceMinor: 1500 }];
    expect(costs({ costMinor: 600 }, amended({ lines }), CANCELLED)).toEqual([
      [1000, 600],
      [500, null],
      [-1500, null],
    ]);
    expect(costs({}, amended({ totalMinor: 1200 }))).toEqual([
      [1000, null],
      [200, null],
    ]);
  });

  it.each([
    ['what was left of it', 600, -360],
    ['nothing where it was nothing', 0, 0],
    ['unknown where it was', null, null],
  ])('goes with an order of which nothing is left: %s', (_, costMinor, expected) => {
    const booked = costs(costMinor === null ? {} : { costMinor }, refunded(400), amended({ totalMinor: 400 }));
    expect(booked.at(-1)).toStrictEqual([-600, expected]);
  });
});

describe('an amendment and the signals of expansion', () => {
  const four = () =>
    story()
      .buys('2026-01-01', 'A', { amount: 1000 })
      .buys('2026-01-08', 'B', { amount: 1000 })
      .buys('2026-01-15', 'C', { amount: 1000 })
      .buys('2026-01-22', 'D', { amount: 1500 });

  it('brings about an up-sell at its own instant', () => {
    const told = four().buys('2026-01-29', 'E', { amount: 1000 }).amends('2026-02-03', 'E', 1500);
    expect(told.stays('2026-02-10').slice(-2)).toEqual(['2026-01-08 retention·active', '2026-02-03 expansion·up-sell']);
    const { view } = told.at('2026-02-10');
    expect(view?.cause).toMatchObject({ rule: 'up-sell', events: [{ source: 'shop', id: 'e0006' }] });
    expect(view?.deadlines.find(({ kind }) => kind === 'expansion-ends')?.since).toBe(when('2026-02-03'));
  });

  it('takes an up-sell away from its own instant on', () => {
    const told = four().buys('2026-01-29', 'E', { amount: 1500 }).amends('2026-02-03', 'E', 1200);
    expect(told.stays('2026-02-10').slice(-2)).toEqual(['2026-01-29 expansion·up-sell', '2026-02-03 retention·active']);
    expect(told.rules('2026-02-10').at(-1)).toBe('order-amended');
  });

  it('of an earlier order changes the median, and with it what stands', () => {
    const told = four().buys('2026-01-29', 'E', { amount: 1500 }).amends('2026-02-03', 'A', 4000);
    // 1000, 1000, 4000: the median is what it was.
    expect(told.stays('2026-02-10').at(-1)).toBe('2026-01-29 expansion·up-sell');
    told.amends('2026-02-04', 'B', 4000);
    expect(told.stays('2026-02-10').at(-1)).toBe('2026-02-04 retention·active');
  });

  it('brings about a cross-sell by a new category, and takes it away with it', () => {
    const lines = (category: string) => [{ sku: 'x', category, quantity: 1, unitPriceMinor: 1000 }];
    const told = four().on('2026-02-03', 'order-amended', { orderId: 'D', lines: lines('wine') });
    expect(told.stays('2026-02-10').at(-1)).toBe('2026-02-03 expansion·cross-sell');
    told.on('2026-02-05', 'order-amended', { orderId: 'D', lines: lines('not declared') });
    expect(told.stays('2026-02-10').slice(-2)).toEqual([
      '2026-02-03 expansion·cross-sell',
      '2026-02-05 retention·active',
    ]);
  });

  it('brings about no cross-sell of an order that has too few before it, or is the first of its cycle', () => {
    const wine = [{ sku: 'x', category: 'wine', quantity: 1, unitPriceMinor: 1000 }];
    const second = four().on('2026-02-03', 'order-amended', { orderId: 'B', lines: wine });
    expect(second.stays('2026-02-04').at(-1)).toBe('2026-01-08 retention·active');
    const first = four()
      .buys('2028-01-01', 'E', { amount: 1000 })
      .buys('2028-01-08', 'F', { amount: 1000 })
      .on('2028-01-10', 'order-amended', { orderId: 'E', lines: wine });
    expect(first.stays('2028-01-11').at(-1)).toBe('2028-01-08 retention·active (2)');
  });

  it('brings about a cross-sell from three orders before on: a contract is none', () => {
    const wine = [{ sku: 'x', category: 'wine', quantity: 1, unitPriceMinor: 1500 }];
    const told = four()
      .on('2026-01-02', 'subscription-started', { contractId: 'c1' })
      .on('2026-02-03', 'order-amended', { orderId: 'D', lines: wine });
    expect(told.stays('2026-02-04').at(-1)).toBe('2026-02-03 expansion·cross-sell');
    const third = four()
      .on('2026-01-02', 'subscription-started', { contractId: 'c1' })
      .on('2026-02-03', 'order-amended', { orderId: 'C', lines: wine });
    expect(third.stays('2026-02-04').at(-1)).toBe('2026-01-02 retention·active');
  });

  it('names another signal that stands', () => {
    const told = four()
      .buys('2026-01-29', 'E', { amount: 1500, categories: ['wine'] })
      .amends('2026-02-03', 'E', 1000);
    expect(told.stays('2026-02-10').slice(-2)).toEqual([
      '2026-01-29 expansion·up-sell',
      '2026-02-03 expansion·cross-sell',
    ]);
  });

  it('of an order of an earlier cycle moves no one', () => {
    const told = four()
      .buys('2028-01-01', 'E', { amount: 1000 })
      .buys('2028-01-08', 'F', { amount: 1000 })
      .on('2028-01-10', 'order-amended', {
        orderId: 'D',
        lines: [{ sku: 'x', category: 'wine', quantity: 1, unitPriceMinor: 1000 }],
      });
    expect(told.stays('2028-01-20').at(-1)).toBe('2028-01-08 retention·active (2)');
  });

  it('of an order of an earlier cycle changes no signal of this one, and none of its window', () => {
    const told = four()
      .buys('2028-01-01', 'E', { amount: 1500 })
      .buys('2028-01-02', 'F', { amount: 1500 })
      .amends('2028-01-05', 'A', 900);
    const window = () => told.at('2028-01-10').view?.deadlines.find(({ kind }) => kind === 'expansion-ends')?.since;
    expect(window()).toBe(when('2028-01-02'));
    // The median of the orders before would be 4000.
    told.amends('2028-01-06', 'A', 4000).amends('2028-01-07', 'B', 4000).amends('2028-01-08', 'C', 4000);
    expect(told.stays('2028-01-10').at(-1)).toBe('2028-01-02 expansion·up-sell (2)');
    expect(window()).toBe(when('2028-01-02'));
  });

  it('of a customer who was lost by the end of a contract moves no one', () => {
    const told = story()
      .on('2024-01-01', 'subscription-started', { contractId: 'c1' })
      .buys('2024-01-02', 'A', { amount: 1000 })
      .buys('2024-01-03', 'B', { amount: 1000 })
      .buys('2024-01-04', 'C', { amount: 1000 })
      .buys('2024-01-05', 'D', { amount: 1500 })
      .buys('2024-01-06', 'E', { amount: 1000 })
      .on('2026-05-01', 'subscription-started', { contractId: 'c2' })
      .on('2026-06-01', 'subscription-ended', { contractId: 'c1' })
      .on('2026-06-02', 'subscription-ended', { contractId: 'c2' })
      .amends('2026-06-10', 'E', 1500);
    expect(told.stays('2026-06-11').at(-1)).toBe('2026-06-02 retention·lost');
  });

  it('puts a customer at risk whose contract is unpaid, though it brings about an up-sell', () => {
    const told = four()
      .on('2026-01-23', 'subscription-started', { contractId: 'c1' })
      .on('2026-01-24', 'payment-failed', { contractId: 'c1' })
      .buys('2026-01-25', 'E', { amount: 1000 })
      .amends('2026-01-26', 'E', 1500);
    expect(told.stays('2026-01-27').slice(-2)).toEqual(['2026-01-25 retention·active', '2026-01-26 retention·at-risk']);
    expect(told.at('2026-01-27').view?.cause).toMatchObject({
      ...{ rule: 'payment-failed', events: [{ source: 'shop', id: 'e0008' }] },
      values: { contract: 'c1', held: 'up-sell' },
    });
  });

  it('that takes a signal away leaves a customer at risk who is so by a cancelled contract', () => {
    const told = four()
      .on('2026-01-23', 'subscription-started', { contractId: 'c1' })
      .buys('2026-01-29', 'E', { amount: 1500 })
      .on('2026-02-01', 'subscription-cancelled', { contractId: 'c1' })
      .on('2026-02-05', 'subscription-ended', { contractId: 'c1' })
      .amends('2026-02-06', 'E', 1200);
    expect(told.stays('2026-02-10').at(-1)).toBe('2026-02-01 retention·at-risk');
  });

  it('of a customer at risk does not end the silence', () => {
    const told = four().buys('2026-01-29', 'E', { amount: 1000 }).amends('2026-03-10', 'E', 1500);
    expect(told.stays('2026-03-12').at(-1)).toBe('2026-02-28 retention·at-risk');
  });

  it('gives the interval of what the order now holds', () => {
    const sofa = [{ sku: 's', category: 'furniture', quantity: 1, unitPriceMinor: 90_000 }];
    const told = story(BUILT_IN_POLICIES.durable)
      .buys('2026-01-01', 'A')
      .on('2026-01-05', 'order-amended', { orderId: 'A', lines: sofa });
    const days = BUILT_IN_POLICIES.durable.replacementDays['furniture'];
    expect(days).toBeGreaterThan(365);
    expect(told.at('2026-02-01').view?.silence).toMatchObject({ replacementDays: days, atRiskDays: days });
  });

  it('that keeps the signal leaves the expansion where it began', () => {
    const told = four().buys('2026-01-29', 'E', { amount: 1500 }).amends('2026-02-03', 'E', 1600);
    expect(told.stays('2026-02-10').at(-1)).toBe('2026-01-29 expansion·up-sell');
    const { view } = told.at('2026-02-10');
    expect(view?.cause).toMatchObject({ rule: 'up-sell', events: [{ id: 'e0005' }] });
    expect(view?.deadlines.find(({ kind }) => kind === 'expansion-ends')?.since).toBe(when('2026-01-29'));
  });

  it('of a customer who is lost moves no one', () => {
    const told = four().buys('2026-01-29', 'E', { amount: 1000 }).amends('2027-06-01', 'E', 1500);
    expect(told.stays('2027-07-01').at(-1)).toMatch(/retention·lost$/);
  });

  it('that takes the signal away in the meantime lets a paid contract lead back to retention', () => {
    const told = four()
      .on('2026-01-23', 'subscription-started', { contractId: 'c' })
      .buys('2026-01-29', 'E', { amount: 1500 })
      .on('2026-02-01', 'payment-failed', { contractId: 'c', amountMinor: 5, currency: 'EUR' });
    const paid = (after: typeof told) =>
      after.on('2026-02-05', 'payment-succeeded', { contractId: 'c', amountMinor: 5, currency: 'EUR' });
    expect(told.stays('2026-02-02').at(-1)).toBe('2026-02-01 retention·at-risk');
    told.amends('2026-02-03', 'E', 1200);
    expect(paid(told).stays('2026-02-10').at(-1)).toBe('2026-02-05 retention·active');
  });
});
