import { describe, expect, it } from '@jest/globals';
import { story, type Story } from '#testing';

const contract = (contractId: string, more = {}) => ({ contractId, currency: 'EUR', amountMinor: 1_000, ...more });
const cause = (told: Story, asOf: string) => told.at(asOf).stagePeriods.at(-1)?.cause;

describe('the cause of a transition', () => {
  it('names the event and what was compared, in acquisition', () => {
    const told = story().on('2026-01-01', 'site-visited').on('2026-01-05 12:00', 'product-viewed', { sku: 'a' });
    expect(told.at('2026-01-02').stagePeriods[0]?.cause).toMatchObject({
      ...{ rule: 'first-touchpoint', events: [{ source: 'shop', id: 'e0001' }] },
      values: { touchpoint: 'site-visited', intent: true },
    });
    expect(cause(told, '2026-01-06')).toMatchObject({
      ...{ rule: 'further-signal', events: [{ source: 'shop', id: 'e0002' }] },
      values: { touchpoint: 'product-viewed', from: 'awareness', to: 'consideration' },
    });
    told.on('2026-05-05 11:00', 'site-visited');
    expect(cause(told, '2026-05-06')).toMatchObject({
      ...{ rule: 'intent-ends-cold', events: [{ source: 'shop', id: 'e0003' }] },
      values: { touchpoint: 'site-visited', days_without_intent: 119, furthest: 'consideration' },
    });
  });

  it('says for how long the customer was silent, or lost', () => {
    const told = story().buys('2026-01-01', 'A');
    expect(cause(told, '2026-01-02')).toMatchObject({
      ...{ rule: 'first-purchase', values: { touchpoint: 'order-placed', cycle: 1, lost_for_days: null } },
    });
    told.buys('2026-01-11', 'B');
    expect(cause(told, '2026-01-12')).toMatchObject({ rule: 'second-purchase', values: { purchases_in_cycle: 2 } });
    told.buys('2026-05-01', 'C');
    expect(cause(told, '2026-05-02')).toMatchObject({
      ...{ rule: 'reactivated', values: { from: 'at-risk', days_silent: 110 } },
    });
    // Lost 365 days after the last purchase, and back 30 days later.
    const visited = story().buys('2026-01-01', 'A').on('2027-01-31', 'site-visited');
    expect(cause(visited, '2027-02-01')).toMatchObject({
      ...{
        rule: 'intent-after-lost',
        events: [{ id: 'e0002' }],
        values: { touchpoint: 'site-visited', lost_for_days: 30 },
      },
    });
    const back = story().buys('2026-01-01', 'A').buys('2027-01-31', 'B');
    expect(cause(back, '2027-02-01')).toMatchObject({
      ...{ rule: 'win-back', values: { touchpoint: 'order-placed', cycle: 2, lost_for_days: 30 } },
    });
  });
});

describe('quotes', () => {
  const coldAt = (told: Story) => told.stays('2028-01-01').find((line) => line.endsWith('cold'));
  const quoted = (...quotes: readonly (readonly [id: string, validUntil: string])[]) =>
    quotes.reduce(
      (told, [quoteId, validUntil]) =>
        told.on('2026-01-02', 'quote-sent', { quoteId, validUntil: `${validUntil}T00:00:00Z` }),
      story().on('2026-01-01', 'site-visited'),
    );

  it('keep cold waiting until the last of them ends', () => {
    expect(coldAt(quoted(['q', '2026-06-01']))).toBe('2026-08-30 acquisition·cold');
    expect(coldAt(quoted(['p', '2026-07-01'], ['q', '2026-06-01']))).toBe('2026-09-29 acquisition·cold');
    expect(coldAt(quoted(['q', '2026-06-01'], ['p', '2026-07-01']))).toBe('2026-09-29 acquisition·cold');
  });

  it('take the new validity where they are sent again, an earlier one too', () => {
    expect(coldAt(quoted(['q', '2026-06-01'], ['q', '2026-07-01']))).toBe('2026-09-29 acquisition·cold');
    expect(coldAt(quoted(['q', '2026-07-01'], ['q', '2026-06-01']))).toBe('2026-08-30 acquisition·cold');
  });

  it('end with their answer, each for itself, and not later where they had ended', () => {
    const declined = quoted(['p', '2026-07-01'], ['q', '2026-06-01']).on('2026-02-01', 'quote-expired', {
      quoteId: 'p',
    });
    expect(coldAt(declined)).toBe('2026-08-30 acquisition·cold');
    const late = quoted(['q', '2026-03-01']).on('2026-05-01', 'quote-expired', { quoteId: 'q' });
    expect(coldAt(late)).toBe('2026-05-30 acquisition·cold');
    expect(coldAt(quoted(['q', '2026-06-01']).on('2026-02-01', 'quote-expired', { quoteId: 'other' }))).toBe(
      '2026-08-30 acquisition·cold',
    );
  });
});

describe('signals of expansion', () => {
  it('compare two orders of one cycle: an order before the customer was lost does not count', () => {
    const told = story();
    for (const [day, amount] of [
      ['01', 1_000],
      ['02', 1_000],
      ['03', 1_000],
      ['04', 3_000],
    ] as const)
      told.buys(`2026-01-${day}`, `o${day}`, { amount });
    told.on('2027-03-01', 'subscription-started', contract('c1')).buys('2027-03-02', 'o5', { amount: 3_000 });
    expect(told.stays('2027-03-03').slice(-2)).toEqual([
      '2027-03-01 retention·onboarding (2)',
      '2027-03-02 retention·active (2)',
    ]);
    told.buys('2027-03-03', 'o6', { amount: 3_000 });
    expect(told.stays('2027-03-04').at(-1)).toBe('2027-03-03 expansion·up-sell (2)');
  });

  it('know the category of a contract: an order of it is no cross-sell', () => {
    const bought = (category: string) =>
      story()
        .on('2026-01-01', 'subscription-started', contract('c1', { category: 'wine' }))
        .buys('2026-01-02', 'A', { categories: ['toys'] })
        .buys('2026-01-03', 'B', { categories: ['toys'] })
        .buys('2026-01-04', 'C', { categories: ['toys'] })
        .buys('2026-01-05', 'D', { categories: [category] })
        .stays('2026-01-06')
        .at(-1);
    expect(bought('wine')).toBe('2026-01-02 retention·active');
    expect(bought('books')).toBe('2026-01-05 expansion·cross-sell');
  });

  it('are given by orders: the start of a contract of a new category is no cross-sell', () => {
    const told = story();
    for (const day of ['01', '02', '03', '04']) told.buys(`2026-01-${day}`, day, { categories: ['toys'] });
    told.on('2026-01-05', 'subscription-started', contract('c1', { category: 'wine' }));
    expect(told.stays('2026-01-06').at(-1)).toBe('2026-01-02 retention·active');
  });

  it('carry an expansion on after a reversal only while their window is open', () => {
    const months = ['2025-10', '2025-11', '2025-12', '2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07'];
    const told = story();
    for (const month of months) told.buys(`${month}-10`, month, { categories: ['toys'] });
    told.buys('2026-01-15', 'D', { categories: ['wine'] });
    const within = story();
    within.events.push(...told.events);
    // The window of the cross-sell of 15 January ends 180 days later, on 14 July.
    within.cancels('2026-07-01', '2026-03');
    expect(within.stays('2026-07-02').at(-1)).toBe('2026-01-15 expansion·cross-sell');
    told.cancels('2026-07-20', '2026-03');
    expect(told.stays('2026-07-21').at(-1)).toBe('2026-07-14 retention·active');
  });

  it('take advocacy from four stars on, and from onboarding, active or expansion only', () => {
    const advocates = (told: Story, stars: number) =>
      told
        .on('2026-03-01', 'survey-answered', { kind: 'nps', score: 9 })
        .on('2026-03-02', 'review-posted', { stars })
        .stays('2026-03-03')
        .at(-1);
    const onboarding = () => story().buys('2026-02-01', 'A');
    expect(advocates(onboarding(), 4)).toBe('2026-03-02 expansion·advocacy');
    expect(advocates(onboarding(), 3)).toBe('2026-02-01 retention·onboarding');
    expect(advocates(onboarding().buys('2026-02-02', 'B'), 5)).toBe('2026-03-02 expansion·advocacy');
    expect(advocates(story().buys('2025-11-01', 'A'), 5)).toBe('2026-01-30 retention·at-risk');
    expect(advocates(story().on('2026-02-01', 'site-visited'), 5)).toBe('2026-02-01 acquisition·awareness');
  });
});
