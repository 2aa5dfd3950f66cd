import { describe, expect, it } from '@jest/globals';
import { instantText, story, storyUnder, type Story } from '#testing';
import { BUILT_IN_POLICIES, type Policy } from '../index.js';

const { retail } = BUILT_IN_POLICIES;
const contract = (contractId: string) => ({ contractId, currency: 'EUR', amountMinor: 1_000 });
const [c1, c2] = [contract('c1'), contract('c2')];

/** The open deadlines at an instant, one line each. */
const deadlines = (told: Story, asOf: string): string[] =>
  (told.at(asOf).view?.deadlines ?? []).map(
    ({ kind, dueAt, since }) => `${kind} ${instantText(dueAt)} since ${instantText(since)}`,
  );
const lastCause = (told: Story, asOf: string) => told.at(asOf).stagePeriods.at(-1)?.cause;

describe('the open deadlines', () => {
  // 90, 135 and 365 days after the one purchase.
  const once = story().buys('2026-01-01', 'A');
  const lapsed = 'lapsed 2026-05-16 since 2026-01-01';
  const lost = 'lost 2027-01-01 since 2026-01-01';
  it.each([
    [
      '2026-01-02',
      ['second-order-due 2026-01-31 since 2026-01-01', 'at-risk 2026-04-01 since 2026-01-01', lapsed, lost],
    ],
    ['2026-01-31', ['at-risk 2026-04-01 since 2026-01-01', lapsed, lost]],
    ['2026-03-31', ['at-risk 2026-04-01 since 2026-01-01', lapsed, lost]],
    ['2026-04-01', [lapsed, lost]],
    ['2026-05-16', [lost]],
    ['2027-01-01', []],
  ])('of silence at %s are those still to come', (asOf, expected) => {
    expect(deadlines(once, asOf)).toEqual(expected);
  });

  it('name the comparison in the cause of the transition', () => {
    expect(lastCause(once, '2026-04-02')).toMatchObject({
      rule: 'silence-at-risk',
      values: {
        last_purchase_at: '2026-01-01T00:00:00Z',
        ...{ rhythm_days: null, replacement_days: null, at_risk_days: 90, lapsed_days: 135, lost_days: 365 },
      },
    });
    const seasonal = story(BUILT_IN_POLICIES.seasonal).buys('2026-01-01', 'A');
    expect(lastCause(seasonal, '2027-01-16')).toMatchObject({
      rule: 'silence-at-risk',
      deadline: { kind: 'at-risk', dueAt: Date.UTC(2027, 0, 15) },
      values: {
        at_risk_days_after_anniversary: 14,
        lapsed_days_after_anniversary: 45,
        lost_days_after_second_anniversary: 45,
      },
    });
  });

  it('move later by a pause, all of them, each at its own instant', () => {
    const told = story()
      .on('2026-01-01', 'subscription-started', c1)
      .buys('2026-01-05', 'A')
      .on('2026-01-10', 'subscription-paused', c1)
      .on('2026-01-20', 'subscription-resumed', c1)
      .on('2026-02-01', 'subscription-ended', c1);
    expect(deadlines(told, '2026-01-06')).toEqual([]);
    expect(deadlines(told, '2026-02-02')).toEqual([
      'at-risk 2026-04-15 since 2026-01-05',
      'lapsed 2026-05-30 since 2026-01-05',
      'lost 2027-01-15 since 2026-01-05',
    ]);
    // Without the pause it would have fallen due on 5 April.
    expect(deadlines(told, '2026-04-07')[0]).toBe('at-risk 2026-04-15 since 2026-01-05');
    expect(deadlines(told, '2026-05-22')[0]).toBe('lapsed 2026-05-30 since 2026-01-05');
    expect(deadlines(told, '2027-01-10')).toEqual(['lost 2027-01-15 since 2026-01-05']);
    expect(told.stays('2027-02-01').slice(-3)).toEqual([
      '2026-04-15 retention·at-risk',
      '2026-05-30 retention·lapsed',
      '2027-01-15 retention·lost',
    ]);
  });

  it('of a second order move later by a pause, and are none while it lasts', () => {
    const told = story()
      .on('2026-01-01', 'subscription-started', c1)
      .on('2026-01-10', 'subscription-paused', c1)
      .on('2026-01-20', 'subscription-resumed', c1);
    expect(deadlines(told, '2026-01-05')).toEqual(['second-order-due 2026-01-31 since 2026-01-01']);
    expect(deadlines(told, '2026-01-11')).toEqual([]);
    expect(deadlines(told, '2026-01-21')).toEqual(['second-order-due 2026-02-10 since 2026-01-01']);
  });

  it('of a second order run from the purchase, not from the first touchpoint', () => {
    const told = story().on('2026-01-01', 'site-visited').buys('2026-01-05', 'A');
    expect(deadlines(told, '2026-01-06')[0]).toBe('second-order-due 2026-02-04 since 2026-01-05');
  });

  it('of silence are those after the end of a contract, while another is running out', () => {
    const told = story()
      .on('2026-01-01', 'subscription-started', c1)
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-08-01', 'subscription-cancelled', c2)
      .on('2026-08-02', 'subscription-renewed', c1)
      .on('2026-09-01', 'subscription-ended', c1);
    expect(told.stays('2026-09-02').at(-1)).toBe('2026-08-02 retention·active');
    expect(deadlines(told, '2026-09-02')).toEqual(['lost 2027-01-02 since 2026-01-02']);
  });

  it('of a quote hold back the cold, which falls 90 days after the later of its end and the last intent', () => {
    const told = story()
      .on('2026-01-01', 'site-visited')
      .on('2026-01-02', 'quote-sent', { quoteId: 'q', validUntil: '2026-06-01T00:00:00Z' });
    const cold = 'cold 2026-08-30 since 2026-06-01';
    expect(deadlines(told, '2026-05-31')).toEqual(['quote-ends 2026-06-01 since 2026-01-01', cold]);
    expect(deadlines(told, '2026-06-01')).toEqual([cold]);
    expect(lastCause(told, '2026-09-01')).toMatchObject({
      rule: 'cold',
      values: {
        cold_after_days: 90,
        quote_counted: true,
        last_intent_at: '2026-01-01T00:00:00Z',
        furthest: 'awareness',
      },
    });
    const visited = story().on('2026-01-01', 'site-visited');
    expect(deadlines(visited, '2026-01-02')).toEqual(['cold 2026-04-01 since 2026-01-01']);
    expect(deadlines(visited, '2026-04-01')).toEqual([]);
    expect(lastCause(visited, '2026-04-01')).toMatchObject({ values: { quote_counted: false } });
    const again = story().on('2026-01-01', 'site-visited').on('2026-01-05', 'site-visited');
    expect(lastCause(again, '2026-04-06')).toMatchObject({ rule: 'cold', values: { quote_counted: false } });
    const named = story().on('2026-01-01', 'campaign-received');
    expect(lastCause(named, '2026-06-01')).toMatchObject({ rule: 'cold', values: { last_intent_at: null } });
  });

  it('of grace stand for each contract that is overdue, and end with a payment', () => {
    const told = story()
      .on('2026-01-01', 'subscription-started', c1)
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-02-01', 'payment-failed', { contractId: 'c1' })
      .on('2026-02-05', 'payment-failed', { contractId: 'c2' });
    const [first, second] = ['grace-ends 2026-02-15 since 2026-02-01', 'grace-ends 2026-02-19 since 2026-02-05'];
    expect(deadlines(told, '2026-02-06')).toEqual([first, second]);
    // The first grace ends without a transition, since the other contract is open.
    expect(told.stays('2026-03-01').slice(-2)).toEqual(['2026-02-01 retention·at-risk', '2026-02-19 retention·lost']);
    told.on('2026-02-10', 'payment-succeeded', { contractId: 'c1' });
    expect(deadlines(told, '2026-02-11')).toEqual([second]);
    told.on('2026-02-11', 'payment-succeeded', { contractId: 'c2' });
    expect(deadlines(told, '2026-02-12')).toEqual([]);
  });
});

describe('the end of grace', () => {
  const fails = (told: Story, day: string, contractId: string) => told.on(day, 'payment-failed', { contractId });
  const two = () => story().on('2026-01-01', 'subscription-started', c1).on('2026-01-02', 'subscription-started', c2);
  const statuses = (told: Story, asOf: string) =>
    (told.at(asOf).view?.contracts ?? []).map(({ status, since }) => `${status} ${instantText(since)}`);

  it('of two contracts comes for each at its own instant, whichever of them failed first', () => {
    const second = fails(fails(two(), '2026-02-01', 'c2'), '2026-02-05', 'c1');
    expect(statuses(second, '2026-02-16')).toEqual(['payment-overdue 2026-02-05', 'ended-unpaid 2026-02-15']);
    const first = fails(fails(two(), '2026-02-01', 'c1'), '2026-02-05', 'c2');
    expect(statuses(first, '2026-02-16')).toEqual(['ended-unpaid 2026-02-15', 'payment-overdue 2026-02-05']);
  });

  it('is no deadline while its contract is paused', () => {
    const told = fails(story().on('2026-01-01', 'subscription-started', c1), '2026-02-01', 'c1');
    expect(deadlines(told.on('2026-02-05', 'subscription-paused', c1), '2026-02-06')).toEqual([]);
  });
});

describe('another policy', () => {
  const other: Policy = {
    ...retail,
    version: 2,
    contracts: { graceDays: 30 },
    expansion: { ...retail.expansion, windowDays: 60 },
  };

  it('computes grace again from the failed payment', () => {
    const told = storyUnder(['2020-01-01', retail], ['2026-02-10', other])
      .on('2026-01-01', 'subscription-started', c1)
      .on('2026-02-01', 'payment-failed', { contractId: 'c1' });
    expect(deadlines(told, '2026-02-09')).toEqual(['grace-ends 2026-02-15 since 2026-02-01']);
    expect(deadlines(told, '2026-02-10')).toEqual(['grace-ends 2026-03-03 since 2026-02-01']);
    expect(told.stays('2026-06-01').at(-1)).toBe('2026-03-03 retention·lost');
  });

  it('computes grace again with the pause within it; a contract that is paused keeps the days that it had left', () => {
    const failed = () =>
      storyUnder(['2020-01-01', retail], ['2026-02-10', other])
        .on('2026-01-01', 'subscription-started', c1)
        .on('2026-02-01', 'payment-failed', { contractId: 'c1' });
    const resumed = failed().on('2026-02-02', 'subscription-paused', c1).on('2026-02-07', 'subscription-resumed', c1);
    // Thirty days and five of the pause.
    expect(deadlines(resumed, '2026-02-11')).toEqual(['grace-ends 2026-03-08 since 2026-02-07']);
    const paused = failed().on('2026-02-05', 'subscription-paused', c1).on('2026-02-12', 'subscription-resumed', c1);
    expect(deadlines(paused, '2026-02-13')).toEqual(['grace-ends 2026-02-22 since 2026-02-12']);
  });

  it('computes the window of an expansion again that waits for a payment', () => {
    const paid = (day: string) =>
      storyUnder(['2020-01-01', retail], ['2026-03-01', other])
        .on('2026-01-01', 'subscription-started', c1)
        .on('2026-01-10', 'subscription-upgraded', c1)
        .on('2026-02-20', 'payment-failed', { contractId: 'c1' })
        .on(day, 'payment-succeeded', { contractId: 'c1' });
    // Sixty days from 10 January are 11 March.
    expect(paid('2026-03-10').stays('2026-03-10 12:00').at(-1)).toBe('2026-03-10 expansion·up-sell');
    expect(paid('2026-03-15').stays('2026-03-16').at(-1)).toBe('2026-03-15 retention·active');
  });

  it('computes the window of an expansion again, and leaves the stage period as it is', () => {
    const told = storyUnder(['2020-01-01', retail], ['2026-06-01', other])
      .buys('2026-01-01', 'A', { categories: ['toys'] })
      .buys('2026-02-01', 'B', { categories: ['toys'] })
      .buys('2026-03-01', 'C', { categories: ['toys'] })
      .buys('2026-05-01', 'D', { categories: ['wine'] });
    const window = (asOf: string) => deadlines(told, asOf).filter((line) => line.startsWith('expansion-ends'));
    expect(window('2026-05-31')).toEqual(['expansion-ends 2026-10-28 since 2026-05-01']);
    expect(window('2026-06-01')).toEqual(['expansion-ends 2026-06-30 since 2026-05-01']);
    expect(told.stays('2026-07-01').slice(-2)).toEqual([
      '2026-05-01 expansion·cross-sell',
      '2026-06-30 retention·active',
    ]);
    expect(lastCause(told, '2026-07-01')).toMatchObject({
      rule: 'expansion-ran-out',
      deadline: { kind: 'expansion-ends', since: Date.UTC(2026, 4, 1) },
      values: { window_days: 60, signal: 'cross-sell' },
    });
  });

  it('lets overdue windows fall due at its own instant, and names itself as the cause', () => {
    const told = storyUnder(['2020-01-01', retail], ['2026-08-01', other])
      .buys('2026-01-01', 'A', { categories: ['toys'] })
      .buys('2026-02-01', 'B', { categories: ['toys'] })
      .buys('2026-03-01', 'C', { categories: ['toys'] })
      .buys('2026-07-01', 'E', { categories: ['toys'] })
      .buys('2026-07-01 12:00', 'D', { categories: ['wine'] });
    const short: Policy = { ...other, expansion: { ...other.expansion, windowDays: 20 } };
    const overdue = storyUnder(['2020-01-01', retail], ['2026-08-01', short]);
    overdue.events.push(...told.events);
    expect(overdue.stays('2026-08-02').at(-1)).toBe('2026-08-01 retention·active');
    expect(lastCause(overdue, '2026-08-02')).toMatchObject({ rule: 'policy-changed' });
    expect(told.stays('2026-08-02').at(-1)).toBe('2026-07-01T12:00:00Z expansion·cross-sell');
  });
});
