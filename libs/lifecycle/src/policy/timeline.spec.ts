import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PublishedPolicy } from '../model.js';
import { BUILT_IN_POLICIES } from './built-in.js';
import type { Policy } from './policy.js';
import { policyAt, policyTimeline } from './timeline.js';

const { retail } = BUILT_IN_POLICIES;
type Published = PublishedPolicy<Policy>;

const published = (number: number, effectiveFrom: number, recordedAt: number, restates = false): Published => ({
  version: `mine@${number}`,
  policy: { ...retail, name: 'mine', version: number },
  effectiveFrom,
  recordedAt,
  restates,
});

const versionsAt = (all: readonly Published[], instants: readonly number[], knownAt?: number): string[] => {
  const timeline = policyTimeline(all, knownAt);
  return instants.map((at) => policyAt(timeline, at).version);
};

describe('a restated policy', () => {
  const BEGINNING = published(1, 0, 0);

  it('counts from its date on, for what is known from its publication on; before that the old one is known', () => {
    const all = [BEGINNING, published(2, 40, 100, true)];
    expect(versionsAt(all, [39, 40, 200], 100)).toEqual(['mine@1', 'mine@2', 'mine@2']);
    expect(versionsAt(all, [39, 40, 200], 99)).toEqual(['mine@1', 'mine@1', 'mine@1']);
  });

  it('counts from the beginning of time where it has no date', () => {
    const all = [BEGINNING, published(2, -Infinity, 100, true)];
    expect(versionsAt(all, [-1e15, 1e15])).toEqual(['mine@2', 'mine@2']);
    expect(versionsAt(all, [-1e15, 1e15], 99)).toEqual(['mine@1', 'mine@1']);
  });

  it('replaces the versions that began at or after its date and before its publication', () => {
    const all = [BEGINNING, published(2, 30, 20), published(3, 50, 50), published(4, 30, 60, true)];
    expect(versionsAt(all, [29, 30, 50, 1e9])).toEqual(['mine@1', 'mine@4', 'mine@4', 'mine@4']);
  });

  it('leaves a version that is still to come its date', () => {
    const all = [BEGINNING, published(2, 500, 50), published(3, 10, 100, true)];
    expect(versionsAt(all, [9, 10, 499, 500])).toEqual(['mine@1', 'mine@3', 'mine@3', 'mine@2']);
  });

  it('gives way over the whole range of one that is published later', () => {
    const all = [BEGINNING, published(2, 40, 100, true), published(3, 10, 110, true)];
    expect(versionsAt(all, [9, 10, 40, 1e9])).toEqual(['mine@1', 'mine@3', 'mine@3', 'mine@3']);
    const narrower = [BEGINNING, published(2, 10, 100, true), published(3, 40, 110, true)];
    expect(versionsAt(narrower, [9, 10, 39, 40])).toEqual(['mine@1', 'mine@2', 'mine@2', 'mine@3']);
  });

  it('never lets a replaced version come back, not even when a later version begins', () => {
    const all = [BEGINNING, published(2, 50, 50), published(3, 20, 60, true), published(4, 70, 70)];
    expect(versionsAt(all, [20, 50, 70])).toEqual(['mine@3', 'mine@3', 'mine@4']);
  });
});

/** The rules, each written down as it is said, and nothing computed ahead. */
function simply(all: readonly Published[], at: number, knownAt: number): string {
  const known = all.filter((one, index) => index === 0 || one.recordedAt <= knownAt);
  const start = (one: Published): number => {
    if (one === known[0]) return -Infinity;
    return one.restates === true ? one.effectiveFrom : Math.max(one.effectiveFrom, one.recordedAt);
  };
  const isReplaced = (one: Published): boolean =>
    known
      .slice(known.indexOf(one) + 1)
      .some((later) => later.restates === true && start(later) <= start(one) && start(one) < later.recordedAt);
  let inForce: Published | null = null;
  for (const one of known) {
    if (isReplaced(one) || start(one) > at) continue;
    if (inForce === null || start(one) >= start(inForce)) inForce = one;
  }
  return inForce?.version ?? '';
}

/** Publications in the order of the log, a few of them at one instant, with dates before, at and after their publication. */
const publications = fc
  .array(
    fc.record({
      after: fc.nat({ max: 5 }),
      date: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(-Infinity)),
      restates: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((all) => {
    let recordedAt = 10;
    return all.map(({ after, date, restates }, index) => {
      recordedAt += after;
      const from = restates ? Math.min(date, recordedAt) : date;
      return published(index + 1, from, recordedAt, restates && index > 0);
    });
  });

const instants = fc.oneof(fc.integer({ min: -5, max: 70 }), fc.constant(-1e15), fc.constant(1e15));

describe('the timeline of policies', () => {
  it('gives, at every instant and for everything known, the version that the rules name', () => {
    fc.assert(
      fc.property(publications, instants, instants, (all, at, knownAt) => {
        expect(policyAt(policyTimeline(all, knownAt), at).version).toBe(simply(all, at, knownAt));
      }),
      { numRuns: 2_000 },
    );
  });

  it('begins at the beginning of time, in order, with each version once', () => {
    fc.assert(
      fc.property(publications, instants, (all, knownAt) => {
        const { eras } = policyTimeline(all, knownAt);
        expect(eras[0]?.from).toBe(-Infinity);
        for (const [index, { from }] of eras.entries())
          if (index > 0) expect(from).toBeGreaterThan(eras[index - 1]?.from ?? Infinity);
        expect(new Set(eras.map(({ version }) => version)).size).toBe(eras.length);
      }),
    );
  });

  it('is what was known then: what is published later changes nothing for an earlier knownAt', () => {
    fc.assert(
      fc.property(publications, instants, instants, (all, at, knownAt) => {
        const then = all.filter((one, index) => index === 0 || one.recordedAt <= knownAt);
        expect(versionsAt(all, [at], knownAt)).toEqual(versionsAt(then, [at]));
      }),
    );
  });

  it('follows from when each was published, not from the order in which they are given', () => {
    fc.assert(
      fc.property(
        publications.map((all) => all.filter(({ recordedAt }, index) => all[index - 1]?.recordedAt !== recordedAt)),
        instants,
        instants,
        (all, at, knownAt) => {
          const backwards = [...all].reverse();
          expect(versionsAt(backwards, [at], knownAt)).toEqual(versionsAt(all, [at], knownAt));
        },
      ),
    );
  });
});
