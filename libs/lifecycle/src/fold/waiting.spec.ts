import { describe, expect, it } from '@jest/globals';
import { story, when } from '#testing';

const paid = { amountMinor: 1990, currency: 'EUR' };

describe('what waits for its order', () => {
  it('given back without an order takes from the revenue, and is no payment', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-05', 'order-returned', { orderId: 'later', ...paid });
    expect(told.at('2026-02-01').view).toMatchObject({
      payments: 0,
      contractRevenue: [],
      revenue: [{ amountMinor: 5000 - 1990 }],
    });
    told.buys('2026-02-10', 'later', { amount: 3000 });
    const { view, bookings } = told.at('2026-03-01');
    expect(view).toMatchObject({ payments: 0, contractRevenue: [], revenue: [{ amountMinor: 5000 + 3000 - 1990 }] });
    expect(bookings).toMatchObject([
      { kind: 'order', orderId: 'A' },
      { kind: 'return', orderId: 'later', amountMinor: -1990, voidedAt: when('2026-02-10') },
      { kind: 'order', orderId: 'later' },
      { kind: 'return', orderId: 'later', amountMinor: -1990, voidedAt: null },
    ]);
  });

  it('is every event that names it, each once and in order', () => {
    const told = story()
      .on('2026-01-01', 'order-returned', { orderId: 'A', amountMinor: 300, currency: 'EUR' })
      .on('2026-01-02', 'order-returned', { orderId: 'A', amountMinor: 500, currency: 'EUR' })
      .on('2026-01-03', 'payment-succeeded', { orderId: 'A', contractId: 'c', ...paid })
      .buys('2026-01-10', 'A');
    expect(told.at('2026-01-09').view).toMatchObject({ payments: 1, revenue: [{ amountMinor: 1990 - 800 }] });
    const { view, bookings } = told.at('2026-02-01');
    expect(view).toMatchObject({ orders: 1, payments: 0, contractRevenue: [], revenue: [{ amountMinor: 4200 }] });
    expect(bookings.filter(({ voidedAt }) => voidedAt === null).map(({ amountMinor }) => amountMinor)).toEqual([
      5000, -300, -500,
    ]);
  });

  it('paid belongs to its contract until the order is known: the booking names no order', () => {
    const told = story().on('2026-01-03', 'payment-succeeded', { orderId: 'A', contractId: 'c', ...paid });
    expect(told.at('2026-01-09').bookings).toMatchObject([
      { kind: 'payment', orderId: null, orderSource: null, contractId: 'c' },
    ]);
  });

  it('paid with nothing books nothing: for a contract it is passed over, for an order that is not known it is listed', () => {
    const nothing = { amountMinor: 0, currency: 'EUR' };
    const contract = story().on('2026-01-01', 'payment-succeeded', { contractId: 'c', ...nothing });
    expect(contract.at('2026-02-01')).toMatchObject({ bookings: [], discrepancies: [] });
    expect(contract.at('2026-02-01').view?.payments ?? 0).toBe(0);
    const both = story().on('2026-01-01', 'payment-succeeded', { contractId: 'c', orderId: 'A', ...nothing });
    expect(both.at('2026-02-01')).toMatchObject({ bookings: [], discrepancies: [{ kind: 'unmatched-payment' }] });
  });
});
