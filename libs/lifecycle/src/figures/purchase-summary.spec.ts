import { describe, expect, it } from '@jest/globals';
import { story, when } from '#testing';
import { purchaseSummary } from './purchase-summary.js';

const options = { asOf: when('2026-03-01'), period: 'day', unit: 'day', timeZone: 'UTC' } as const;
const summary = (told: ReturnType<typeof story>, changed: Partial<Parameters<typeof purchaseSummary>[1]> = {}) =>
  purchaseSummary(told.at('2027-01-01').bookings, { ...options, ...changed });

describe('the summary of purchases', () => {
  it('counts two orders of one day as one purchase, and leaves the first day out of the mean', () => {
    const told = story()
      .buys('2026-01-16', 'A', { amount: 300 })
      .buys('2026-02-02', 'B', { amount: 400 })
      .buys('2026-02-05 09:00', 'C', { amount: 300 })
      .buys('2026-02-05 18:00', 'D', { amount: 600 });
    expect(summary(told)).toMatchObject({
      frequency: 2,
      recency: 20,
      T: 44,
      monetaryMinor: 650,
      currency: 'EUR',
      orders: 4,
    });
  });

  it('ignores bookings after asOf, and is null before the first purchase', () => {
    const told = story().buys('2026-01-16', 'A').buys('2026-02-02', 'B').returns('2026-02-20', 'B');
    expect(summary(told, { asOf: when('2026-02-10') })).toMatchObject({ frequency: 1, recency: 17 });
    expect(summary(told, { asOf: when('2026-02-20') })).toMatchObject({
      frequency: 0,
      recency: 0,
      monetaryMinor: null,
    });
    expect(summary(told, { asOf: when('2026-01-15') })).toBeNull();
  });

  it('counts orders that survive, at what is left of them', () => {
    const told = story()
      .buys('2026-01-16', 'A')
      .buys('2026-02-02', 'B', { pieces: { mug: 4 } })
      .returns('2026-02-03', 'B', { mug: 1 })
      .buys('2026-02-05', 'C')
      .cancels('2026-02-06', 'C');
    expect(summary(told)).toMatchObject({ frequency: 1, monetaryMinor: 300, orders: 2 });
  });

  it('tells no mean of several currencies', () => {
    const told = story().buys('2026-01-16', 'A').buys('2026-02-02', 'B', { currency: 'USD' });
    expect(summary(told)).toMatchObject({ frequency: 1, monetaryMinor: null, currency: null });
  });

  it('takes the day of the business’s zone', () => {
    const told = story().buys('2026-01-16 23:30', 'A').buys('2026-01-17 00:30', 'B');
    expect(summary(told)).toMatchObject({ frequency: 1 });
    expect(summary(told, { timeZone: 'Europe/Amsterdam' })).toMatchObject({ frequency: 0 });
  });

  it('counts weeks from Monday, and months', () => {
    const told = story().buys('2026-01-02', 'A').buys('2026-01-03', 'B').buys('2026-02-06', 'C');
    expect(summary(told, { period: 'week', unit: 'week' })).toMatchObject({ frequency: 1, recency: 5, T: 8 });
    expect(summary(told, { period: 'month', unit: 'day' })).toMatchObject({ frequency: 1, recency: 31, T: 59 });
    expect(summary(told, { period: 'day', unit: 'week' })?.T).toBeCloseTo(58 / 7);
  });
});
