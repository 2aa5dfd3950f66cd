import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Story, when } from '#testing';
import { compareEvents } from '../event-order.js';
import { figureNamed } from '../figures/registry.js';
import { RateTable } from '../figures/rates.js';
import type { LifecycleEvent } from '../model.js';
import { policyAt } from '../policy/timeline.js';
import { foldCustomer } from './fold-customer.js';

const relationAt = (story: Story, at: string) => story.at(at).view?.relation;

describe('the relationship that the fold keeps', () => {
  it('knows satisfaction for 360 days after the newest answer, to the day', () => {
    const story = new Story().on('2026-01-01', 'survey-answered', { kind: 'nps', score: 9 });
    const knownUntil = when('2026-12-28');
    expect(relationAt(story, '2026-12-27')).toMatchObject({ satisfaction: 0.9, grade: 'very-satisfied', knownUntil });
    const before = { satisfaction: 0.9, grade: 'very-satisfied', until: knownUntil };
    expect(relationAt(story, '2026-12-28')).toMatchObject({
      satisfaction: null,
      grade: null,
      knownUntil: null,
      before,
    });
  });

  it('counts complaints and cases until they are resolved, and referrals once', () => {
    const story = new Story()
      .on('2026-01-01', 'complaint-made', { caseId: 'a' })
      .on('2026-01-02', 'case-opened', { caseId: 'a' })
      .on('2026-01-03', 'case-opened', { caseId: 'b' })
      .on('2026-01-04', 'referral-converted', { referralId: 'r' })
      .on('2026-01-05', 'referral-converted', { referralId: 'r' })
      .on('2026-01-06', 'case-resolved', { caseId: 'a' });
    expect(relationAt(story, '2026-01-05')).toMatchObject({ openComplaints: 1, openCases: 2, referralsConverted: 1 });
    expect(relationAt(story, '2026-01-06')).toMatchObject({ openComplaints: 0, openCases: 1 });
  });

  it('is what the figures say that are computed from all events, at every instant, also on top of a snapshot', () => {
    const step = fc.record({
      day: fc.integer({ min: 0, max: 500 }),
      what: fc.constantFrom<[string, object]>(
        ['survey-answered', { kind: 'nps', score: 3 }],
        ['survey-answered', { kind: 'csat', score: 5 }],
        ['review-posted', { stars: 4 }],
        ['complaint-made', { caseId: 'a' }],
        ['complaint-made', {}],
        ['case-opened', { caseId: 'b' }],
        ['case-resolved', { caseId: 'a' }],
        ['referral-made', {}],
        ['referral-converted', { referralId: 'r' }],
        ['order-placed', { orderId: 'o', totalMinor: 100, currency: 'EUR' }],
        ['site-visited', {}],
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.integer({ min: 0, max: 900 }), (steps, after) => {
        const story = new Story();
        for (const { day, what } of steps) story.on(dayAfter(day), what[0], { ...what[1] });
        const events = [...story.events].sort(compareEvents);
        const asOf = when(dayAfter(after));
        const { policies } = story;
        const { view, bookings } = foldCustomer({ events, policies, asOf });
        if (view === null) return;
        const { policy } = policyAt(policies, asOf);
        const input = { view, bookings, events, policy, rates: new RateTable(), asOf };
        const figure = (name: string) => {
          const [amount] = figureNamed(name)?.valueOf(input).amounts ?? [];
          return amount?.number ?? amount?.text ?? null;
        };
        const { relation } = view;
        expect({
          satisfaction: relation.satisfaction,
          'satisfaction-grade': relation.grade,
          'open-cases': relation.openCases,
          'referrals-made': relation.referralsMade,
          'referrals-converted': relation.referralsConverted,
          'loyalty-ladder': relation.rung,
        }).toEqual(
          Object.fromEntries(
            [
              ...['satisfaction', 'satisfaction-grade', 'open-cases', 'referrals-made', 'referrals-converted'],
              'loyalty-ladder',
            ].map((name) => [name, figure(name)]),
          ),
        );
        const known = events.filter(({ occurredAt }) => occurredAt <= asOf);
        const half = known.length >> 1;
        expect(onTop(known.slice(0, half), known.slice(half), story, asOf)).toEqual(relation);
      }),
    );
  });
});

const dayAfter = (day: number): string => new Date(when('2026-01-01') + day * 86_400_000).toISOString();

function onTop(first: readonly LifecycleEvent[], then: readonly LifecycleEvent[], story: Story, asOf: number) {
  const { policies } = story;
  const last = first.at(-1);
  const { snapshot } = foldCustomer({ events: first, policies, asOf: last?.occurredAt ?? -Infinity });
  const stored = JSON.parse(JSON.stringify(snapshot)) as typeof snapshot;
  return foldCustomer({ events: then, policies, asOf, snapshot: last === undefined ? null : stored }).view?.relation;
}
