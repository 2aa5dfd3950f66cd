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

  it('that comes before its order matches none: then there was no such order', () => {
    const told = story().returns('2026-01-01', 'A').buys('2026-01-02', 'A');
    expect(told.at('2026-01-03').view).toMatchObject({ stage: 'retention', orders: 1 });
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
