import { describe, expect, it } from '@jest/globals';
import { Story, when } from '#testing';
import { serviceFigures } from './service.js';

const of = (story: Story, asOf = '2027-01-01', from?: string) =>
  serviceFigures(story.events, when(asOf), from === undefined ? undefined : when(from));

describe('what a customer costs to serve', () => {
  it('is the work on cases and calls, by currency', () => {
    const story = new Story()
      .on('2026-01-01', 'case-opened', { caseId: 'c1' })
      .on('2026-01-02', 'call-handled', { caseId: 'c1', minutes: 12, costMinor: 900, currency: 'EUR' })
      .on('2026-01-03', 'case-resolved', { caseId: 'c1', minutes: 30, costMinor: 2_500, currency: 'EUR' })
      .on('2026-02-01', 'call-handled', { minutes: 5, costMinor: 300, currency: 'USD' });
    expect(of(story)).toMatchObject({
      minutes: 47,
      costs: [
        { amountMinor: 3_400, currency: 'EUR' },
        { amountMinor: 300, currency: 'USD' },
      ],
      // The case with its call, and the call without a case.
      contacts: 2,
    });
  });

  it('counts a case once, whatever is said of it, and an opening after its end opens it again', () => {
    const story = new Story()
      .on('2026-01-01', 'case-opened', { caseId: 'c1' })
      .on('2026-01-02', 'complaint-made', { caseId: 'c1' })
      .on('2026-01-03', 'case-resolved', { caseId: 'c1', withinStandard: true })
      .on('2026-01-04', 'complaint-made', {})
      .on('2026-01-09', 'case-opened', { caseId: 'c1' });
    expect(of(story, '2026-01-05').cases).toEqual({ opened: 2, open: 1, resolved: 1, judged: 1, withinStandard: 1 });
    expect(of(story).cases.open).toBe(2);
  });

  it('leaves out test traffic and what lies outside the period', () => {
    const call = { minutes: 5, costMinor: 300, currency: 'EUR' };
    const story = new Story()
      .on('2026-01-01', 'call-handled', call)
      .on('2026-02-01', 'call-handled', call, true)
      .on('2026-03-01', 'call-handled', call)
      .on('2026-04-01', 'call-handled', call);
    expect(of(story, '2026-03-01', '2026-01-02').minutes).toBe(5);
  });
});

describe('what the relationship gives a customer', () => {
  it('is discounts and rewards, by currency', () => {
    const line = { sku: 'a', quantity: 1, unitPriceMinor: 1_000, discountMinor: 100 };
    const story = new Story()
      .on('2026-01-01', 'order-placed', { orderId: 'o1', currency: 'EUR', lines: [line, line], discountMinor: 50 })
      .on('2026-01-02', 'points-redeemed', { points: 100, rewardMinor: 500, currency: 'EUR' })
      .on('2026-01-03', 'referral-converted', { rewardMinor: 1_000, currency: 'EUR' });
    expect(of(story).received).toMatchObject({
      discounts: [{ amountMinor: 250, currency: 'EUR' }],
      rewards: [{ amountMinor: 1_500, currency: 'EUR' }],
    });
  });

  it('is deliveries on time: as stated, or by the promise; without either it is not known', () => {
    const story = new Story()
      .on('2026-01-03', 'delivered', { promisedAt: '2026-01-03T00:00:00Z' })
      .on('2026-01-03', 'delivered', { promisedAt: '2026-01-02T00:00:00Z' })
      .on('2026-01-03', 'delivered', { promisedAt: '2026-01-02T00:00:00Z', onTime: true })
      .on('2026-01-03', 'delivered', {});
    expect(of(story).received).toMatchObject({ deliveries: 3, deliveriesOnTime: 2 });
  });
});
