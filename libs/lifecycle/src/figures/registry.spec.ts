import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Story, when } from '#testing';
import { compareEvents } from '../event-order.js';
import { foldCustomer } from '../fold/fold-customer.js';
import type { LifecycleEvent } from '../model.js';
import { policyAt } from '../policy/timeline.js';
import { EXAMPLE_POLICY } from '../policy/reference.js';
import { explainFigureValue } from './explain-figure.js';
import type { FigureInput, FigureValue } from './figure.js';
import { RateTable, type PublishedRate } from './rates.js';
import { FIGURES, figureNamed } from './registry.js';

const POLICY = { ...EXAMPLE_POLICY, timeZone: 'UTC' };
const published = [{ version: 'tea-shop@1', policy: POLICY, effectiveFrom: -Infinity, recordedAt: 0 }];

function inputOf(events: readonly LifecycleEvent[], asOf: number, story: Story, rates: readonly PublishedRate[] = []) {
  const sorted = [...events].sort(compareEvents);
  const { view, bookings } = foldCustomer({ events: sorted, policies: story.policies, asOf });
  if (view === null) return null;
  const { policy } = policyAt(story.policies, asOf);
  return { view, bookings, events: sorted, policy, rates: new RateTable(rates), asOf } satisfies FigureInput;
}

function figure(name: string, story: Story, asOf: string, rates: readonly PublishedRate[] = []): FigureValue {
  const input = inputOf(story.events, when(asOf), story, rates);
  const found = figureNamed(name);
  if (input === null || found === null) throw new Error(`no ${name}`);
  return found.valueOf(input);
}

const only = ({ amounts }: FigureValue) => amounts[0]?.number ?? amounts[0]?.text ?? null;

const life = () =>
  new Story(published)
    .on('2026-01-01', 'site-visited')
    .on('2026-01-02', 'order-placed', {
      ...{ orderId: 'A', currency: 'EUR', discountMinor: 100, costMinor: 400 },
      lines: [
        { sku: 't', category: 'tea', quantity: 2, unitPriceMinor: 400 },
        { sku: 'c', category: 'cups', quantity: 1, unitPriceMinor: 300 },
      ],
    })
    .on('2026-02-01', 'order-placed', {
      ...{ orderId: 'B', currency: 'EUR', costMinor: 500 },
      lines: [{ sku: 't', category: 'tea', quantity: 2, unitPriceMinor: 500 }],
    })
    .refunds('2026-02-10', 'B', 200)
    .on('2026-02-11', 'survey-answered', { kind: 'nps', score: 9 })
    .on('2026-02-12', 'case-opened', { caseId: 'k' })
    .on('2026-02-13', 'case-resolved', { caseId: 'k', minutes: 4, withinStandard: true })
    .on('2026-02-14', 'referral-made', { referralId: 'r' })
    .on('2026-02-20', 'referral-converted', { referralId: 'r', amountMinor: 3_000, rewardMinor: 50, currency: 'EUR' });

describe('the figures of a customer', () => {
  it.each([
    ['orders', 2],
    ['revenue', 1_800],
    ['margin', 1_000],
    ['average-order-value', 900],
    ['frequency', 1],
    ['recency', 30],
    ['customer-age', 58],
    ['monetary-value', 800],
    ['satisfaction', 0.9],
    ['satisfaction-grade', 'very-satisfied'],
    ['referrals-made', 1],
    ['referrals-converted', 1],
    ['referral-revenue', 3_000],
    ['loyalty-ladder', 'advocate'],
    ['service-contacts', 1],
    ['open-cases', 0],
    ['service-minutes', 4],
    // 4 minutes at 0.75, a contact at 1.50, a return at 6.00, and winning them at 25.00.
    ['cost-to-serve', 300 + 150 + 600 + 2_500],
    ['profit', 1_000 - 3_550],
    ['discounts-received', 100],
    ['rewards-received', 50],
    ['value-received', 150],
    ['cases-in-time', 1],
  ])('%s is %s', (name, expected) => {
    expect(only(figure(name, life(), '2026-03-01'))).toBe(expected);
  });

  it('are not known, with the reason, where nothing tells them: never 0', () => {
    const story = new Story(published).on('2026-01-01', 'site-visited');
    for (const name of ['satisfaction', 'share-of-customer', 'next-order', 'monetary-value', 'deliveries-on-time']) {
      const value = figure(name, story, '2026-03-01');
      expect({ name, amounts: value.amounts }).toEqual({ name, amounts: [] });
      expect(value.unknown).not.toBeNull();
    }
    const minutes = new Story().on('2026-01-01', 'call-handled', { minutes: 5 });
    expect(figure('cost-to-serve', minutes, '2026-03-01').unknown).toContain('5 minutes of work have no cost');
    // What is not known has no sum.
    expect(figure('profit', minutes, '2026-03-01')).toMatchObject({ amounts: [], steps: [] });
  });

  it('expect the next order by the rhythm of the customer', () => {
    const story = new Story(published);
    for (const [day, id] of [
      ['2026-01-01', 'A'],
      ['2026-01-11', 'B'],
      ['2026-01-21', 'C'],
    ] as const)
      story.buys(day, id);
    expect(only(figure('next-order', story, '2026-01-22'))).toBe('2026-01-31');
  });

  it('have the share of customer over the categories with an estimate', () => {
    const estimate = { category: 'tea', from: '2026-01-01', until: '2026-03-01', source: 'survey' };
    const story = life().on('2026-02-15', 'wallet-estimated', { ...estimate, totalMinor: 3_000, currency: 'EUR' });
    // Of A, 8 of 11 of its lines are tea, of which 10.00 is left after the discount; of B 8.00 is left.
    const tea = Math.round((1_000 * 800) / 1_100) + 800;
    expect(only(figure('share-of-customer', story, '2026-03-01'))).toBeCloseTo(tea / 3_000, 12);
    // Before the estimate it was not known.
    expect(figure('share-of-customer', story, '2026-02-14').unknown).toContain('wallet-estimated');
  });

  it('convert money at the rate of the day, and report a rate that is missing', () => {
    const story = new Story(published)
      .buys('2026-01-02', 'A', { currency: 'USD', amount: 1_000 })
      .buys('2026-01-03', 'B');
    const rates = [{ day: '2026-01-02', currency: 'USD', in: 'EUR', rate: '0.9' }];
    expect(figure('revenue', story, '2026-03-01', rates)).toMatchObject({
      amounts: [{ number: 5_900, currency: 'EUR' }],
      steps: [
        '+ 10.00 USD: order A, 2026-01-02 × 0.9 = 9.00 EUR',
        '+ 50.00 EUR: order B, 2026-01-03',
        'sum = 59.00 EUR',
      ],
    });
    const missing = figure('revenue', story, '2026-03-01');
    expect(missing.amounts).toEqual([]);
    expect(missing.unknown).toContain('USD in EUR on 2026-01-02');
    // While no currency is named, there is an amount for each.
    const plain = new Story().buys('2026-01-02', 'A', { currency: 'USD', amount: 1_000 }).buys('2026-01-03', 'B');
    expect(figure('revenue', plain, '2026-03-01').amounts.map(({ number, currency }) => [number, currency])).toEqual([
      [5_000, 'EUR'],
      [1_000, 'USD'],
    ]);
  });

  it('explain themselves: the formula, its numbers and the events', () => {
    const found = figureNamed('profit');
    if (found === null) throw new Error('no profit');
    const [explained] = explainFigureValue(found, figure('profit', life(), '2026-03-01'));
    expect(explained?.text.split('\n')).toEqual([
      'profit is -25.50 EUR.',
      'What the customer brought us.',
      'Formula: margin − cost to serve.',
      'Source: the policy: costs.',
      '  + 6.00 EUR: order A, 2026-01-02',
      '  + 5.00 EUR: order B, 2026-02-01',
      '  − 1.00 EUR: return of B, 2026-02-10',
      '  − 3.00 EUR: 4 minutes of work, 2026-02-13',
      '  − 1.50 EUR: 1 contact, 2026-03-01',
      '  − 6.00 EUR: return of B, 2026-02-10',
      '  − 25.00 EUR: acquisition, 2026-01-02',
      '  sum = -25.50 EUR',
      'Events: shop e0002, shop e0003, shop e0004, shop e0007.',
    ]);
  });

  it('are the same whatever order the events come in, and at an earlier instant as a replay to it', () => {
    const story = life();
    const last = when('2026-03-01');
    const valuesOf = (events: readonly LifecycleEvent[], asOf: number) => {
      const input = inputOf(events, asOf, story);
      return input === null ? null : FIGURES.map(({ name, valueOf }) => [name, valueOf(input)]);
    };
    const inOrder = valuesOf(story.events, last);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(story.events, { minLength: story.events.length }),
        fc.integer({ min: when('2026-01-01'), max: last }),
        (shuffled, asOf) => {
          expect(valuesOf(shuffled, last)).toEqual(inOrder);
          expect(valuesOf(shuffled, asOf)).toEqual(
            valuesOf(
              story.events.filter(({ occurredAt }) => occurredAt <= asOf),
              asOf,
            ),
          );
        },
      ),
    );
  });

  it('have names, formulas and meanings of their own', () => {
    expect(new Set(FIGURES.map(({ name }) => name)).size).toBe(FIGURES.length);
    for (const { name, formula, meaning, source } of FIGURES) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      for (const text of [formula, meaning, source]) expect(text).not.toBe('');
    }
  });

  it('revenue is what the fold says of it', () => {
    const input = inputOf(life().events, when('2026-03-01'), life());
    expect(input?.view.revenue).toEqual([{ amountMinor: 1_800, currency: 'EUR' }]);
  });
});
