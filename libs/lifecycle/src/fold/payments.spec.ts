import { describe, expect, it } from '@jest/globals';
import { story, when } from '#testing';
import { BUILT_IN_POLICIES } from '../index.js';

const paid = (told: ReturnType<typeof story>, text: string, data: object) =>
  told.on(text, 'payment-succeeded', { amountMinor: 1990, currency: 'EUR', ...data });
const kinds = (told: ReturnType<typeof story>, asOf: string) =>
  told.at(asOf).discrepancies.map(({ kind, settledAt }) => [kind, settledAt]);

describe('a payment', () => {
  it('for a contract is revenue on its own date, and no order', () => {
    const told = story(BUILT_IN_POLICIES.subscription).on('2026-01-01', 'subscription-started', { contractId: 'c' });
    paid(told, '2026-01-01', { contractId: 'c' });
    paid(told, '2026-02-01', { contractId: 'c' });
    const { view, bookings } = told.at('2026-03-01');
    expect(bookings).toMatchObject([
      { kind: 'payment', contractId: 'c', orderId: null, orderSource: null, at: when('2026-01-01'), amountMinor: 1990 },
      { kind: 'payment', at: when('2026-02-01'), reverses: false },
    ]);
    const both = [{ currency: 'EUR', amountMinor: 3980 }];
    expect(view).toMatchObject({ orders: 0, payments: 2, revenue: both, contractRevenue: both, frequency: null });
  });

  it('for a contract whose start was never seen is revenue too', () => {
    expect(paid(story(), '2026-01-01', { contractId: 'c' }).at('2026-02-01').view?.revenue).toHaveLength(1);
  });

  it('for an order is not booked again, whichever comes first', () => {
    const after = paid(story().buys('2026-01-01', 'A'), '2026-01-02', { orderId: 'A' });
    expect(after.at('2026-02-01')).toMatchObject({ bookings: [{ kind: 'order' }], discrepancies: [] });
    const before = paid(story(), '2025-12-31', { orderId: 'A' }).buys('2026-01-01', 'A');
    expect(before.at('2026-02-01').bookings).toMatchObject([{ kind: 'order' }]);
    expect(kinds(before, '2026-02-01')).toEqual([['unmatched-payment', when('2026-01-01')]]);
    expect(kinds(before, '2025-12-31 10:00')).toEqual([['unmatched-payment', null]]);
  });

  it('for a contract and an order is revenue until the order is known', () => {
    const told = paid(story(), '2026-01-01', { contractId: 'c', orderId: 'A' });
    expect(told.at('2026-01-05')).toMatchObject({ view: { payments: 1 }, discrepancies: [] });
    told.buys('2026-01-10', 'A');
    const { view, bookings } = told.at('2026-02-01');
    expect(view).toMatchObject({ payments: 0, contractRevenue: [], revenue: [{ amountMinor: 5000 }] });
    expect(bookings).toMatchObject([
      { kind: 'payment', voidedAt: when('2026-01-10') },
      { kind: 'order', voidedAt: null },
    ]);
  });

  it('that names neither is listed', () => {
    const told = paid(story(), '2026-01-01', {});
    expect(told.at('2026-02-01').bookings).toEqual([]);
    expect(kinds(told, '2026-02-01')).toEqual([['unassigned-payment', null]]);
  });

  it.each([
    ['amount', { currency: 'EUR' }],
    ['currency', { amountMinor: 5 }],
  ])('for a contract without its %s is listed', (_, data) => {
    const told = story().on('2026-01-01', 'payment-succeeded', { contractId: 'c', ...data });
    expect(told.at('2026-02-01').bookings).toEqual([]);
    expect(kinds(told, '2026-02-01')).toEqual([['payment-without-amount', null]]);
  });

  it('that failed is none', () => {
    const told = story().on('2026-01-01', 'payment-failed', { contractId: 'c', amountMinor: 5, currency: 'EUR' });
    expect(told.at('2026-02-01')).toMatchObject({ bookings: [], discrepancies: [] });
  });
});
