import { describe, expect, it } from '@jest/globals';
import { instantText, story } from '#testing';

const contractId = 'c1';
const c1 = { contractId };
const subscribed = () => story().on('2026-01-01', 'subscription-started', c1);

describe('a contract', () => {
  it('in good standing suspends silence', () => {
    expect(subscribed().stays('2030-01-01')).toEqual(['2026-01-01 retention·onboarding']);
    expect(subscribed().at('2030-01-01').view).toMatchObject({ silenceSuspended: true, next: null });
  });

  it('raises the second-order flag all the same', () => {
    expect(subscribed().at('2026-01-30').view?.next).toMatchObject({
      kind: 'second-order-due',
      dueAt: Date.UTC(2026, 0, 31),
    });
    expect(subscribed().at('2026-01-31').view?.flags).toContain('second-order-due');
  });

  it('cancelled puts them at risk at once, and ended loses them at that instant', () => {
    const told = subscribed().on('2028-03-01', 'subscription-cancelled', c1).on('2028-03-31', 'subscription-ended', c1);
    expect(told.stays('2029-01-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2028-03-01 retention·at-risk',
      '2028-03-31 retention·lost',
    ]);
  });

  it('cancelled and running out lets silence count again: what falls due from then on moves them', () => {
    const told = subscribed().on('2026-03-01', 'subscription-cancelled', c1);
    expect(told.stays('2027-06-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-03-01 retention·at-risk',
      '2026-05-16 retention·lapsed',
      '2027-01-01 retention·lost',
    ]);
  });

  it('ended leaves them where silence has them, when they bought lately otherwise', () => {
    const told = subscribed().buys('2026-05-01', 'A').on('2026-06-01', 'subscription-ended', c1);
    expect(told.stays('2026-08-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-05-01 retention·active',
      '2026-07-30 retention·at-risk',
    ]);
  });

  it('paused suspends every deadline, and on resuming each is later by the length of the pause', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-02', 'subscription-started', c1)
      .on('2026-01-10', 'subscription-upgraded', c1)
      .on('2026-02-01', 'subscription-paused', c1);
    expect(told.at('2026-02-02').view).toMatchObject({ deadlines: [], flags: ['contract-paused'] });
    told.on('2026-03-03', 'subscription-resumed', c1); // 30 days
    // 180 days from 10 January are 9 July.
    expect(told.stays('2027-01-01').slice(-2)).toEqual(['2026-01-10 expansion·up-sell', '2026-08-08 retention·active']);
  });

  it('paused and resumed before a deadline began leaves that deadline where it is', () => {
    const told = story()
      .on('2026-01-02', 'subscription-started', c1)
      .on('2026-02-01', 'subscription-paused', c1)
      .on('2026-03-03', 'subscription-resumed', c1)
      .on('2026-04-01', 'subscription-upgraded', c1);
    // 180 days from 1 April are 28 September.
    expect(told.stays('2027-01-01').slice(-2)).toEqual(['2026-04-01 expansion·up-sell', '2026-09-28 retention·active']);
  });

  it('paused while its payment is overdue keeps the days of grace that were left', () => {
    const told = subscribed()
      .on('2026-02-01', 'payment-failed', c1)
      .on('2026-02-05', 'subscription-paused', c1)
      .on('2026-03-05', 'subscription-resumed', c1);
    expect(told.stays('2026-06-01').at(-1)).toBe('2026-03-15 retention·lost');
  });

  it('downgraded ends expansion; renewed leaves one untouched', () => {
    const told = subscribed()
      .on('2026-02-01', 'subscription-upgraded', c1)
      .on('2026-03-01', 'subscription-renewed', c1);
    expect(told.stays('2026-03-02').at(-1)).toBe('2026-02-01 expansion·up-sell');
    told.on('2026-03-05', 'subscription-downgraded', c1);
    expect(told.stays('2026-12-01').at(-1)).toBe('2026-03-05 retention·at-risk');
    expect(told.rules('2026-12-01').at(-1)).toBe('contraction');
  });

  it('ended and renewed is open again: a new cycle begins', () => {
    const told = subscribed().on('2026-02-01', 'subscription-ended', c1).on('2026-03-01', 'subscription-renewed', c1);
    expect(told.stays('2027-01-01').slice(1)).toEqual(['2026-02-01 retention·lost', '2026-03-01 retention·active (2)']);
  });

  it('whose end lost their keeps their lost, though an order is taken back', () => {
    const told = subscribed()
      .buys('2026-01-05', 'A')
      .on('2027-03-01', 'subscription-ended', c1)
      .returns('2027-03-02', 'A');
    expect(told.stays('2027-04-01').slice(-1)).toEqual(['2027-03-01 retention·lost']);
  });
});

describe('a payment', () => {
  it('that names no contract changes no stage', () => {
    const told = story().buys('2026-01-01', 'A').on('2026-01-02', 'payment-failed', { orderId: 'A' });
    expect(told.stays('2026-01-03')).toEqual(['2026-01-01 retention·onboarding']);
  });

  it('made within grace gives back the phase held before, its own window having run on', () => {
    const upgraded = () => subscribed().on('2026-01-10', 'subscription-upgraded', c1);
    const early = upgraded().on('2026-03-01', 'payment-failed', c1).on('2026-03-10', 'payment-succeeded', c1);
    expect(early.stays('2027-01-01').slice(1)).toEqual([
      '2026-01-10 expansion·up-sell',
      '2026-03-01 retention·at-risk',
      '2026-03-10 expansion·up-sell',
      '2026-07-09 retention·active',
    ]);
    const late = upgraded().on('2026-07-05', 'payment-failed', c1).on('2026-07-12', 'payment-succeeded', c1);
    expect(late.stays('2027-01-01').slice(2)).toEqual(['2026-07-05 retention·at-risk', '2026-07-12 retention·active']);
  });

  it('that fails again does not prolong the grace', () => {
    const told = subscribed().on('2026-03-01', 'payment-failed', c1).on('2026-03-14', 'payment-failed', c1);
    expect(told.stays('2026-06-01').at(-1)).toBe('2026-03-15 retention·lost');
  });

  it('at the very instant at which grace ends comes in time: events come before deadlines', () => {
    const told = subscribed().on('2026-03-01', 'payment-failed', c1).on('2026-03-15', 'payment-succeeded', c1);
    expect(told.stays('2026-06-01').at(-1)).toBe('2026-03-15 retention·onboarding');
  });

  it('of one of two overdue contracts is not enough', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', { contractId: 'c2' })
      .on('2026-03-01', 'payment-failed', c1)
      .on('2026-03-02', 'payment-failed', { contractId: 'c2' })
      .on('2026-03-03', 'payment-succeeded', c1);
    expect(told.stays('2026-03-04').at(-1)).toBe('2026-03-01 retention·at-risk');
    told.on('2026-03-05', 'payment-succeeded', { contractId: 'c2' });
    expect(told.stays('2026-03-06').at(-1)).toBe('2026-03-05 retention·active');
  });

  it('says in its cause what waits, and for how long', () => {
    const { view } = subscribed().on('2026-03-01', 'payment-failed', c1).at('2026-03-02');
    expect(view?.cause).toMatchObject({
      rule: 'payment-failed',
      values: { contract: 'c1', grace_days: 14, held: 'onboarding' },
    });
    expect(view?.flags).toContain('payment-overdue');
    expect(instantText(view?.next?.dueAt ?? 0)).toBe('2026-03-15');
  });
});
