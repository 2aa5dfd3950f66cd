import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loyaltyTier } from './loyalty-tiers.js';

const at = (text: string): number => Date.parse(text);
const text = (instant: number | null): string | null => (instant === null ? null : new Date(instant).toISOString());
const SCHEME = {
  months: 12,
  tiers: [
    { name: 'silver', atLeast: 100 },
    { name: 'gold', atLeast: 500 },
    { name: 'platinum', atLeast: 2_000 },
  ],
};
const ZONE = 'Europe/Amsterdam';
const tierOf = (asOf: string, ...amounts: readonly (readonly [string, number])[]) =>
  loyaltyTier(
    SCHEME,
    amounts.map(([when, amount]) => ({ at: at(when), amount })),
    at(asOf),
    ZONE,
  );
const stays = (view: ReturnType<typeof tierOf>) =>
  view.periods.map(({ tier, from, cause }) => [tier, text(from), cause]);

describe('a tier', () => {
  it('is reached at the very instant, and kept to the end of the next period', () => {
    const view = tierOf('2025-07-01T00:00:00Z', ['2025-02-01T10:00:00Z', 60], ['2025-03-01T10:00:00Z', 40]);
    expect([view.tier, text(view.since)]).toEqual(['silver', '2025-03-01T10:00:00.000Z']);
    // Midnight of the new year in Amsterdam.
    expect(text(view.keptUntil)).toBe('2026-12-31T23:00:00.000Z');
    expect(view.upward).toEqual({ tier: 'gold', missing: 400 });
    expect(view.missingToKeep).toBe(0);
  });

  it('that was not reached again is left for the one below it, at the end of the period and not before', () => {
    const platinum = ['2025-02-01T10:00:00Z', 2_500] as const;
    expect(tierOf('2026-12-31T22:59:59.999Z', platinum).tier).toBe('platinum');
    const later = tierOf('2029-06-01T00:00:00Z', platinum);
    expect(stays(later)).toEqual([
      ['platinum', '2025-02-01T10:00:00.000Z', 'reached'],
      ['gold', '2026-12-31T23:00:00.000Z', 'not-reached-again'],
      ['silver', '2027-12-31T23:00:00.000Z', 'not-reached-again'],
      [null, '2028-12-31T23:00:00.000Z', 'not-reached-again'],
    ]);
    expect([later.tier, later.keptUntil, later.next]).toEqual([null, null, null]);
  });

  it('is kept a year longer each time that it is reached again', () => {
    const view = tierOf('2027-03-01T00:00:00Z', ['2025-02-01T10:00:00Z', 600], ['2026-05-01T10:00:00Z', 500]);
    expect([view.tier, text(view.keptUntil)]).toEqual(['gold', '2027-12-31T23:00:00.000Z']);
    expect(stays(view)).toHaveLength(1);
  });

  it('is not lost by a return: what counts at the end of the period is what was kept', () => {
    const returned = [
      ['2025-02-01T10:00:00Z', 600],
      ['2025-02-20T10:00:00Z', -600],
    ] as const;
    expect(tierOf('2025-12-01T00:00:00Z', ...returned).tier).toBe('gold');
    // Nothing qualified in either year.
    expect(tierOf('2027-02-01T00:00:00Z', ...returned).tier).toBe('silver');
  });

  it('is none where no threshold is reached', () => {
    const view = tierOf('2025-07-01T00:00:00Z', ['2025-02-01T10:00:00Z', 99]);
    expect(view).toMatchObject({ tier: null, since: null, keptUntil: null, missingToKeep: null, periods: [] });
    expect(view.upward).toEqual({ tier: 'silver', missing: 1 });
  });

  it('that is reached again at the instant of leaving it was never left', () => {
    const view = tierOf('2027-02-01T00:00:00Z', ['2025-02-01T10:00:00Z', 600], ['2026-12-31T23:00:00Z', 500]);
    expect(stays(view)).toEqual([['gold', '2025-02-01T10:00:00.000Z', 'reached']]);
    expect(view.tier).toBe('gold');
  });

  it('counts each period by itself', () => {
    expect(tierOf('2026-02-01T00:00:00Z', ['2025-12-31T10:00:00Z', 60], ['2026-01-01T10:00:00Z', 60]).tier).toBeNull();
  });
});

describe('whatever qualifies', () => {
  const amounts = fc
    .array(fc.tuple(fc.integer({ min: at('2020-01-01'), max: at('2030-01-01') }), fc.integer({ min: -300, max: 900 })))
    .map((pairs) => pairs.sort(([a], [b]) => a - b).map(([when, amount]) => ({ at: when, amount })));
  const asOf = fc.integer({ min: at('2030-01-01'), max: at('2040-01-01') });
  const months = fc.constantFrom(1, 3, 6, 12, 24);

  it('the stays tile time, and a member falls by one tier at most', () => {
    fc.assert(
      fc.property(amounts, asOf, months, (some, until, length) => {
        const { periods } = loyaltyTier({ ...SCHEME, months: length }, some, until, ZONE);
        const rank = (tier: string | null): number => SCHEME.tiers.findIndex(({ name }) => name === tier);
        periods.forEach((stay, n) => {
          const following = periods[n + 1];
          expect(stay.until).toBe(following?.from ?? null);
          if (following === undefined) return;
          expect(following.from).toBeGreaterThan(stay.from);
          expect(rank(following.tier)).not.toBe(rank(stay.tier));
          expect(rank(stay.tier) - rank(following.tier)).toBeLessThanOrEqual(1);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('nothing happens before `next`, and looking then says so', () => {
    fc.assert(
      fc.property(amounts, asOf, months, (some, until, length) => {
        const scheme = { ...SCHEME, months: length };
        const now = loyaltyTier(scheme, some, until, ZONE);
        if (now.next === null) {
          expect(loyaltyTier(scheme, some, until + 1e13, ZONE).tier).toBe(now.tier);
          return;
        }
        expect(now.next).toBeGreaterThan(until);
        expect(loyaltyTier(scheme, some, now.next - 1, ZONE).periods).toEqual(now.periods);
      }),
      { numRuns: 300 },
    );
  });

  it('the past stays as it was: a later instant only adds to it', () => {
    fc.assert(
      fc.property(amounts, asOf, asOf, months, (some, one, other, length) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)];
        const before = loyaltyTier({ ...SCHEME, months: length }, some, early, ZONE).periods;
        const after = loyaltyTier({ ...SCHEME, months: length }, some, late, ZONE).periods;
        const begun = (stays: typeof before) => stays.map(({ tier, from }) => ({ tier, from }));
        expect(begun(after).slice(0, before.length)).toEqual(begun(before));
      }),
      { numRuns: 300 },
    );
  });
});
