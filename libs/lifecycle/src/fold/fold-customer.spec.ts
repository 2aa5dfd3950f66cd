import { describe, expect, it } from '@jest/globals';
import { instantText, story, storyUnder, when, type Story } from '#testing';
import { BUILT_IN_POLICIES, foldCustomer, snapshotFits, snapshotKey, type Policy } from '../index.js';

const { retail } = BUILT_IN_POLICIES;
if (retail.silence.mode === 'seasonal') throw new Error('The built-in retail counts silence by rhythm.');
const patient: Policy = {
  ...retail,
  version: 2,
  contracts: { graceDays: 30 },
  silence: { ...retail.silence, atRiskDaysWithoutRhythm: 120 },
};

/** The open deadlines when a fold goes on from the story's snapshot under other policies. */
function goesOn(told: Story, policies: Story['policies'], asOf: string): string[] {
  const { snapshot } = told.at(asOf);
  const { view } = foldCustomer({ events: [], policies, asOf: when(asOf), snapshot });
  return (view?.deadlines ?? []).map(({ kind, dueAt }) => `${kind} ${instantText(dueAt)}`);
}

describe('a policy', () => {
  it('is in force at the very instant at which it takes over: what falls due then is computed by it', () => {
    // At risk after 90 days, on 1 April; under the other after 120.
    const told = storyUnder(['2020-01-01', retail], ['2026-04-01', patient]).buys('2026-01-01', 'A');
    expect(told.stays('2026-06-01')).toEqual(['2026-01-01 retention·onboarding', '2026-05-01 retention·at-risk']);
  });
});

describe('a snapshot', () => {
  it('is that of the last event, and bears its place', () => {
    const told = story().on('2026-01-01', 'site-visited').buys('2026-01-02', 'A');
    const place = { occurredAt: when('2026-01-02'), type: 'order-placed', source: 'shop', id: 'e0002' };
    expect(snapshotKey(told.at('2026-03-01').snapshot)).toEqual(place);
    expect(told.at('2026-03-01').view).toMatchObject({
      firstSeenAt: when('2026-01-01'),
      lastSeenAt: when('2026-01-02'),
    });
    expect(snapshotKey(told.at('2025-12-31').snapshot)).toBeNull();
  });

  it('that holds later events than asked for is refused', () => {
    const told = story().buys('2026-01-02', 'A');
    const { snapshot } = told.at('2026-01-02');
    const from = (asOf: string) => foldCustomer({ events: [], policies: told.policies, asOf: when(asOf), snapshot });
    expect(() => from('2026-01-01')).toThrow(RangeError);
    expect(from('2026-01-02').view?.phase).toBe('onboarding');
  });

  it('gives nothing again by itself', () => {
    const told = story().buys('2026-01-02', 'A');
    const { policies } = told;
    const { snapshot } = told.at('2026-01-02');
    expect(foldCustomer({ events: [], policies, asOf: when('2026-01-03'), snapshot })).toMatchObject({
      ...{ rebooked: [], bookings: [], discrepancies: [], snapshots: [] },
    });
  });

  it('under another policy goes on under the one that is in force', () => {
    const told = story(retail).buys('2026-01-01', 'A');
    expect(goesOn(told, told.policies, '2026-03-01')).toContain('at-risk 2026-04-01');
    expect(goesOn(told, story(patient).policies, '2026-03-01')).toContain('at-risk 2026-05-01');
  });

  it('under another policy computes grace from what that policy had given', () => {
    const told = story(retail)
      .on('2026-01-01', 'subscription-started', { contractId: 'c1' })
      .on('2026-02-01', 'payment-failed', { contractId: 'c1' });
    expect(goesOn(told, told.policies, '2026-02-02')).toEqual(['grace-ends 2026-02-15']);
    // The policy that it was folded under is known, and comes into force a year later.
    const swapped = storyUnder(['2020-01-01', patient], ['2027-01-01', retail]).policies;
    expect(goesOn(told, swapped, '2026-02-02')).toEqual(['grace-ends 2026-03-03']);
  });

  it('fits the policies that put the same version in force at its last event, also before the first event', () => {
    const { policies } = storyUnder(['2020-01-01', retail], ['2026-02-01', patient]);
    const bought = (policy: Policy, day: string) => story(policy).buys(day, 'A').at('2026-06-01').snapshot;
    expect(snapshotFits(bought(retail, '2026-01-01'), policies)).toBe(true);
    expect(snapshotFits(bought(retail, '2026-02-01'), policies)).toBe(false);
    expect(snapshotFits(bought(patient, '2026-02-01'), policies)).toBe(true);
    expect(snapshotFits(story(retail).at('2026-01-01').snapshot, policies)).toBe(true);
    expect(snapshotFits(story(patient).at('2026-01-01').snapshot, policies)).toBe(false);
  });
});
