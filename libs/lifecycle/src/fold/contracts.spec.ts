import { describe, expect, it } from '@jest/globals';
import { instantText, story, type Story } from '#testing';
import { BUILT_IN_POLICIES } from '../index.js';

const [c1, c2] = [{ contractId: 'c1' }, { contractId: 'c2' }];
const subscribed = () => story().on('2026-01-01', 'subscription-started', c1);
/** With a contract whose end, a month ago, did not lose them: they bought three days before it. */
const ended = () => subscribed().buys('2026-01-29', 'A').on('2026-02-01', 'subscription-ended', c1);

/** The contracts at an instant, one line each. */
const contracts = (told: Story, asOf: string): string[] =>
  (told.at(asOf).view?.contracts ?? []).map(
    ({ contractId, status, since }) => `${contractId} ${status} since ${instantText(since)}`,
  );
/** The open deadlines at an instant, one line each. */
const deadlines = (told: Story, asOf: string): string[] =>
  (told.at(asOf).view?.deadlines ?? []).map(({ kind, dueAt }) => `${kind} ${instantText(dueAt)}`);
const lastStay = (told: Story, asOf: string) => told.stays(asOf).at(-1);
const lastCause = (told: Story, asOf: string) => told.at(asOf).stagePeriods.at(-1)?.cause;
/** A reference to the event that the story told at this place, from 1 on. */
const event = (place: number) => [{ source: 'shop', id: `e000${place}` }];

describe('a contract', () => {
  it('in good standing suspends silence', () => {
    expect(subscribed().stays('2030-01-01')).toEqual(['2026-01-01 retention·onboarding']);
    expect(subscribed().at('2030-01-01').view).toMatchObject({ silenceSuspended: true, next: null });
  });

  it('raises the second-order flag all the same', () => {
    expect(subscribed().at('2026-01-30').view?.next).toMatchObject({
      kind: 'second-order-due',
      dueAt: Date.UTC(2026, 0, 31),
    });
    expect(subscribed().at('2026-01-31').view?.flags).toContain('second-order-due');
  });

  it('cancelled puts them at risk at once, and ended loses them at that instant', () => {
    const told = subscribed().on('2028-03-01', 'subscription-cancelled', c1).on('2028-03-31', 'subscription-ended', c1);
    expect(told.stays('2029-01-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2028-03-01 retention·at-risk',
      '2028-03-31 retention·lost',
    ]);
  });

  it('cancelled and running out lets silence count again: what falls due from then on moves them', () => {
    const told = subscribed().on('2026-03-01', 'subscription-cancelled', c1);
    expect(told.stays('2027-06-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-03-01 retention·at-risk',
      '2026-05-16 retention·lapsed',
      '2027-01-01 retention·lost',
    ]);
  });

  it('ended leaves them where silence has them, when they bought lately otherwise', () => {
    const told = subscribed().buys('2026-05-01', 'A').on('2026-06-01', 'subscription-ended', c1);
    expect(told.stays('2026-08-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-05-01 retention·active',
      '2026-07-30 retention·at-risk',
    ]);
  });

  it('ended leaves them where they are, when their first and only order is recent enough', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-02', 'subscription-started', c1)
      .on('2026-02-01', 'subscription-ended', c1);
    expect(lastStay(told, '2026-02-02')).toBe('2026-01-02 retention·active');
  });

  it('ended at the instant at which silence would have lost them is what loses them', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-02', 'subscription-started', c1)
      .on('2027-01-01', 'subscription-ended', c1);
    expect(lastStay(told, '2027-01-02')).toBe('2027-01-01 retention·lost');
    expect(lastCause(told, '2027-01-02')).toMatchObject({ rule: 'contract-ended' });
  });

  it('ended leaves them as long as a pause has postponed what silence does', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-02', 'subscription-started', c1)
      .on('2026-02-01', 'subscription-paused', c1)
      .on('2026-03-03', 'subscription-resumed', c1) // 30 days
      .on('2027-01-15', 'subscription-ended', c1);
    expect(told.stays('2027-03-01').slice(-2)).toEqual(['2027-01-15 retention·lapsed', '2027-02-01 retention·lost']);
  });

  it('paused suspends every deadline, and on resuming each is later by the length of the pause', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-02', 'subscription-started', c1)
      .on('2026-01-10', 'subscription-upgraded', c1)
      .on('2026-02-01', 'subscription-paused', c1);
    expect(told.at('2026-02-02').view).toMatchObject({ deadlines: [], flags: ['contract-paused'] });
    told.on('2026-03-03', 'subscription-resumed', c1); // 30 days
    // 180 days from 10 January are 9 July.
    expect(told.stays('2027-01-01').slice(-2)).toEqual(['2026-01-10 expansion·up-sell', '2026-08-08 retention·active']);
  });

  it('paused and resumed before a deadline began leaves that deadline where it is', () => {
    const told = story()
      .on('2026-01-02', 'subscription-started', c1)
      .on('2026-02-01', 'subscription-paused', c1)
      .on('2026-03-03', 'subscription-resumed', c1)
      .on('2026-04-01', 'subscription-upgraded', c1);
    // 180 days from 1 April are 28 September.
    expect(told.stays('2027-01-01').slice(-2)).toEqual(['2026-04-01 expansion·up-sell', '2026-09-28 retention·active']);
  });

  it('paused while its payment is overdue keeps the days of grace that were left', () => {
    const told = subscribed()
      .on('2026-02-01', 'payment-failed', c1)
      .on('2026-02-05', 'subscription-paused', c1)
      .on('2026-03-05', 'subscription-resumed', c1);
    expect(told.stays('2026-06-01').at(-1)).toBe('2026-03-15 retention·lost');
  });

  it('downgraded ends expansion; renewed leaves one untouched', () => {
    const told = subscribed()
      .on('2026-02-01', 'subscription-upgraded', c1)
      .on('2026-03-01', 'subscription-renewed', c1);
    expect(told.stays('2026-03-02').at(-1)).toBe('2026-02-01 expansion·up-sell');
    told.on('2026-03-05', 'subscription-downgraded', c1);
    expect(told.stays('2026-12-01').at(-1)).toBe('2026-03-05 retention·at-risk');
    expect(told.rules('2026-12-01').at(-1)).toBe('contraction');
  });

  it('ended and renewed is open again: a new cycle begins', () => {
    const told = subscribed().on('2026-02-01', 'subscription-ended', c1).on('2026-03-01', 'subscription-renewed', c1);
    expect(told.stays('2027-01-01').slice(1)).toEqual(['2026-02-01 retention·lost', '2026-03-01 retention·active (2)']);
  });

  it('whose end lost their keeps their lost, though an order is taken back', () => {
    const told = subscribed()
      .buys('2026-01-05', 'A')
      .on('2027-03-01', 'subscription-ended', c1)
      .returns('2027-03-02', 'A');
    expect(told.stays('2027-04-01').slice(-1)).toEqual(['2027-03-01 retention·lost']);
  });
});

describe('a payment', () => {
  it('that names no contract changes no stage', () => {
    const told = story().buys('2026-01-01', 'A').on('2026-01-02', 'payment-failed', { orderId: 'A' });
    expect(told.stays('2026-01-03')).toEqual(['2026-01-01 retention·onboarding']);
  });

  it('made within grace gives back the phase held before, its own window having run on', () => {
    const upgraded = () => subscribed().on('2026-01-10', 'subscription-upgraded', c1);
    const early = upgraded().on('2026-03-01', 'payment-failed', c1).on('2026-03-10', 'payment-succeeded', c1);
    expect(early.stays('2027-01-01').slice(1)).toEqual([
      '2026-01-10 expansion·up-sell',
      '2026-03-01 retention·at-risk',
      '2026-03-10 expansion·up-sell',
      '2026-07-09 retention·active',
    ]);
    const late = upgraded().on('2026-07-05', 'payment-failed', c1).on('2026-07-12', 'payment-succeeded', c1);
    expect(late.stays('2027-01-01').slice(2)).toEqual(['2026-07-05 retention·at-risk', '2026-07-12 retention·active']);
  });

  it('that fails again does not prolong the grace', () => {
    const told = subscribed().on('2026-03-01', 'payment-failed', c1).on('2026-03-14', 'payment-failed', c1);
    expect(told.stays('2026-06-01').at(-1)).toBe('2026-03-15 retention·lost');
  });

  it('at the very instant at which grace ends comes in time: events come before deadlines', () => {
    const told = subscribed().on('2026-03-01', 'payment-failed', c1).on('2026-03-15', 'payment-succeeded', c1);
    expect(told.stays('2026-06-01').at(-1)).toBe('2026-03-15 retention·onboarding');
  });

  it('of one of two overdue contracts is not enough', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', { contractId: 'c2' })
      .on('2026-03-01', 'payment-failed', c1)
      .on('2026-03-02', 'payment-failed', { contractId: 'c2' })
      .on('2026-03-03', 'payment-succeeded', c1);
    expect(told.stays('2026-03-04').at(-1)).toBe('2026-03-01 retention·at-risk');
    told.on('2026-03-05', 'payment-succeeded', { contractId: 'c2' });
    expect(told.stays('2026-03-06').at(-1)).toBe('2026-03-05 retention·active');
  });

  it('says in its cause what waits, and for how long', () => {
    const { view } = subscribed().on('2026-03-01', 'payment-failed', c1).at('2026-03-02');
    expect(view?.cause).toMatchObject({
      rule: 'payment-failed',
      values: { contract: 'c1', grace_days: 14, held: 'onboarding' },
    });
    expect(view?.flags).toContain('payment-overdue');
    expect(instantText(view?.next?.dueAt ?? 0)).toBe('2026-03-15');
  });
});

describe('a contract that starts', () => {
  it('brings them back as a purchase does: from at-risk and lapsed to active, from lost to a new cycle', () => {
    const starts = (day: string) => story().buys('2026-01-01', 'A').on(day, 'subscription-started', c1);
    expect(lastStay(starts('2026-04-10'), '2026-04-11')).toBe('2026-04-10 retention·active');
    expect(lastCause(starts('2026-04-10'), '2026-04-11')).toMatchObject({
      ...{ rule: 'reactivated', events: event(2), values: { from: 'at-risk' } },
    });
    expect(lastCause(starts('2026-06-10'), '2026-06-11')).toMatchObject({ values: { from: 'lapsed' } });
    expect(lastStay(starts('2027-02-10'), '2027-02-11')).toBe('2027-02-10 retention·onboarding (2)');
    const visited = story().on('2026-01-01', 'site-visited').on('2026-01-02', 'subscription-started', c1);
    expect(visited.stays('2026-01-03')).toEqual([
      '2026-01-01 acquisition·awareness',
      '2026-01-02 retention·onboarding',
    ]);
  });

  it('counts once while it is open, and again once it has ended', () => {
    const twice = subscribed().on('2026-01-20', 'subscription-started', c1);
    expect(lastStay(twice, '2026-01-21')).toBe('2026-01-01 retention·onboarding');
    expect(contracts(twice, '2026-01-21')).toEqual(['c1 good since 2026-01-01']);
    const again = subscribed().on('2026-02-01', 'subscription-ended', c1).on('2026-03-01', 'subscription-started', c1);
    expect(lastStay(again, '2026-03-02')).toBe('2026-03-01 retention·onboarding (2)');
    expect(again.at('2026-03-02').view?.contracts).toMatchObject([
      { status: 'good', startedAt: Date.UTC(2026, 2, 1), since: Date.UTC(2026, 2, 1) },
    ]);
  });
});

describe('an upgrade', () => {
  const upgrades = (story: Story, day: string, contract = c1) => story.on(day, 'subscription-upgraded', contract);

  it('is up-sell, and makes a contract known whose start was never seen', () => {
    const told = upgrades(story().buys('2026-01-01', 'A'), '2026-01-10');
    expect(lastCause(told, '2026-01-11')).toMatchObject({
      ...{ rule: 'up-sell', events: event(2), values: { signal: 'up-sell', contract: 'c1', window_days: 180 } },
    });
    expect(contracts(told, '2026-01-11')).toEqual(['c1 good since 2026-01-10']);
    expect(told.at('2026-01-11').view?.silenceSuspended).toBe(true);
  });

  it('of a contract that is running out keeps it, and brings them back from at-risk and lapsed', () => {
    const cancelled = () => subscribed().on('2026-03-01', 'subscription-cancelled', c1);
    for (const day of ['2026-03-10', '2026-06-01']) {
      const told = upgrades(cancelled(), day);
      expect(told.stays('2026-06-02').at(-1)).toBe(`${day} expansion·up-sell`);
      expect(lastCause(told, '2026-06-02')).toMatchObject({ rule: 'reactivated', events: event(3) });
      expect(contracts(told, '2026-06-02')).toEqual([`c1 good since ${day}`]);
    }
  });

  it('of a contract that is paused or overdue leaves it so', () => {
    const paused = upgrades(subscribed().on('2026-02-01', 'subscription-paused', c1), '2026-02-10');
    expect(lastStay(paused, '2026-02-11')).toBe('2026-02-10 expansion·up-sell');
    expect(contracts(paused, '2026-02-11')).toEqual(['c1 paused since 2026-02-01']);
    const overdue = upgrades(subscribed().on('2026-02-01', 'payment-failed', c1), '2026-02-03');
    expect(contracts(overdue, '2026-02-04')).toEqual(['c1 payment-overdue since 2026-02-01']);
    expect(overdue.stays('2026-03-01').slice(1)).toEqual([
      '2026-02-01 retention·at-risk',
      '2026-02-03 expansion·up-sell',
      '2026-02-15 retention·lost',
    ]);
  });

  it('is no expansion in acquisition, from lost, or of a contract that has ended', () => {
    expect(upgrades(story(), '2026-01-01').stays('2026-01-02')).toEqual(['2026-01-01 acquisition·awareness']);
    const visited = upgrades(story().on('2026-01-01', 'site-visited'), '2026-01-02');
    expect(visited.stays('2026-01-03')).toEqual(['2026-01-01 acquisition·awareness']);
    // Bought and lost in the first cycle; the second has no purchase yet.
    const back = upgrades(story().buys('2025-01-01', 'A').on('2026-02-01', 'site-visited'), '2026-02-02');
    expect(lastStay(back, '2026-02-03')).toBe('2026-02-01 acquisition·awareness (2)');
    const lost = upgrades(subscribed().on('2026-02-01', 'subscription-ended', c1), '2026-02-10', c2);
    expect(lastStay(lost, '2026-02-11')).toBe('2026-02-10 acquisition·awareness (2)');
    const told = upgrades(ended(), '2026-02-10');
    expect(lastStay(told, '2026-02-11')).toBe('2026-01-29 retention·active');
    expect(contracts(told, '2026-02-11')).toEqual(['c1 ended since 2026-02-01']);
  });

  it('stands when an order is taken back: it has no orders of its own', () => {
    const told = upgrades(subscribed().buys('2026-01-05', 'A'), '2026-01-10').cancels('2026-01-20', 'A');
    expect(lastStay(told, '2026-01-21')).toBe('2026-01-10 expansion·up-sell');
  });
});

describe('a downgrade', () => {
  const downgrades = (story: Story, day: string, contract = c1) => story.on(day, 'subscription-downgraded', contract);

  it('puts them at risk, and makes a contract known whose start was never seen', () => {
    const told = downgrades(story().buys('2026-01-01', 'A'), '2026-01-10');
    expect(lastStay(told, '2026-01-11')).toBe('2026-01-10 retention·at-risk');
    expect(lastCause(told, '2026-01-11')).toMatchObject({
      ...{ rule: 'contraction', events: event(2), values: { contract: 'c1' } },
    });
    expect(contracts(told, '2026-01-11')).toEqual(['c1 good since 2026-01-10']);
  });

  it('leaves the contract as it was: overdue, paused, running out', () => {
    const overdue = downgrades(subscribed().on('2026-02-01', 'payment-failed', c1), '2026-02-03');
    expect(deadlines(overdue, '2026-02-04')).toEqual(['grace-ends 2026-02-15']);
    const paused = downgrades(subscribed().on('2026-02-01', 'subscription-paused', c1), '2026-02-03');
    expect(contracts(paused, '2026-02-04')).toEqual(['c1 paused since 2026-02-01']);
    const cancelled = downgrades(subscribed().on('2026-02-01', 'subscription-cancelled', c1), '2026-02-03');
    expect(contracts(cancelled, '2026-02-04')).toEqual(['c1 running-out since 2026-02-01']);
  });

  it('ends the signals of expansion: none of them stands when an order is taken back', () => {
    const told = downgrades(
      subscribed().buys('2026-01-05', 'A').on('2026-01-10', 'subscription-upgraded', c1),
      '2026-01-15',
    ).cancels('2026-01-20', 'A');
    expect(lastStay(told, '2026-01-21')).toBe('2026-01-20 retention·onboarding');
  });

  it('ends an expansion held through grace too: a payment does not give it back', () => {
    const overdue = subscribed().on('2026-01-10', 'subscription-upgraded', c1).on('2026-02-01', 'payment-failed', c1);
    const told = downgrades(overdue, '2026-02-03').on('2026-02-05', 'payment-succeeded', c1);
    expect(lastStay(told, '2026-02-06')).toBe('2026-02-01 retention·at-risk');
    expect(contracts(told, '2026-02-06')).toEqual(['c1 good since 2026-02-05']);
  });

  it('of a contract that has ended changes nothing', () => {
    expect(lastStay(downgrades(ended(), '2026-02-10'), '2026-02-11')).toBe('2026-01-29 retention·active');
  });
});

describe('a customer', () => {
  it.each(['subscription-downgraded', 'subscription-cancelled'])(
    'in acquisition, lapsed or lost stays there after a %s',
    (type) => {
      const visited = story().on('2026-01-01', 'site-visited').on('2026-01-02', type, c1);
      expect(lastStay(visited, '2026-01-03')).toBe('2026-01-01 acquisition·awareness');
      const bought = (day: string) => story().buys('2026-01-01', 'A').on(day, type, c1);
      expect(lastStay(bought('2026-05-20'), '2026-05-21')).toBe('2026-05-16 retention·lapsed');
      expect(lastStay(bought('2027-01-20'), '2027-01-21')).toBe('2027-01-01 retention·lost');
    },
  );
});

describe('a pause', () => {
  const upgraded = () => subscribed().on('2026-01-10', 'subscription-upgraded', c1);

  it('lasts from the first of several events of one contract to its resuming', () => {
    const told = upgraded().on('2026-02-01', 'subscription-paused', c1).on('2026-02-10', 'subscription-paused', c1);
    expect(contracts(told, '2026-02-11')).toEqual(['c1 paused since 2026-02-01']);
    told.on('2026-03-03', 'subscription-resumed', c1);
    expect(deadlines(told, '2026-03-04')).toEqual(['expansion-ends 2026-08-08']);
  });

  it('of two contracts lasts from the first pause to the last resuming', () => {
    const told = upgraded()
      .on('2026-01-11', 'subscription-paused', c2)
      .on('2026-01-12', 'subscription-resumed', c2)
      .on('2026-02-01', 'subscription-paused', c1)
      .on('2026-02-11', 'subscription-paused', c2)
      .on('2026-02-21', 'subscription-resumed', c1);
    expect(contracts(told, '2026-02-22')).toEqual(['c1 good since 2026-02-21', 'c2 paused since 2026-02-11']);
    expect(deadlines(told, '2026-02-22')).toEqual([]);
    told.on('2026-03-03', 'subscription-resumed', c2);
    // A day and thirty days after 9 July.
    expect(deadlines(told, '2026-03-04')).toEqual(['expansion-ends 2026-08-09']);
  });

  it.each([
    ['subscription-renewed', 'c1 good since 2026-03-03', ['expansion-ends 2026-08-08']],
    // Thirty days after 16 May and 1 January.
    ['subscription-cancelled', 'c1 running-out since 2026-03-03', ['lapsed 2026-06-15', 'lost 2027-01-31']],
    ['subscription-ended', 'c1 ended since 2026-03-03', []],
  ])('ends with %s', (type, contract, open) => {
    const told = upgraded().on('2026-02-01', 'subscription-paused', c1).on('2026-03-03', type, c1);
    expect(contracts(told, '2026-03-04')).toEqual([contract]);
    expect(deadlines(told, '2026-03-04')).toEqual(open);
    expect(told.at('2026-03-04').view?.flags).not.toContain('contract-paused');
  });

  it('of a contract that is running out suspends silence, and afterwards it is running out again', () => {
    const told = subscribed()
      .on('2026-03-01', 'subscription-cancelled', c1)
      .on('2026-03-10', 'subscription-paused', c1);
    expect(told.at('2026-03-11').view).toMatchObject({ silenceSuspended: true, deadlines: [] });
    told.on('2026-03-20', 'subscription-resumed', c1);
    expect(contracts(told, '2026-03-21')).toEqual(['c1 running-out since 2026-03-20']);
    expect(told.at('2026-03-21').view?.silenceSuspended).toBe(false);
    expect(lastStay(told, '2026-06-01')).toBe('2026-05-26 retention·lapsed');
  });

  it('makes a contract known whose start was never seen, and leaves the customer where they are', () => {
    const told = story().buys('2026-01-01', 'A').on('2026-02-01', 'subscription-paused', c1);
    expect(contracts(told, '2026-02-02')).toEqual(['c1 paused since 2026-02-01']);
    expect(told.at('2026-02-02').view).toMatchObject({ silenceSuspended: true, deadlines: [] });
    expect(told.stays('2027-06-01')).toEqual(['2026-01-01 retention·onboarding']);
    told.on('2026-03-03', 'subscription-resumed', c1);
    expect(contracts(told, '2026-03-04')).toEqual(['c1 good since 2026-03-03']);
  });

  it('of a contract that has ended changes nothing', () => {
    const told = ended().on('2026-02-10', 'subscription-paused', c1);
    expect(contracts(told, '2026-02-11')).toEqual(['c1 ended since 2026-02-01']);
    expect(told.at('2026-02-11').view).toMatchObject({ silenceSuspended: false, flags: [] });
  });

  it('of one contract suspends the grace of no other', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-02-01', 'payment-failed', c2)
      .on('2026-02-05', 'subscription-paused', c1);
    expect(deadlines(told, '2026-02-06')).toEqual(['grace-ends 2026-02-15']);
    expect(contracts(told, '2026-02-16')).toEqual(['c1 paused since 2026-02-05', 'c2 ended-unpaid since 2026-02-15']);
    expect(lastStay(told, '2027-06-01')).toBe('2026-02-01 retention·at-risk');
  });

  it('of an overdue contract can be paid for: they are back in the phase before, and no grace is left', () => {
    const told = subscribed()
      .on('2026-02-01', 'payment-failed', c1)
      .on('2026-02-05', 'subscription-paused', c1)
      .on('2026-02-10', 'payment-succeeded', c1);
    expect(lastStay(told, '2026-02-11')).toBe('2026-02-10 retention·onboarding');
    expect(contracts(told, '2026-02-11')).toEqual(['c1 paused since 2026-02-05']);
    told.on('2026-03-05', 'subscription-resumed', c1);
    expect(contracts(told, '2026-03-06')).toEqual(['c1 good since 2026-03-05']);
    expect(lastStay(told, '2027-06-01')).toBe('2026-02-10 retention·onboarding');
  });
});

describe('a contract that is resumed', () => {
  it('without a pause stays in good standing, overdue or ended', () => {
    const resumed = (told: Story) => contracts(told.on('2026-02-10', 'subscription-resumed', c1), '2026-02-11');
    expect(resumed(subscribed())).toEqual(['c1 good since 2026-01-01']);
    expect(resumed(subscribed().on('2026-02-01', 'payment-failed', c1))).toEqual([
      'c1 payment-overdue since 2026-02-01',
    ]);
    expect(resumed(ended())).toEqual(['c1 ended since 2026-02-01']);
  });

  it('is in good standing when it was running out, or its start was never seen', () => {
    const cancelled = subscribed()
      .on('2026-02-01', 'subscription-cancelled', c1)
      .on('2026-02-10', 'subscription-resumed', c1);
    expect(contracts(cancelled, '2026-02-11')).toEqual(['c1 good since 2026-02-10']);
    expect(cancelled.at('2026-02-11').view?.silenceSuspended).toBe(true);
    const unseen = story().buys('2026-01-01', 'A').on('2026-02-10', 'subscription-resumed', c1);
    expect(contracts(unseen, '2026-02-11')).toEqual(['c1 good since 2026-02-10']);
  });
});

describe('a cancellation', () => {
  it('says in its cause which contract it was, seen before or not', () => {
    const values = { rule: 'contract-cancelled', events: event(2), values: { contract: 'c1' } };
    const told = subscribed().on('2026-02-01', 'subscription-cancelled', c1);
    expect(lastCause(told, '2026-02-02')).toMatchObject(values);
    const unseen = story().buys('2026-01-01', 'A').on('2026-02-01', 'subscription-cancelled', c1);
    expect(lastCause(unseen, '2026-02-02')).toMatchObject(values);
    expect(contracts(unseen, '2026-02-02')).toEqual(['c1 running-out since 2026-02-01']);
  });

  it('counts once, and never after the end', () => {
    const twice = subscribed()
      .on('2026-02-01', 'subscription-cancelled', c1)
      .buys('2026-02-05', 'A')
      .on('2026-02-10', 'subscription-cancelled', c1);
    expect(lastStay(twice, '2026-02-11')).toBe('2026-02-05 retention·active');
    expect(contracts(twice, '2026-02-11')).toEqual(['c1 running-out since 2026-02-01']);
    const told = ended().on('2026-02-10', 'subscription-cancelled', c1);
    expect(lastStay(told, '2026-02-11')).toBe('2026-01-29 retention·active');
    expect(contracts(told, '2026-02-11')).toEqual(['c1 ended since 2026-02-01']);
  });

  it('of one of two contracts puts them at risk, and silence stays suspended by the other', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-02-01', 'subscription-cancelled', c1);
    expect(told.at('2026-02-02').view).toMatchObject({ phase: 'at-risk', silenceSuspended: true, deadlines: [] });
    expect(lastStay(told, '2030-01-01')).toBe('2026-02-01 retention·at-risk');
  });
});

describe('the end of a contract', () => {
  it('says in its cause what was compared', () => {
    const told = subscribed().on('2026-02-01', 'subscription-ended', c1);
    expect(lastCause(told, '2026-02-02')).toMatchObject({
      ...{ rule: 'contract-ended', events: event(2) },
      values: { contract: 'c1', other_contracts_open: 0, bought_within_silence: false },
    });
    expect(lastCause(told, '2026-02-02')).not.toHaveProperty('deadline');
  });

  it('does not lose them while another contract is open, were it only running out', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-02-01', 'subscription-cancelled', c2)
      .on('2026-03-01', 'subscription-ended', c1);
    expect(told.at('2026-03-02').view).toMatchObject({ phase: 'at-risk', silenceSuspended: false });
    // 135 days after 2 January.
    expect(lastStay(told, '2026-05-30')).toBe('2026-05-17 retention·lapsed');
    told.on('2026-06-01', 'subscription-ended', c2);
    expect(lastStay(told, '2026-06-02')).toBe('2026-06-01 retention·lost');
  });

  it('counts an order as a purchase, also one that bears the id of the contract', () => {
    const told = subscribed().buys('2026-01-05', 'c1').on('2026-02-01', 'subscription-ended', c1);
    expect(lastStay(told, '2026-02-02')).toBe('2026-01-05 retention·active');
  });

  it('counts once, and leaves a customer in acquisition there', () => {
    const told = ended().on('2026-02-10', 'subscription-ended', c1);
    expect(contracts(told, '2026-02-11')).toEqual(['c1 ended since 2026-02-01']);
    expect(story().on('2026-01-01', 'subscription-ended', c1).stays('2026-01-02')).toEqual([
      '2026-01-01 acquisition·awareness',
    ]);
    const visited = story().on('2026-01-01', 'site-visited').on('2026-01-02', 'subscription-ended', c1);
    expect(visited.stays('2026-01-03')).toEqual(['2026-01-01 acquisition·awareness']);
  });

  it('keeps its lost where the purchases that are left would still make them lapsed', () => {
    const told = story()
      .buys('2025-12-01', 'A')
      .on('2026-01-01', 'subscription-started', c1)
      .on('2026-12-15', 'subscription-ended', c1)
      .returns('2026-12-20', 'A');
    expect(told.stays('2026-12-21').slice(-2)).toEqual(['2026-01-01 retention·active', '2026-12-15 retention·lost']);
  });
});

describe('a contract that is renewed', () => {
  const renewed = (told: Story, day: string) => told.on(day, 'subscription-renewed', c1);

  it('makes them active, from onboarding, at-risk and lapsed', () => {
    const told = renewed(subscribed(), '2026-02-01');
    expect(lastStay(told, '2026-02-02')).toBe('2026-02-01 retention·active');
    expect(lastCause(told, '2026-02-02')).toMatchObject({
      ...{ rule: 'renewed', events: event(2), values: { contract: 'c1' } },
    });
    const cancelled = () => subscribed().on('2026-03-01', 'subscription-cancelled', c1);
    for (const day of ['2026-03-10', '2026-06-01']) {
      expect(lastStay(renewed(cancelled(), day), '2026-06-02')).toBe(`${day} retention·active`);
      expect(contracts(renewed(cancelled(), day), '2026-06-02')).toEqual([`c1 good since ${day}`]);
    }
    const overdue = renewed(subscribed().on('2026-02-01', 'payment-failed', c1), '2026-02-05');
    expect(lastStay(overdue, '2027-01-01')).toBe('2026-02-05 retention·active');
    expect(contracts(overdue, '2027-01-01')).toEqual(['c1 good since 2026-02-05']);
  });

  it('after its end opens a cycle as a purchase does, and counts as one of it', () => {
    const told = renewed(subscribed().on('2026-02-01', 'subscription-ended', c1), '2026-03-01');
    expect(lastCause(told, '2026-03-02')).toMatchObject({
      ...{ rule: 'renewed', events: event(3), values: { contract: 'c1', cycle: 2 } },
    });
    expect(told.at('2026-03-02').view).toMatchObject({
      ...{ flags: ['win-back'], lastPurchaseAt: Date.UTC(2026, 2, 1), silenceSuspended: true },
      silence: { lastPurchaseAt: Date.UTC(2026, 2, 1) },
    });
    told.buys('2026-03-05', 'A', { categories: ['toys'] }).cancels('2026-03-06', 'A');
    expect(lastStay(told, '2026-03-07')).toBe('2026-03-06 retention·onboarding (2)');
  });

  it('makes a customer active whose history begins with it', () => {
    expect(renewed(story(), '2026-03-01').stays('2027-06-01')).toEqual(['2026-03-01 retention·active']);
    expect(renewed(story(), '2026-03-01').at('2026-03-02').view?.cycle).toBe(1);
  });

  it('while another is running out makes them active, in the same cycle', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-02-01', 'subscription-cancelled', c2)
      .on('2026-02-10', 'subscription-ended', c1);
    expect(lastStay(renewed(told, '2026-03-01'), '2026-03-02')).toBe('2026-03-01 retention·active');
    expect(contracts(told, '2026-03-02')).toEqual(['c1 good since 2026-03-01', 'c2 running-out since 2026-02-01']);
    // It is no purchase: the customer was not lost.
    expect(lastCause(told, '2026-03-02')?.values).toEqual({ contract: 'c1' });
    expect(told.at('2026-03-02').view?.lastPurchaseAt).toBe(Date.UTC(2026, 0, 2));
  });

  it('of a contract whose end was not seen leaves a visitor in acquisition', () => {
    const visited = () => story().on('2026-01-01', 'site-visited');
    expect(renewed(visited(), '2026-02-01').stays('2026-02-02')).toEqual(['2026-01-01 acquisition·awareness']);
    const open = visited().on('2026-01-02', 'subscription-resumed', c1);
    expect(renewed(open, '2026-02-01').stays('2026-02-02')).toEqual(['2026-01-01 acquisition·awareness']);
  });

  it('after its end opens no further cycle, where a visit opened one', () => {
    const told = subscribed().on('2026-02-01', 'subscription-ended', c1).on('2026-02-10', 'site-visited');
    expect(renewed(told, '2026-03-01').stays('2026-03-02').slice(-2)).toEqual([
      '2026-02-10 acquisition·awareness (2)',
      '2026-03-01 retention·active (2)',
    ]);
  });
});

describe('grace', () => {
  it('that is over says in its cause which deadline it was, and what was compared', () => {
    const told = subscribed().on('2026-02-01', 'payment-failed', c1);
    expect(lastCause(told, '2026-02-14')).toMatchObject({ rule: 'payment-failed', events: event(2) });
    expect(lastCause(told, '2026-02-16')).toMatchObject({
      ...{ rule: 'grace-over', events: [] },
      deadline: { kind: 'grace-ends', dueAt: Date.UTC(2026, 1, 15), since: Date.UTC(2026, 1, 1) },
      values: { contract: 'c1', other_contracts_open: 0, bought_within_silence: false },
    });
    expect(contracts(told, '2026-02-16')).toEqual(['c1 ended-unpaid since 2026-02-15']);
  });

  it('that is over leaves them where silence has them, when they bought lately otherwise', () => {
    const told = subscribed().buys('2026-02-01', 'A').on('2026-08-01', 'payment-failed', c1);
    // Lapsed since 16 June, had silence not been suspended.
    expect(told.stays('2027-03-01').slice(-3)).toEqual([
      '2026-08-01 retention·at-risk',
      '2026-08-15 retention·lapsed',
      '2027-02-01 retention·lost',
    ]);
  });

  it('that is over while another contract is running out: what fell due before it does not move them', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-08-01', 'subscription-cancelled', c2)
      .on('2026-08-02', 'subscription-renewed', c1)
      .on('2026-09-01', 'payment-failed', c1);
    expect(told.stays('2027-02-01').slice(-2)).toEqual(['2026-09-01 retention·at-risk', '2027-01-02 retention·lost']);
  });

  it('that is over in acquisition leaves them there, and paid after it they are active', () => {
    const told = story()
      .on('2026-01-01', 'site-visited')
      .on('2026-01-02', 'subscription-resumed', c1)
      .on('2026-01-05', 'payment-failed', c1);
    expect(contracts(told, '2026-01-20')).toEqual(['c1 ended-unpaid since 2026-01-19']);
    expect(told.stays('2026-01-20')).toEqual(['2026-01-01 acquisition·awareness']);
    told.on('2026-01-25', 'payment-succeeded', c1);
    expect(lastStay(told, '2026-01-26')).toBe('2026-01-25 retention·active');
  });
});

describe('an event that changes no contract', () => {
  it('does not shield what silence owes: a reversal after it moves them by the overdue deadlines', () => {
    const told = subscribed()
      .on('2026-03-01', 'subscription-cancelled', c1)
      .buys('2026-03-20', 'A')
      .on('2026-06-01', 'payment-succeeded', c1)
      .cancels('2026-06-02', 'A');
    // Counted from 1 January they were lapsed on 16 May, after the cancellation let silence count again.
    expect(lastStay(told, '2026-06-03')).toBe('2026-06-02 retention·lapsed');
  });
});

describe('a pause', () => {
  it('of a contract that has ended, or that waits already, changes nothing', () => {
    expect(contracts(ended().on('2026-02-05', 'subscription-paused', c1), '2026-02-06')).toEqual([
      'c1 ended since 2026-02-01',
    ]);
    const twice = subscribed()
      .on('2026-02-01', 'payment-failed', c1)
      .on('2026-02-03', 'subscription-paused', c1)
      .on('2026-02-05', 'subscription-paused', c1)
      .on('2026-02-08', 'subscription-resumed', c1);
    // Five of the fourteen days of grace waited.
    expect(deadlines(twice, '2026-02-09')).toEqual(['grace-ends 2026-02-20']);
  });

  it('of a cancelled contract ends where it was: a payment in the meantime does not undo the cancellation', () => {
    const told = subscribed()
      .on('2026-02-01', 'subscription-cancelled', c1)
      .on('2026-02-03', 'subscription-paused', c1)
      .on('2026-02-05', 'payment-succeeded', c1)
      .on('2026-02-08', 'subscription-resumed', c1);
    expect(contracts(told, '2026-02-09')).toEqual(['c1 running-out since 2026-02-08']);
  });
});

describe('a payment after grace', () => {
  const unpaid = () => subscribed().on('2026-02-01', 'payment-failed', c1);
  const pays = (told: Story, day: string) => told.on(day, 'payment-succeeded', c1);

  it('opens the contract again, and a new cycle with it', () => {
    const told = pays(unpaid(), '2026-03-01');
    expect(told.stays('2027-06-01').slice(-2)).toEqual([
      '2026-02-15 retention·lost',
      '2026-03-01 retention·active (2)',
    ]);
    expect(lastCause(told, '2026-03-02')).toMatchObject({
      ...{ rule: 'contract-reopened', events: event(3), values: { contract: 'c1', cycle: 2 } },
    });
    expect(contracts(told, '2026-03-02')).toEqual(['c1 good since 2026-03-01']);
  });

  it('opens no further cycle, where a visit opened one', () => {
    const told = pays(unpaid().on('2026-02-20', 'site-visited'), '2026-03-01');
    expect(lastStay(told, '2026-03-02')).toBe('2026-03-01 retention·active (2)');
  });

  it('makes those active who were not lost, from at-risk and lapsed, in the same cycle', () => {
    for (const day of ['2026-05-10', '2026-07-20']) {
      const told = pays(subscribed().buys('2026-03-01', 'A').on('2026-04-01', 'payment-failed', c1), day);
      expect(lastStay(told, '2026-07-21')).toBe(`${day} retention·active`);
      expect(lastCause(told, '2026-07-21')).toMatchObject({
        ...{ rule: 'contract-reopened', events: event(4), values: { contract: 'c1' } },
      });
    }
  });

  it('leaves an expansion untouched', () => {
    const told = unpaid().on('2026-02-02', 'subscription-started', c2).on('2026-03-01', 'subscription-upgraded', c2);
    expect(lastStay(pays(told, '2026-03-05'), '2026-03-06')).toBe('2026-03-01 expansion·up-sell');
    expect(contracts(told, '2026-03-06')).toEqual(['c1 good since 2026-03-05', 'c2 good since 2026-02-02']);
  });
});

describe('a payment within grace', () => {
  it('says in its cause which phase came back', () => {
    const told = subscribed().on('2026-02-01', 'payment-failed', c1).on('2026-02-03', 'payment-succeeded', c1);
    expect(lastCause(told, '2026-02-04')).toMatchObject({
      ...{ rule: 'payment-succeeded', events: event(3), values: { contract: 'c1', held: 'onboarding' } },
    });
  });

  it('gives back an expansion whose window a pause has made longer', () => {
    const told = subscribed()
      .on('2026-01-10', 'subscription-upgraded', c1)
      .on('2026-02-01', 'subscription-paused', c1)
      .on('2026-03-03', 'subscription-resumed', c1)
      .on('2026-07-20', 'payment-failed', c1)
      .on('2026-07-25', 'payment-succeeded', c1);
    expect(told.stays('2027-01-01').slice(-2)).toEqual(['2026-07-25 expansion·up-sell', '2026-08-08 retention·active']);
  });

  it('gives back active where the window of the expansion ran out meanwhile, and is itself the cause', () => {
    const told = subscribed()
      .on('2026-01-10', 'subscription-upgraded', c1)
      .on('2026-07-05', 'payment-failed', c1)
      .on('2026-07-12', 'payment-succeeded', c1);
    expect(lastCause(told, '2026-07-13')).toMatchObject({
      ...{ rule: 'payment-succeeded', events: event(4), values: { contract: 'c1', held: 'up-sell' } },
    });
  });

  it('at the very instant at which the window ends gives back active: the window is over', () => {
    const told = subscribed()
      .on('2026-01-10', 'subscription-upgraded', c1)
      .on('2026-07-05', 'payment-failed', c1)
      .on('2026-07-09', 'payment-succeeded', c1);
    expect(lastStay(told, '2026-07-10')).toBe('2026-07-09 retention·active');
    expect(lastCause(told, '2026-07-10')).toMatchObject({ rule: 'payment-succeeded', values: { held: 'up-sell' } });
  });

  it('changes no contract in good standing, and none that is running out or has ended', () => {
    const paid = (told: Story) => contracts(told.on('2026-02-10', 'payment-succeeded', c1), '2026-02-11');
    expect(paid(subscribed())).toEqual(['c1 good since 2026-01-01']);
    expect(paid(subscribed().on('2026-02-01', 'subscription-cancelled', c1))).toEqual([
      'c1 running-out since 2026-02-01',
    ]);
    expect(paid(ended())).toEqual(['c1 ended since 2026-02-01']);
  });

  it('of one of two overdue contracts is not enough, though the other is paused', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-02-01', 'payment-failed', c1)
      .on('2026-02-02', 'payment-failed', c2)
      .on('2026-02-03', 'subscription-paused', c2)
      .on('2026-02-04', 'payment-succeeded', c1);
    expect(lastStay(told, '2026-02-05')).toBe('2026-02-01 retention·at-risk');
    told.on('2026-02-06', 'payment-succeeded', c2);
    expect(lastStay(told, '2026-02-07')).toBe('2026-02-06 retention·active');
  });

  it('of a paused contract in good standing does not pay for another', () => {
    const told = subscribed()
      .on('2026-01-02', 'subscription-started', c2)
      .on('2026-02-01', 'payment-failed', c2)
      .on('2026-02-05', 'subscription-paused', c1)
      .on('2026-02-05', 'subscription-paused', c2)
      .on('2026-02-10', 'payment-succeeded', c1);
    expect(lastStay(told, '2026-02-11')).toBe('2026-02-01 retention·at-risk');
  });
});

describe('an order taken back', () => {
  it('leaves them at risk while a contract is unpaid; a payment gives the phase that their purchases give', () => {
    const told = subscribed().buys('2026-01-05', 'A').on('2026-02-01', 'payment-failed', c1).cancels('2026-02-03', 'A');
    expect(lastStay(told, '2026-02-04')).toBe('2026-02-01 retention·at-risk');
    told.on('2026-02-05', 'payment-succeeded', c1);
    expect(lastStay(told, '2026-02-06')).toBe('2026-02-05 retention·onboarding');
  });

  it('brings back a customer who was lost by the end of a contract, once another contract is open', () => {
    const told = subscribed()
      .buys('2026-01-05', 'A')
      .on('2027-03-01', 'subscription-ended', c1)
      .on('2027-03-02', 'subscription-downgraded', c2)
      .returns('2027-03-03', 'A');
    expect(lastStay(told, '2027-03-04')).toBe('2027-03-03 retention·onboarding');
  });

  it('that had brought them back puts them at risk again, for a contract that was paused unpaid', () => {
    const told = subscribed()
      .on('2026-02-01', 'payment-failed', c1)
      .on('2026-02-02', 'subscription-paused', c1)
      .buys('2026-02-03', 'A')
      .cancels('2026-02-04', 'A');
    expect(told.stays('2026-02-05').slice(-2)).toEqual(['2026-02-03 retention·active', '2026-02-04 retention·at-risk']);
    told.on('2026-02-06', 'payment-succeeded', c1);
    expect(lastStay(told, '2026-02-07')).toBe('2026-02-06 retention·onboarding');
  });

  it('that had brought them back puts them at risk again, for a contract that is unpaid', () => {
    const told = subscribed().on('2026-02-01', 'payment-failed', c1).buys('2026-02-02', 'A').cancels('2026-02-03', 'A');
    expect(lastStay(told, '2026-02-04')).toBe('2026-02-03 retention·at-risk');
    expect(lastCause(told, '2026-02-04')).toMatchObject({
      ...{ rule: 'payment-failed', events: event(4), values: { contract: 'c1', grace_days: 14, held: 'onboarding' } },
    });
  });

  it('that had brought them back puts them at risk again, for a cancelled contract with no other in force', () => {
    const cancelled = (told: Story) =>
      told.on('2026-02-01', 'subscription-cancelled', c1).buys('2026-02-02', 'A').cancels('2026-02-03', 'A');
    const alone = cancelled(subscribed());
    expect(lastStay(alone, '2026-02-04')).toBe('2026-02-03 retention·at-risk');
    expect(lastCause(alone, '2026-02-04')).toMatchObject({
      ...{ rule: 'contract-cancelled', events: event(4), values: { contract: 'c1' } },
    });
    const another = cancelled(
      story().on('2026-01-01', 'subscription-started', c1).on('2026-01-02', 'subscription-started', c2),
    );
    expect(lastStay(another, '2026-02-04')).toBe('2026-02-02 retention·active');
  });

  it('puts them at risk again for the contract that is cancelled, not for one that has ended', () => {
    const told = ended()
      .on('2026-02-05', 'subscription-cancelled', c2)
      .buys('2026-02-06', 'B')
      .cancels('2026-02-07', 'B');
    expect(lastCause(told, '2026-02-08')).toMatchObject({ rule: 'contract-cancelled', values: { contract: 'c2' } });
  });

  it('leaves them where their purchases place them, when the contract is paid', () => {
    const told = subscribed().buys('2026-02-02', 'A').cancels('2026-02-03', 'A');
    expect(lastStay(told, '2026-02-04')).toBe('2026-02-03 retention·onboarding');
  });

  it('brings a customer back from lost when silence had lost them, not the end of a contract', () => {
    const { silence } = BUILT_IN_POLICIES.retail;
    if (silence.mode === 'seasonal') throw new Error('The built-in retail counts silence by rhythm.');
    // Bought weekly: at risk after 30 days, lost after 100. Without that rhythm: at risk after 90, lost after 180.
    const told = story({ ...BUILT_IN_POLICIES.retail, silence: { ...silence, lostDays: 100 } })
      .buys('2026-01-01', 'A')
      .buys('2026-01-08', 'B')
      .buys('2026-01-15', 'C')
      .returns('2026-05-01', 'C');
    expect(told.stays('2026-05-02').slice(-2)).toEqual(['2026-04-25 retention·lost', '2026-05-01 retention·at-risk']);
  });
});
