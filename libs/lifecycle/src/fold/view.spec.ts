import { describe, expect, it } from '@jest/globals';
import { story, when, type Story } from '#testing';

describe('the figures of a customer', () => {
  it('count distinct days with an order, from the first to the last and to the instant that is asked for', () => {
    const told = story()
      .on('2025-12-22', 'site-visited', { url: 'https://shop.example/' })
      .buys('2026-01-01 09:00', 'A')
      .buys('2026-01-01 18:00', 'B')
      .buys('2026-01-11', 'C')
      .buys('2026-02-01', 'D');
    expect(told.at('2026-03-01').view).toMatchObject({
      orders: 4,
      frequency: 2,
      recencyDays: 31,
      tDays: 59,
      tenureDays: 69,
      firstPurchaseAt: when('2026-01-01 09:00'),
      lastPurchaseAt: when('2026-02-01'),
    });
    expect(told.at('2026-01-01 12:00').view).toMatchObject({ frequency: 0, recencyDays: 0, tDays: 0, tenureDays: 10 });
  });

  it('count no order that was taken back, and are unknown without any', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-01-11', 'B').cancels('2026-01-12', 'B');
    expect(told.at('2026-02-01').view).toMatchObject({ orders: 1, frequency: 0, recencyDays: 0, tDays: 31 });
    told.cancels('2026-01-13', 'A');
    const { view } = told.at('2026-02-01');
    expect(view).toMatchObject({ orders: 0, frequency: null, recencyDays: null, tDays: null });
    expect(view).toMatchObject({ firstPurchaseAt: null, lastPurchaseAt: null });
  });

  it('flag a win-back from the first order of a later cycle', () => {
    const told = story().buys('2026-01-01', 'A').buys('2028-01-01', 'B');
    expect(told.at('2026-02-01').view?.flags).not.toContain('win-back');
    expect(told.at('2028-01-02').view?.flags).toContain('win-back');
  });
});

describe('the flags of a customer', () => {
  const flags = (told: Story, asOf: string) => told.at(asOf).view?.flags;

  it('name a win-back until the customer is lost again', () => {
    const told = story().buys('2024-01-01', 'A').buys('2025-06-01', 'B');
    expect(flags(told, '2026-05-31')).toContain('win-back');
    expect(flags(told, '2026-06-02')).toEqual([]);
  });

  it('name an open quote while one of several is open, until it ends', () => {
    const told = story()
      .on('2026-01-01', 'quote-sent', { quoteId: 'p', validUntil: '2026-01-10T00:00:00Z' })
      .on('2026-01-01', 'quote-sent', { quoteId: 'q', validUntil: '2026-01-20T00:00:00Z' });
    expect(flags(told, '2026-01-15')).toEqual(['quote-open']);
    expect(flags(told, '2026-01-20')).toEqual([]);
  });
});
