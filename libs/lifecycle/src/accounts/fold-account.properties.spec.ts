import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareEvents, foldCustomer, type LifecycleEvent } from '../index.js';
import { DAY, histories, START } from '../testdata/histories.js';
import { accountPolicies, foldAccount, type AccountInput, type AccountMember } from './fold-account.js';
import { isMemberAt, membershipsOf, type MembershipChange } from './memberships.js';

// fast-check prints seed and path of a failure: put them into the second argument to replay it.
const RUNS = { numRuns: 500 };
const END = START + 40 * 365 * DAY;
const ACCOUNT = { source: 'crm', accountId: 'acme' };

/** A change of membership; often at the instant of another one, or of an event. */
const changes = fc.array(
  fc.record({
    day: fc.integer({ min: -5, max: 400 }),
    type: fc.constantFrom('account-joined', 'account-joined', 'account-left'),
    kind: fc.constantFrom(undefined, 'household', 'company'),
    part: fc.constantFrom(undefined, 'buyer', 'user'),
    test: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  }),
  { maxLength: 5 },
);

/** Members with a rich history each, and their changes of membership among its events. */
const inputs: fc.Arbitrary<AccountInput> = fc
  .tuple(fc.array(fc.tuple(histories(12), changes), { minLength: 1, maxLength: 3 }))
  .map(([lives]) => ({
    account: ACCOUNT,
    members: lives.map(([history, moves], member): AccountMember => ({
      customerId: `c${member}`,
      events: [
        ...history.events.map((event) => ({
          ...event,
          id: `${member} ${event.id}`,
          position: member * 100 + event.position,
        })),
        ...moves.map(({ day, type, kind, part, test }, index): LifecycleEvent => ({
          ...{ position: member * 100 + 50 + index, recordedAt: 0, occurredAt: START + day * DAY },
          ...{ source: ACCOUNT.source, id: `m${member} ${index}`, type, channel: 'crm', subjectId: `s${member}`, test },
          data: {
            accountId: ACCOUNT.accountId,
            ...(kind === undefined ? {} : { kind }),
            ...(part === undefined ? {} : { part }),
          },
        })),
      ],
    })),
    policies: lives[0]?.[0].policies ?? { eras: [] },
    asOf: END,
  }));

describe('an account', () => {
  it('is the same whatever the order of its members and of their events', () => {
    const shuffled = inputs.chain((input) =>
      fc.record({
        input: fc.constant(input),
        members: fc
          .tuple(...input.members.map(({ events }) => fc.shuffledSubarray([...events], { minLength: events.length })))
          .map((orders) => input.members.map((member, index) => ({ ...member, events: orders[index] ?? [] })))
          .chain((members) => fc.shuffledSubarray(members, { minLength: members.length })),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ input, members }) => {
        expect(foldAccount({ ...input, members })).toStrictEqual(foldAccount(input));
      }),
      RUNS,
    );
  });

  it('of one member from the beginning stands where the customer stands', () => {
    fc.assert(
      fc.property(histories(15), ({ events, policies }) => {
        const joined: LifecycleEvent = {
          ...{
            position: 0,
            recordedAt: 0,
            occurredAt: events[0]?.occurredAt ?? START,
            source: ACCOUNT.source,
            id: '0',
          },
          ...{
            type: 'account-joined',
            channel: 'crm',
            subjectId: 's',
            test: false,
            data: { accountId: ACCOUNT.accountId },
          },
        };
        const all = [...events, joined];
        const own = foldAccount({ account: ACCOUNT, members: [{ customerId: 'c', events: all }], policies, asOf: END });
        // The event of joining is one of the customer's touchpoints too.
        expect(own.fold).toStrictEqual(
          foldCustomer({ events: [...all].sort(compareEvents), policies: accountPolicies(policies), asOf: END }),
        );
      }),
      RUNS,
    );
  });

  it('tiles time from its first touchpoint on: no gap, no overlap, none of length zero, no two equal neighbours', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { fold, memberships } = foldAccount(input);
        expect(fold.view === null).toBe(memberships.length === 0);
        expect(fold.stagePeriods[0]?.enteredAt).toBe(
          memberships.length === 0 ? undefined : Math.min(...memberships.map(({ joinedAt }) => joinedAt)),
        );
        fold.stagePeriods.forEach((period, index) => {
          const next = fold.stagePeriods[index + 1];
          expect(period.leftAt).toBe(next?.enteredAt ?? null);
          if (next === undefined) return;
          expect(next.enteredAt).toBeGreaterThan(period.enteredAt);
          expect([next.cycle, next.stage, next.phase]).not.toEqual([period.cycle, period.stage, period.phase]);
        });
      }),
      RUNS,
    );
  });

  it('counts a touchpoint once, if its customer is a member then: joined at or before it, and not left since', () => {
    fc.assert(
      fc.property(inputs, ({ members, ...input }) => {
        const { fold, memberships } = foldAccount({ ...input, members });
        const counted = members
          .flatMap(({ customerId, events }) => events.map((event) => ({ customerId, event })))
          .filter(
            ({ customerId, event }) =>
              !event.test &&
              isMemberAt(
                memberships.filter((one) => one.customerId === customerId),
                event.occurredAt,
              ),
          );
        expect(fold.view?.touchpoints ?? 0).toBe(counted.length);
      }),
      RUNS,
    );
  });
});

describe('the stays of a customer in an account', () => {
  it('follow one another without touching themselves, and each instant agrees with the last change before it', () => {
    const places = fc.array(
      fc.record({
        occurredAt: fc.integer({ min: 0, max: 12 }),
        type: fc.constantFrom<'account-joined' | 'account-left'>('account-joined', 'account-left'),
        source: fc.constant('crm'),
        id: fc.integer({ min: 0, max: 99 }).map(String),
        kind: fc.constant(null),
        part: fc.constant(null),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(places, fc.integer({ min: 0, max: 13 }), (moves: readonly MembershipChange[], asOf) => {
        const stays = membershipsOf(moves, asOf);
        stays.forEach(({ joinedAt, leftAt }, index) => {
          expect(leftAt === null || leftAt > joinedAt).toBe(true);
          if (index > 0) expect(joinedAt).toBeGreaterThanOrEqual(stays[index - 1]?.leftAt ?? Infinity);
        });
        for (let at = 0; at <= asOf; at += 1) {
          // At one instant joining comes before leaving: a customer who did both is no member after it.
          const until = moves.filter(({ occurredAt }) => occurredAt <= at);
          const last = Math.max(...until.map(({ occurredAt }) => occurredAt));
          const member =
            until.length > 0 && !until.some(({ occurredAt, type }) => occurredAt === last && type === 'account-left');
          expect([at, isMemberAt(stays, at)]).toEqual([at, member]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
