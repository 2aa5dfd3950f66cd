import { describe, expect, it } from '@jest/globals';
import { story, when } from '#testing';
import { BUILT_IN_POLICIES, type Policy } from '../index.js';

const { retail } = BUILT_IN_POLICIES;
const silenceOf = (told: ReturnType<typeof story>, asOf: string) => told.at(asOf).view?.silence;

describe('personal rhythm', () => {
  it('needs three distinct purchase days', () => {
    const told = story().buys('2026-01-01 08:00', 'A').buys('2026-01-01 20:00', 'B').buys('2026-01-31', 'C');
    expect(silenceOf(told, '2026-02-01')).toMatchObject({
      rhythmDays: null,
      atRiskDays: 90,
      lapsedDays: 135,
      lostDays: 365,
    });
    told.buys('2026-03-02', 'D');
    expect(silenceOf(told, '2026-03-03')).toMatchObject({
      rhythmDays: 30,
      atRiskDays: 60,
      lapsedDays: 90,
      lostDays: 365,
    });
  });

  it('of an even number of intervals is the mean of the middle two, rounded up', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-01-21', 'B').buys('2026-02-11', 'C'); // 20 and 21 days
    expect(silenceOf(told, '2026-02-12')).toMatchObject({ rhythmDays: 21, atRiskDays: 42, lapsedDays: 63 });
  });

  it('looks at the last twelve intervals', () => {
    const told = story();
    let at = when('2025-01-01');
    const buy = (gap: number) => told.buys(new Date((at += gap * 86_400_000)).toISOString(), `o${told.events.length}`);
    for (let i = 0; i < 14; i += 1) buy(50);
    for (let i = 0; i < 12; i += 1) buy(20);
    expect(silenceOf(told, '2028-01-01')).toMatchObject({ rhythmDays: 20 });
  });

  it('is bounded: at-risk never before 30 days, nor after 180', () => {
    const daily = story().buys('2026-01-01', 'A').buys('2026-01-02', 'B').buys('2026-01-03', 'C');
    expect(silenceOf(daily, '2026-01-04')).toMatchObject({
      rhythmDays: 1,
      atRiskDays: 30,
      lapsedDays: 45,
      lostDays: 365,
    });
    const yearly = story().buys('2023-01-01', 'A').buys('2023-11-01', 'B').buys('2024-09-01', 'C');
    expect(silenceOf(yearly, '2024-09-02')).toMatchObject({
      rhythmDays: 305,
      atRiskDays: 180,
      lapsedDays: 270,
      lostDays: 365,
    });
  });

  it('is that of the business’s days: adding days keeps wall time over a change of the clocks', () => {
    const dutch: Policy = { ...retail, timeZone: 'Europe/Amsterdam' };
    // 10:00 in Amsterdam, in winter 09:00 UTC; ninety days later it is summer and 08:00 UTC.
    const told = story(dutch).buys('2026-01-10 09:00', 'A');
    expect(told.stays('2026-05-01').at(-1)).toBe('2026-04-10T08:00:00Z retention·at-risk');
  });

  it('goes on over cycles: what they were used to is not forgotten when they were lost', () => {
    const told = story().buys('2024-01-01', 'A').buys('2024-01-11', 'B').buys('2026-01-01', 'C');
    expect(silenceOf(told, '2026-01-02')).toMatchObject({ rhythmDays: 366 }); // of 10 and 721 days
  });
});

describe('silence', () => {
  it('goes before the end of the expansion window at one instant', () => {
    const windowed: Policy = { ...retail, expansion: { ...retail.expansion, windowDays: 30 } };
    const told = story(windowed);
    for (const [index, day] of ['01', '02', '03', '04', '05'].entries())
      told.buys(`2026-01-${day}`, day, { amount: index < 3 ? 1000 : 2000 });
    expect(told.stays('2026-02-05')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-01-02 retention·active',
      '2026-01-05 expansion·up-sell',
      '2026-02-04 retention·at-risk', // thirty days after the last purchase, and of the window
    ]);
  });

  it('lets a purchase at the very instant of at-risk come in time', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-04-01', 'B');
    expect(told.stays('2026-04-02')).toEqual(['2026-01-01 retention·onboarding', '2026-04-01 retention·active']);
    // Had silence moved them first, the purchase would have brought them back instead.
    expect(told.rules('2026-04-02')).toEqual(['first-purchase', 'second-purchase']);
  });

  it('lets a purchase at the very instant of lost come in time: no new cycle begins', () => {
    const told = story().buys('2024-01-01', 'A').buys('2024-12-31', 'B');
    expect(told.stays('2025-01-01').at(-1)).toBe('2024-12-31 retention·active');
    expect(told.rules('2025-01-01').at(-1)).toBe('reactivated');
  });

  it('counts a purchase straight from lost as a new cycle, with no stage period in between', () => {
    const told = story().buys('2024-01-01', 'A').buys('2025-03-01', 'B');
    expect(told.stays('2025-03-02').slice(3)).toEqual([
      '2024-12-31 retention·lost',
      '2025-03-01 retention·onboarding (2)',
    ]);
    expect(told.rules('2025-03-02').at(-1)).toBe('win-back');
  });

  it('is as long as what the customer owns lasts, under personal rhythm', () => {
    const lasting: Policy = { ...retail, taxonomy: ['sofas', 'books'], replacementDays: { sofas: 400 } };
    const told = story(lasting)
      .buys('2026-01-01', 'A', { categories: ['sofas'] })
      .buys('2026-01-02', 'B', { categories: ['books'] });
    expect(silenceOf(told, '2026-01-03')).toMatchObject({
      replacementDays: 400,
      atRiskDays: 400,
      lapsedDays: 600,
      lostDays: 800,
    });
    const both: Policy = { ...lasting, taxonomy: ['sofas', 'lamps'], replacementDays: { sofas: 400, lamps: 200 } };
    for (const [first = '', second = ''] of [
      ['sofas', 'lamps'],
      ['lamps', 'sofas'],
    ]) {
      const owned = story(both)
        .buys('2026-01-01', 'A', { categories: [first] })
        .buys('2026-01-02', 'B', { categories: [second] });
      expect(silenceOf(owned, '2026-01-03')).toMatchObject({ replacementDays: 400 });
    }
    told.returns('2026-01-05', 'A');
    expect(silenceOf(told, '2026-01-06')).toMatchObject({ replacementDays: null, atRiskDays: 90 });
  });
});

describe('onboarding', () => {
  it('raises a flag after thirty days without a second order, and changes no stage', () => {
    const told = story().buys('2026-01-01', 'A');
    expect(told.at('2026-01-30 23:59').view).toMatchObject({
      flags: [],
      next: { kind: 'second-order-due', dueAt: when('2026-01-31') },
    });
    expect(told.at('2026-01-31').view).toMatchObject({
      phase: 'onboarding',
      flags: ['second-order-due'],
      next: { kind: 'at-risk' },
    });
    expect(told.stays('2026-03-01')).toHaveLength(1);
  });
});
