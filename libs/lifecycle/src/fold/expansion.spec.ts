import { describe, expect, it } from '@jest/globals';
import { story } from '#testing';

const regular = () =>
  story()
    .buys('2026-01-01', 'A', { amount: 1000, categories: ['books'] })
    .buys('2026-01-11', 'B', { amount: 1000, categories: ['books'] })
    .buys('2026-01-21', 'C', { amount: 1000, categories: ['books'] });

describe('an up-sell', () => {
  it('is two orders in a row, each at least one and a half times the median before the two', () => {
    const told = regular().buys('2026-01-31', 'D', { amount: 1500 });
    expect(told.at('2026-02-01').view?.phase).toBe('active');
    told.buys('2026-02-10', 'E', { amount: 1500 });
    expect(told.stays('2026-02-11').at(-1)).toBe('2026-02-10 expansion·up-sell');
  });

  it('is none by a cent, nor with one of the two below', () => {
    expect(
      regular().buys('2026-01-31', 'D', { amount: 1500 }).buys('2026-02-10', 'E', { amount: 1499 }).at('2026-02-11')
        .view?.phase,
    ).toBe('active');
    expect(
      regular().buys('2026-01-31', 'D', { amount: 1400 }).buys('2026-02-10', 'E', { amount: 9000 }).at('2026-02-11')
        .view?.phase,
    ).toBe('active');
  });

  it('needs three orders before the two', () => {
    const told = story().buys('2026-01-01', 'A', { amount: 1000 }).buys('2026-01-11', 'B', { amount: 1000 });
    told.buys('2026-01-21', 'C', { amount: 9000 }).buys('2026-01-31', 'D', { amount: 9000 });
    expect(told.at('2026-02-01').view?.phase).toBe('active');
  });

  it('takes the mean of the middle two of an even number, to the half cent', () => {
    const told = regular().buys('2026-01-31', 'D', { amount: 1001 }); // median of 1000, 1000, 1000, 1001 is 1000
    told.buys('2026-02-01', 'E', { amount: 1500 }).buys('2026-02-02', 'F', { amount: 1500 });
    expect(told.at('2026-02-03').view?.phase).toBe('up-sell');
  });

  it('needs one currency', () => {
    const told = regular()
      .buys('2026-01-31', 'D', { amount: 9000 })
      .buys('2026-02-10', 'E', { amount: 9000, currency: 'USD' });
    expect(told.at('2026-02-11').view?.phase).toBe('active');
  });

  it('compares orders of one currency only, however many there are', () => {
    const other = regular()
      .buys('2026-01-25', 'X', { amount: 1000 })
      .buys('2026-01-31', 'D', { amount: 9000 })
      .buys('2026-02-10', 'E', { amount: 9000, currency: 'USD' });
    expect(other.at('2026-02-11').view?.phase).toBe('active');
    const few = story()
      .buys('2026-01-01', 'A', { amount: 1000, currency: 'USD' })
      .buys('2026-01-11', 'B', { amount: 1000, currency: 'USD' })
      .buys('2026-01-21', 'C', { amount: 1000 })
      .buys('2026-01-31', 'D', { amount: 9000 })
      .buys('2026-02-10', 'E', { amount: 9000 });
    expect(few.at('2026-02-11').view?.phase).toBe('active');
  });

  it('names the phase before a cross-sell in one event', () => {
    const told = regular()
      .buys('2026-01-31', 'D', { amount: 1500 })
      .buys('2026-02-10', 'E', { amount: 1500, categories: ['wine'] });
    expect(told.at('2026-02-11').view?.phase).toBe('up-sell');
  });
});

describe('an expansion', () => {
  const crossed = () => regular().buys('2026-01-31', 'D', { categories: ['wine'], amount: 1000 });

  it('runs out into active, 180 days after its last signal', () => {
    const told = crossed();
    // Enough orders to keep silence away, none of them a signal.
    for (const month of ['02', '03', '04', '05', '06', '07', '08'])
      for (const day of ['10', '25']) told.buys(`2026-${month}-${day}`, month + day, { amount: 1000 });
    expect(told.stays('2026-08-26').slice(2)).toEqual([
      '2026-01-31 expansion·cross-sell',
      '2026-07-30 retention·active',
    ]);
  });

  it('begins again with each signal, and changes its name with it', () => {
    const told = crossed().buys('2026-02-05', 'E', { amount: 1500 }).buys('2026-02-08', 'F', { amount: 1500 });
    expect(told.stays('2026-02-09').slice(2)).toEqual([
      '2026-01-31 expansion·cross-sell',
      '2026-02-08 expansion·up-sell',
    ]);
    told.buys('2026-02-20', 'G', { categories: ['toys'], amount: 1000 });
    expect(told.stays('2026-02-21').at(-1)).toBe('2026-02-20 expansion·cross-sell');
  });

  it('ends with silence, and a signal brings them back to it: reactivated', () => {
    const told = crossed();
    expect(told.stays('2026-03-03').at(-1)).toBe('2026-03-02 retention·at-risk');
    told.buys('2026-03-05', 'E', { categories: ['toys'] });
    expect(told.stays('2026-03-06').at(-1)).toBe('2026-03-05 expansion·cross-sell');
    expect(told.rules('2026-03-06').at(-1)).toBe('reactivated');
  });
});

describe('advocacy', () => {
  it('is a referral that converted', () => {
    const told = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-10', 'referral-made')
      .on('2026-01-20', 'referral-converted');
    expect(told.stays('2026-01-21')).toEqual(['2026-01-01 retention·onboarding', '2026-01-20 expansion·advocacy']);
  });

  it('is a review of four stars or more with an NPS of nine or ten, whichever comes first', () => {
    const review = { stars: 4 };
    const answer = { kind: 'nps', score: 9 };
    const reviewed = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-02', 'review-posted', review)
      .on('2026-01-03', 'survey-answered', answer);
    const answered = story()
      .buys('2026-01-01', 'A')
      .on('2026-01-02', 'survey-answered', answer)
      .on('2026-01-03', 'review-posted', review);
    for (const told of [reviewed, answered])
      expect(told.stays('2026-01-04').at(-1)).toBe('2026-01-03 expansion·advocacy');
    const lukewarm = story().buys('2026-01-01', 'A').on('2026-01-02', 'survey-answered', { kind: 'nps', score: 8 });
    expect(lukewarm.on('2026-01-03', 'review-posted', { stars: 5 }).at('2026-01-04').view?.phase).toBe('onboarding');
    const satisfied = story().buys('2026-01-01', 'A').on('2026-01-02', 'survey-answered', { kind: 'ces', score: 9 });
    expect(satisfied.on('2026-01-03', 'review-posted', { stars: 5 }).at('2026-01-04').view?.phase).toBe('onboarding');
  });

  it('does not count from at-risk on', () => {
    const told = story().buys('2026-01-01', 'A').on('2026-04-05', 'referral-converted');
    expect(told.stays('2026-04-06').at(-1)).toBe('2026-04-01 retention·at-risk');
  });
});
