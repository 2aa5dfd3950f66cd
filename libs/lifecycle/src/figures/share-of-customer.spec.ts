import { describe, expect, it } from '@jest/globals';
import { Story, when } from '#testing';
import { shareOfCustomer, type NetSpend } from './share-of-customer.js';

const YEAR = { from: '2026-01-01', until: '2027-01-01' };
const estimate = (more: Record<string, unknown>) => ({ category: 'coffee', ...YEAR, source: 'survey', ...more });
const spent =
  (amountMinor: number | null): NetSpend =>
  () =>
    amountMinor;
const share = (story: Story, netSpend: NetSpend, asOf = '2026-12-01') =>
  shareOfCustomer(story.events, when(asOf), netSpend);

describe('the share of customer', () => {
  it('is what they spend with us of what they spend at all, where that is estimated', () => {
    const story = new Story()
      .on('2026-02-01', 'wallet-estimated', estimate({ totalMinor: 40_000, currency: 'EUR' }))
      .on('2026-02-01', 'wallet-estimated', estimate({ category: 'tea', totalMinor: 10_000, currency: 'EUR' }));
    const ours: NetSpend = (category) => (category === 'coffee' ? 10_000 : 5_000);
    expect(share(story, ours)).toMatchObject({ share: 0.3, by: 'spend', isAboveOne: false });
    expect(share(story, ours).categories.map((each) => each.share)).toEqual([0.25, 0.5]);
  });

  it('is not known without an estimate, and never 0 for that', () => {
    expect(share(new Story(), spent(10_000))).toEqual({ share: null, isAboveOne: false, by: null, categories: [] });
    const later = new Story().on('2026-12-24', 'wallet-estimated', estimate({ totalMinor: 40_000, currency: 'EUR' }));
    expect(share(later, spent(10_000)).share).toBeNull();
  });

  it('is 0 where the estimate is there and they buy nothing from us', () => {
    const story = new Story().on('2026-02-01', 'wallet-estimated', estimate({ totalMinor: 40_000, currency: 'EUR' }));
    expect(share(story, spent(0)).share).toBe(0);
  });

  it('believes a bureau before a survey before a model, then the newest', () => {
    const story = new Story()
      .on('2026-02-01', 'wallet-estimated', estimate({ totalMinor: 100, currency: 'EUR', source: 'bureau' }))
      .on('2026-03-01', 'wallet-estimated', estimate({ totalMinor: 200, currency: 'EUR', source: 'bureau' }))
      .on('2026-04-01', 'wallet-estimated', estimate({ totalMinor: 400, currency: 'EUR', source: 'survey' }))
      .on('2026-05-01', 'wallet-estimated', estimate({ totalMinor: 800, currency: 'EUR', source: 'model' }));
    expect(share(story, spent(100)).share).toBe(0.5);
    expect(share(story, spent(100)).categories).toHaveLength(1);
    expect(share(story, spent(100), '2026-02-15').share).toBe(1);
  });

  it('counts no spend twice where periods overlap', () => {
    const story = new Story()
      .on('2026-02-01', 'wallet-estimated', estimate({ totalMinor: 1_200, currency: 'EUR', source: 'bureau' }))
      .on('2026-02-01', 'wallet-estimated', estimate({ totalMinor: 100, currency: 'EUR', until: '2026-02-01' }))
      .on(
        '2026-02-01',
        'wallet-estimated',
        estimate({ ...{ totalMinor: 1_200, currency: 'EUR' }, from: '2027-01-01', until: '2028-01-01' }),
      );
    expect(share(story, spent(600)).categories.map(({ estimate: { from, source } }) => [source, from])).toEqual([
      ['bureau', when('2026-01-01') / 86_400_000],
      ['survey', when('2027-01-01') / 86_400_000],
    ]);
  });

  it('above 1 is flagged: the estimate is too low', () => {
    const story = new Story().on('2026-02-01', 'wallet-estimated', estimate({ totalMinor: 100, currency: 'EUR' }));
    expect(share(story, spent(150))).toMatchObject({ share: 1.5, isAboveOne: true });
  });

  it('follows from our rank where only ranks are known', () => {
    const story = new Story().on('2026-02-01', 'wallet-estimated', estimate({ rank: 1, brands: 2 }));
    // Keiningham et al. 2011: (1 − 1/3) × 2/2.
    expect(share(story, spent(150)).share).toBeCloseTo(2 / 3, 12);
    expect(share(story, spent(150)).by).toBe('rank');
  });

  it('is not computed from money in another currency', () => {
    const story = new Story().on('2026-02-01', 'wallet-estimated', estimate({ totalMinor: 100, currency: 'USD' }));
    expect(share(story, spent(null))).toMatchObject({ share: null, by: null });
  });
});
