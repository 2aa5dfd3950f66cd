import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instantText, story, storyUnder, when, type Story } from '#testing';
import {
  BUILT_IN_POLICIES,
  compareEvents,
  explain,
  foldCustomer,
  policyTimeline,
  retentionDue,
  type PersonRetentionRule,
  type Policy,
  type RetentionRule,
} from '../index.js';
import { DAY, histories, START } from '../testdata/histories.js';

const { retail } = BUILT_IN_POLICIES;
const keeping = (rule: Partial<PersonRetentionRule>, policy: Partial<Policy> = {}): Policy => ({
  ...retail,
  ...policy,
  retention: [{ what: 'person', after: 'P3Y', since: 'last-contact', ...rule }],
});
/** `due, erased`, as of an instant. */
const dueOf = (told: Story, asOf: string): string | null => {
  const retention = told.at(asOf).view?.retention ?? null;
  return retention === null ? null : `${instantText(retention.dueAt)}, ${instantText(retention.graceEndsAt)}`;
};
const THREE_YEARS = keeping({});

describe('a person is due', () => {
  it('three years after their last contact, and erased thirty days later', () => {
    const told = story(THREE_YEARS).buys('2023-01-10', 'A');
    expect(dueOf(told, '2023-02-01')).toBe('2026-01-10, 2026-02-09');
  });

  it('by the calendar of the policy’s zone', () => {
    const berlin = keeping({ after: 'P6M', grace: 'P1M' }, { timeZone: 'Europe/Berlin' });
    // 09:00 in Berlin is 08:00 UTC in winter and 07:00 UTC in summer.
    expect(dueOf(story(berlin).on('2023-01-31 08:00', 'site-visited'), '2023-02-01')).toBe(
      '2023-07-31T07:00:00Z, 2023-08-31T07:00:00Z',
    );
  });

  it('again later with each event of their own, and not with what they were sent', () => {
    const told = story(THREE_YEARS)
      .buys('2023-01-10', 'A')
      .on('2024-05-01', 'message-delivered')
      .on('2024-05-02', 'message-opened')
      .on('2024-05-03', 'ad-viewed');
    expect(dueOf(told, '2024-06-01')).toBe('2026-01-10, 2026-02-09');
    expect(dueOf(told.on('2024-06-01', 'message-clicked'), '2024-06-02')).toBe('2027-06-01, 2027-07-01');
    // The business does not know of a type of its own who acts: then time begins again.
    expect(dueOf(told.on('2024-07-01', 'custom-thing'), '2024-07-02')).toBe('2027-07-01, 2027-07-31');
  });

  it('not by test traffic', () => {
    const told = story(THREE_YEARS).on('2023-01-10', 'site-visited').on('2024-01-10', 'site-visited', {}, true);
    expect(dueOf(told, '2024-02-01')).toBe('2026-01-10, 2026-02-09');
  });

  it('since their last purchase that was not taken back', () => {
    const rule = keeping({ since: 'last-purchase' });
    expect(dueOf(story(rule).on('2023-01-10', 'site-visited'), '2023-02-01')).toBeNull();
    const told = story(rule).buys('2023-01-10', 'A').buys('2023-03-10', 'B').cancels('2023-03-11', 'B');
    expect(dueOf(told, '2023-04-01')).toBe('2026-01-10, 2026-02-09');
  });

  it('since the end of the relationship: the last contract’s, or the last purchase', () => {
    const contract = { contractId: 'c1', currency: 'EUR', amountMinor: 1_000 };
    const told = story(keeping({ since: 'end-of-relationship' }))
      .buys('2022-01-10', 'A')
      .on('2023-01-10', 'subscription-started', contract);
    expect(dueOf(told, '2023-02-01')).toBeNull();
    told.on('2024-01-10', 'subscription-ended', contract);
    expect(dueOf(told, '2024-02-01')).toBe('2027-01-10, 2027-02-09');
    expect(dueOf(told.buys('2024-05-10', 'B'), '2024-06-01')).toBe('2027-05-10, 2027-06-09');
  });

  it('not while a contract is open, where the rule says so, and at its end at the earliest', () => {
    const contract = { contractId: 'c1', currency: 'EUR', amountMinor: 1_000 };
    const told = story(keeping({ after: 'P1Y', unless: ['open-contract'] }))
      .on('2023-01-10', 'subscription-started', contract)
      .on('2023-02-01', 'payment-failed', contract);
    expect(dueOf(told, '2023-02-10')).toBeNull();
    // Fourteen days of grace of the contract are over: by the clock, without an event.
    expect(dueOf(told, '2023-02-16')).toBe('2024-01-10, 2024-02-09');
    const long = story(keeping({ after: 'P1Y', unless: ['open-contract'] }))
      .on('2023-01-10', 'subscription-started', contract)
      .on('2025-03-01', 'subscription-ended', contract);
    expect(dueOf(long, '2025-03-02')).toBe('2025-03-01, 2025-03-31');
  });

  it('by the rule under which they are erased first', () => {
    const policy: Policy = {
      ...retail,
      retention: [
        { what: 'person', after: 'P10Y', since: 'last-purchase' },
        { what: 'openings', after: 'P1Y' },
        { what: 'person', after: 'P3Y', since: 'last-contact', grace: 'P60D' },
      ],
    };
    const told = story(policy).buys('2023-01-10', 'A');
    expect(told.at('2023-02-01').view?.retention).toMatchObject({ since: 'last-contact', grace: 'P60D' });
  });
});

describe('a rule holds from its publication', () => {
  const told = (...policies: readonly (readonly [string, Policy])[]): Story =>
    storyUnder(...policies).buys('2015-01-10', 'A');

  it('so that no one is erased before it was in force and grace is over', () => {
    expect(dueOf(told(['2014-01-01', retail], ['2026-03-01', THREE_YEARS]), '2026-03-02')).toBe(
      '2026-03-01, 2026-03-31',
    );
  });

  it('even where it is the first policy, which counts for all of the past, or restates the past', () => {
    expect(dueOf(told(['2026-03-01', THREE_YEARS]), '2026-03-02')).toBe('2026-03-01, 2026-03-31');
    const restated = policyTimeline([
      { version: 'retail@1', policy: retail, effectiveFrom: -Infinity, recordedAt: when('2014-01-01') },
      {
        ...{ version: 'retail@2', policy: THREE_YEARS, effectiveFrom: -Infinity },
        ...{ recordedAt: when('2026-03-01'), restates: true },
      },
    ]);
    const events = told(['2014-01-01', retail]).events;
    const { view } = foldCustomer({ events, policies: restated, asOf: when('2026-03-02') });
    expect(view?.retention?.dueAt).toBe(when('2026-03-01'));
  });

  it('and goes on where a later policy leaves it as it is', () => {
    const later: Policy = { ...THREE_YEARS, version: 2, acquisition: { coldAfterDays: 10 } };
    const policies = [
      ['2014-01-01', retail],
      ['2026-03-01', THREE_YEARS],
      ['2026-03-20', later],
    ] as const;
    expect(dueOf(told(...policies), '2026-03-21')).toBe('2026-03-01, 2026-03-31');
    expect(dueOf(told(...policies, ['2026-03-25', keeping({ after: 'P2Y' }, { version: 3 })]), '2026-03-26')).toBe(
      '2026-03-25, 2026-04-24',
    );
    expect(dueOf(told(...policies, ['2026-03-25', { ...retail, version: 3 }]), '2026-03-26')).toBeNull();
  });
});

describe('grace', () => {
  const told = (): Story => story(THREE_YEARS).buys('2023-01-10', 'A');
  const deadlines = (asOf: string): string[] =>
    (told().at(asOf).view?.deadlines ?? [])
      .filter(({ kind }) => kind.startsWith('retention'))
      .map(({ kind, dueAt, since }) => `${kind} ${instantText(dueAt)} since ${instantText(since)}`);
  const actions = (story: Story, asOf: string) => story.at(asOf).view?.actions ?? [];

  it('is a deadline like any other', () => {
    expect(deadlines('2026-01-09')).toEqual(['retention-due 2026-01-10 since 2023-01-10']);
    expect(deadlines('2026-01-10')).toEqual(['retention-ends 2026-02-09 since 2026-01-10']);
    expect(deadlines('2026-02-09')).toEqual([]);
  });

  it('calls for an action that tells the customer, without a consent, until it is over', () => {
    const action = {
      ...{ treatment: 'retention-due', purpose: 'retention', medium: 'email' },
      ...{ since: when('2026-01-10'), validUntil: when('2026-02-09') },
    };
    expect(actions(told(), '2026-01-09')).toEqual([]);
    expect(actions(told(), '2026-01-10')).toEqual([action]);
    expect(actions(told(), '2026-02-09')).toEqual([]);
    const letters = story(keeping({ media: ['letter', 'email'] })).buys('2023-01-10', 'A');
    expect(actions(letters, '2026-01-10').map(({ medium }) => medium)).toEqual(['letter', 'email']);
  });

  it('ends with a contact of the customer', () => {
    const back = told().on('2026-01-20', 'site-visited');
    expect(actions(back, '2026-01-19')).toHaveLength(1);
    expect(actions(back, '2026-01-20')).toEqual([]);
    expect(dueOf(back, '2026-01-20')).toBe('2029-01-20, 2029-02-19');
  });

  it('is explained', () => {
    const { view, stagePeriods } = told().at('2026-01-10');
    if (view === null) throw new Error('The customer is known.');
    const { sentences, actions: explained, retention } = explain({ view, stagePeriods, timeZone: 'UTC' });
    expect(retention).toEqual(view.retention);
    expect(explained).toMatchObject([{ because: 'retention-due', consent: null }]);
    expect(sentences).toContain(
      'retail@1 keeps the data for P3Y from the last contact (2023-01-10T00:00:00Z): grace of P30D begins on 2026-01-10T00:00:00Z; unless the customer comes back, they are erased on 2026-02-09T00:00:00Z.',
    );
    expect(sentences).toContain(
      'Next action: retention-due by email, until 2026-02-09T00:00:00Z; it needs no consent.',
    );
  });
});

describe('the due instant', () => {
  const rules = fc.array(
    fc.record<PersonRetentionRule>({
      what: fc.constant('person'),
      after: fc.constantFrom('P1D', 'P30D', 'P6M', 'P3Y'),
      since: fc.constantFrom('last-contact', 'last-purchase', 'end-of-relationship'),
      unless: fc.subarray(['open-contract', 'hold'] as const),
      grace: fc.constantFrom('P1D', 'P30D'),
    }),
    { minLength: 1, maxLength: 2 },
  );
  const published = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.oneof(rules, fc.constant([] as RetentionRule[]))), {
      minLength: 1,
      maxLength: 4,
    })
    .map((all) =>
      all.map(([days, retention], index) => ({
        ...{ version: `p@${index + 1}`, effectiveFrom: index === 0 ? -Infinity : START + days * DAY },
        ...{ recordedAt: START + days * DAY, policy: { ...retail, retention, timeZone: 'Europe/Berlin' } },
      })),
    );
  const cases = published.chain((policies) =>
    fc.record({
      policies: fc.constant(policies),
      history: histories(10, fc.constant(policyTimeline(policies))),
      split: fc.integer({ min: 0, max: 10 }),
    }),
  );
  const END = START + 5 * 365 * DAY;

  it('follows from what the events came to, on top of a snapshot as well, and never from before a rule was published and in force', () => {
    fc.assert(
      fc.property(cases, ({ policies, history: { events, policies: timeline }, split }) => {
        const { view } = foldCustomer({ events, policies: timeline, asOf: END });
        const sorted = [...events].sort(compareEvents);
        const before = foldCustomer({ events: sorted.slice(0, split), policies: timeline, asOf: END });
        const { snapshot } = before;
        const resumed = foldCustomer({ events: sorted.slice(split), policies: timeline, asOf: END, snapshot });
        expect(resumed.view?.retention).toEqual(view?.retention);
        if (view === null || view.retention === null) return;
        const last = timeline.eras.at(-1);
        if (last === undefined) throw new Error('There is an era.');
        const { personRules, version, policy } = last;
        const { timeZone } = policy;
        expect(retentionDue(view, personRules, { timeZone, version })).toEqual(view.retention);
        const { dueAt, ruleSince, startedAt, graceEndsAt } = view.retention;
        expect(dueAt).toBeGreaterThanOrEqual(Math.max(ruleSince, startedAt));
        expect(graceEndsAt).toBeGreaterThan(dueAt);
        expect(policies.some(({ recordedAt }) => recordedAt <= ruleSince)).toBe(true);
        expect(ruleSince).toBeGreaterThanOrEqual(Math.min(...policies.map(({ recordedAt }) => recordedAt)));
      }),
      { numRuns: 400 },
    );
  });

  it('brings the erasure later, or never, with each further contact', () => {
    const dates = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rules, dates, (retention, days) => {
        const policies = policyTimeline([
          { version: 'p@1', policy: { ...retail, retention }, effectiveFrom: -Infinity, recordedAt: START },
        ]);
        const erasedAfter = (contacts: readonly number[]): number => {
          const lastContactAt = START + Math.max(...contacts) * DAY;
          const facts = { lastContactAt, lastPurchaseAt: START, contracts: [] };
          const [era] = policies.eras;
          return (
            retentionDue(facts, era?.personRules ?? [], { timeZone: 'UTC', version: 'p@1' })?.graceEndsAt ?? Infinity
          );
        };
        const [first = 0] = days;
        expect(erasedAfter(days)).toBeGreaterThanOrEqual(erasedAfter([first]));
      }),
      { numRuns: 300 },
    );
  });
});
