import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR, type Instant } from '#contracts';
import type { CustomerView } from '../fold/result.js';
import type { LifecycleEvent } from '../model.js';
import type { Condition, Occurrence, SegmentDefinition } from './definition.js';
import type { SegmentFacts } from './leaves.js';
import { memberOf, SegmentSet } from './membership.js';
import { whyText } from './why.js';

const START = Date.UTC(2026, 0, 1);
const day = (days: number): Instant => START + days * DAY;

interface Happened {
  readonly type: string;
  readonly at: Instant;
  readonly source?: string;
  readonly n?: number;
}

const event = ({ type, at, source = 'shop', n = 1 }: Happened, index: number): LifecycleEvent => ({
  ...{ position: index + 1, recordedAt: at, occurredAt: at, source, id: `e${index}`, type },
  ...{ channel: 'web', subjectId: 's', test: false, data: { n } },
});

const VIEW = {
  ...{ stage: 'retention', phase: 'active', cycle: 1, orders: 3, flags: ['win-back'], enteredAt: day(2) },
  revenue: [{ amountMinor: 5_000, currency: 'EUR' }],
  ...{ lastPurchaseAt: day(5), firstPurchaseAt: null, brands: [], contracts: [], consents: [] },
} as unknown as CustomerView;

const definition = (when: Condition, id = 'x'): SegmentDefinition => ({ id, name: id, when });

function factsOf(definitions: readonly SegmentDefinition[], happened: readonly Happened[], view = VIEW): SegmentFacts {
  const events = happened.map(event);
  const byKey = new Map(
    new SegmentSet(definitions).patterns.map((pattern) => [
      pattern.key,
      events
        .filter((each) => pattern.matches(each))
        .map((each) => each.occurredAt)
        .sort((a, b) => a - b),
    ]),
  );
  return { view, restricted: false, happened: (key) => byKey.get(key) ?? [] };
}

const look = (when: Condition, happened: readonly Happened[], at: Instant, view = VIEW, timeZone = 'UTC') =>
  memberOf(definition(when), factsOf([definition(when)], happened, view), { at, timeZone });

describe('membership of a segment', () => {
  const visit = (at: Instant): Happened => ({ type: 'site-visited', at });

  it('given a visit, is left the stated number of days later, at that very instant', () => {
    const when: Condition = { did: 'site-visited', withinDays: 10 };
    expect(look(when, [], day(3))).toEqual({ member: false, nextAt: null });
    expect(look(when, [visit(day(3))], day(3))).toEqual({ member: true, nextAt: day(13) });
    expect(look(when, [visit(day(3))], day(13) - 1)).toEqual({ member: true, nextAt: day(13) });
    expect(look(when, [visit(day(3))], day(13))).toEqual({ member: false, nextAt: null });
  });

  it('given a negation, is entered by the mere passing of time', () => {
    const when: Condition = { not: { did: 'site-visited', withinDays: 10 } };
    expect(look(when, [visit(day(3))], day(5))).toEqual({ member: false, nextAt: day(13) });
    expect(look(when, [visit(day(3))], day(13))).toEqual({ member: true, nextAt: null });
  });

  it('given a number of times from … to …, looks ahead to too few and to no longer too many', () => {
    const when: Condition = { did: 'site-visited', atLeast: 2, atMost: 2, withinDays: 10 };
    const three = [visit(day(1)), visit(day(2)), visit(day(4))];
    expect(look(when, three, day(5))).toEqual({ member: false, nextAt: day(11) });
    expect(look(when, three, day(11))).toEqual({ member: true, nextAt: day(12) });
    expect(look(when, three, day(12))).toEqual({ member: false, nextAt: null });
  });

  it('counts a window in calendar days of the zone: 10 days over the change of the clock are an hour shorter', () => {
    const at = Date.parse('2026-03-25T12:00:00Z');
    const when: Condition = { did: 'site-visited', withinDays: 10 };
    const { nextAt } = look(when, [visit(at)], at, VIEW, 'Europe/Amsterdam');
    expect(nextAt).toBe(Date.parse('2026-04-04T11:00:00Z'));
  });

  it('given a period of days, counts from the first day on, without the day after it', () => {
    const when: Condition = { did: 'site-visited', from: '2026-01-03', until: '2026-01-05' };
    const held = [day(2) - 1, day(2), day(4) - 1, day(4)].map((at) => look(when, [visit(at)], day(90)).member);
    expect(held).toEqual([false, true, true, false]);
    expect(look(when, [visit(day(3))], day(2)).member).toBe(false);
  });

  it('given a sequence, wants each step later than the one before, and near enough', () => {
    const when: Condition = { sequence: [{ did: 'cart-updated' }, { did: 'order-placed', withinDays: 3 }] };
    const cart = (at: Instant): Happened => ({ type: 'cart-updated', at });
    const order = (at: Instant): Happened => ({ type: 'order-placed', at });
    expect(look(when, [cart(day(1)), order(day(3))], day(9)).member).toBe(true);
    expect(look(when, [cart(day(1)), order(day(4))], day(9)).member).toBe(false);
    expect(look(when, [cart(day(3)), order(day(1))], day(9)).member).toBe(false);
    expect(look(when, [cart(day(3)), order(day(3))], day(9)).member).toBe(false);
    expect(look(when, [cart(day(1)), cart(day(5)), order(day(4)), order(day(6))], day(9)).member).toBe(true);
    expect(look({ ...when, withinDays: 5 }, [cart(day(1)), order(day(3))], day(4)).nextAt).toBe(day(8));
  });

  it('given a consent that expires, is left when it does', () => {
    const consents = [
      { purpose: 'marketing', medium: null, given: false, since: 0, cause: { source: 's', id: '1' }, expiresAt: null },
      {
        purpose: 'marketing',
        medium: 'email',
        given: true,
        since: 0,
        cause: { source: 's', id: '2' },
        expiresAt: day(9),
      },
    ];
    const view = { ...VIEW, consents };
    expect(look({ consent: 'marketing' }, [], day(3), view)).toEqual({ member: true, nextAt: day(9) });
    expect(look({ consent: 'marketing', medium: 'sms' }, [], day(3), view).member).toBe(false);
    expect(look({ consent: 'marketing', medium: 'email' }, [], day(9), view).member).toBe(false);
  });

  it('compares figures, and an unknown one meets not-equals alone', () => {
    const held = (when: Condition) => look(when, [], day(9)).member;
    expect(held({ field: 'phase', op: 'one-of', value: ['active', 'onboarding'] })).toBe(true);
    expect(held({ field: 'revenue', op: 'at-least', value: { amountMinor: 5_000, currency: 'EUR' } })).toBe(true);
    expect(held({ field: 'revenue', op: 'more', value: { amountMinor: 0, currency: 'USD' } })).toBe(false);
    expect(held({ field: 'flags', op: 'contains', value: 'win-back' })).toBe(true);
    expect(held({ field: 'brands', op: 'present' })).toBe(false);
    expect(held({ field: 'since', op: 'before', value: '2026-01-04' })).toBe(true);
    expect(held({ field: 'firstPurchaseAt', op: 'older-than-days', value: 1 })).toBe(false);
    expect(held({ field: 'rhythmDays', op: 'not-equals', value: 1 })).toBe(true);
    expect(look({ field: 'lastPurchaseAt', op: 'within-days', value: 30 }, [], day(9)).nextAt).toBe(day(35));
    expect(look({ field: 'lastPurchaseAt', op: 'older-than-days', value: 30 }, [], day(35)).member).toBe(true);
  });

  it('given another segment, follows it, and says why with each of its conditions', () => {
    const inner = definition({ did: 'site-visited', withinDays: 10 }, 'visitors');
    const outer = definition(
      { all: [{ segment: 'visitors' }, { not: { field: 'orders', op: 'less', value: 2 } }] },
      'outer',
    );
    const set = new SegmentSet([outer, inner]);
    const facts = factsOf([outer, inner], [visit(day(3))]);
    const moment = { at: day(4), timeZone: 'UTC' };
    expect(set.membershipsOf(facts, moment).get('outer')).toEqual({ member: true, nextAt: day(13) });
    const why = set.why('outer', facts, moment);
    expect(why === null ? null : whyText(why)).toEqual({
      ...{ condition: 'all of', holds: true, changesAt: '2026-01-14T00:00:00Z' },
      conditions: [
        {
          ...{ condition: 'member of visitors', holds: true, changesAt: '2026-01-14T00:00:00Z' },
          conditions: [
            {
              ...{ condition: 'site-visited at least once within 10 days', holds: true, actual: 1 },
              ...{ changesAt: '2026-01-14T00:00:00Z', conditions: [] },
            },
          ],
        },
        {
          ...{ condition: 'not', holds: true, changesAt: null },
          conditions: [{ condition: 'orders less than 2', holds: false, actual: 3, changesAt: null, conditions: [] }],
        },
      ],
    });
  });
});

/** The same conditions, judged again from all events by the letter of the documentation. */
function naive(when: Condition, happened: readonly Happened[], at: Instant): boolean {
  const matches = ({ did, source, where = [] }: Occurrence, one: Happened) =>
    one.at <= at &&
    (did === '*' || did === one.type) &&
    (source === undefined || source === one.source) &&
    where.every(({ value }) => (one.n ?? 1) >= (value as number));
  const within = (then: Instant, days: number | undefined) => days === undefined || then + days * DAY > at;
  if ('all' in when) return when.all.every((part) => naive(part, happened, at));
  if ('any' in when) return when.any.some((part) => naive(part, happened, at));
  if ('not' in when) return !naive(when.not, happened, at);
  if ('sequence' in when) {
    const chain = (step: number, after: Instant): boolean => {
      const wanted = when.sequence[step];
      if (wanted === undefined) return within(after, when.withinDays);
      return happened.some(
        (one) =>
          matches(wanted, one) &&
          one.at > after &&
          (step === 0 || wanted.withinDays === undefined || after + wanted.withinDays * DAY > one.at) &&
          chain(step + 1, one.at),
      );
    };
    return chain(0, -Infinity);
  }
  if ('did' in when) {
    const { atMost = Infinity, withinDays, from, until } = when;
    const atLeast = when.atLeast ?? (when.atMost === undefined ? 1 : 0);
    const times = happened.filter(
      (one) =>
        matches(when, one) &&
        within(one.at, withinDays) &&
        (from === undefined || one.at >= Date.parse(from)) &&
        (until === undefined || one.at < Date.parse(until)),
    ).length;
    return times >= atLeast && times <= atMost;
  }
  if ('field' in when) {
    const since = (VIEW.lastPurchaseAt ?? 0) + (when.value as number) * DAY > at;
    return (VIEW.lastPurchaseAt ?? 0) <= at && (when.op === 'within-days' ? since : !since);
  }
  throw new Error('Not among the conditions that are made.');
}

const types = fc.constantFrom('site-visited', 'order-placed', 'cart-updated');
const days = fc.integer({ min: 1, max: 30 });
const occurrences = fc.record(
  {
    did: fc.oneof(types, fc.constant('*')),
    source: fc.constantFrom('shop', 'app'),
    where: fc.constant([{ field: 'n', op: 'at-least' as const, value: 2 }]),
  },
  { requiredKeys: ['did'] },
);
const periods = fc.oneof(
  fc.constant({}),
  days.map((withinDays) => ({ withinDays })),
  fc
    .tuple(fc.integer({ min: 1, max: 28 }), fc.integer({ min: 1, max: 28 }))
    .map(([a, b]) => ({ from: `2026-01-${pad(Math.min(a, b))}`, until: `2026-02-${pad(Math.max(a, b))}` })),
);
const times = fc.oneof(
  fc.constant({}),
  fc.record({ atLeast: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ atMost: fc.integer({ min: 0, max: 3 }) }),
  fc
    .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 2, max: 4 }))
    .map(([atLeast, atMost]) => ({ atLeast, atMost })),
);
const behaviours = fc
  .tuple(occurrences, periods, times)
  .map((parts): Condition => Object.assign({}, ...parts) as Condition);
const steps = fc.tuple(
  occurrences,
  fc.oneof(
    fc.constant({}),
    days.map((withinDays) => ({ withinDays })),
  ),
);
const sequences = fc
  .tuple(
    fc.array(steps, { minLength: 2, maxLength: 3 }),
    fc.oneof(
      fc.constant({}),
      days.map((withinDays) => ({ withinDays })),
    ),
  )
  .map(([made, window]): Condition => ({
    sequence: made.map(([occurrence, within], index) => ({ ...occurrence, ...(index === 0 ? {} : within) })),
    ...window,
  }));
const fields = fc
  .record({ op: fc.constantFrom('within-days' as const, 'older-than-days' as const), value: days })
  .map((made): Condition => ({ field: 'lastPurchaseAt', ...made }));
const { condition: conditions } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    behaviours,
    sequences,
    fields,
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all): Condition => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any): Condition => ({ any })),
    tie('condition').map((not): Condition => ({ not })),
  ),
}));
const instants = fc.integer({ min: 0, max: 60 * 24 }).map((hours) => START + hours * HOUR);
const histories = fc.array(
  fc.record({ type: types, at: instants, source: fc.constantFrom('shop', 'app'), n: fc.integer({ min: 1, max: 3 }) }),
  { maxLength: 14 },
);

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

describe('for any condition, any history and any instant', () => {
  it('membership equals the same condition judged again from all events', () => {
    fc.assert(
      fc.property(conditions, histories, instants, (when, happened, at) => {
        expect(look(when, happened, at).member).toBe(naive(when, happened, at));
      }),
      { numRuns: 2_000 },
    );
  });

  it('time alone changes nothing before the instant that is named, and that instant is to come', () => {
    fc.assert(
      fc.property(
        conditions,
        histories,
        instants,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (when, all, at, share) => {
          const happened = all.filter((one) => one.at <= at);
          const { member, nextAt } = look(when, happened, at);
          const end = nextAt ?? at + 400 * DAY;
          expect(end).toBeGreaterThan(at);
          const between = Math.min(end - 1, Math.floor(at + share * (end - at)));
          expect(naive(when, happened, between)).toBe(member);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('the order in which events are given has no effect', () => {
    fc.assert(
      fc.property(conditions, histories, instants, (when, happened, at) => {
        expect(look(when, [...happened].reverse(), at)).toEqual(look(when, happened, at));
      }),
    );
  });
});
