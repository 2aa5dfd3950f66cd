import { describe, expect, it } from '@jest/globals';
import { BUILT_IN_POLICIES } from '../policy/built-in.js';
import { ladderPlace, type LadderFacts } from './loyalty-ladder.js';

const { ladder } = BUILT_IN_POLICIES.retail;
const place = (facts: Partial<LadderFacts>) =>
  ladderPlace(ladder, { hasIntent: false, orders: 0, satisfaction: null, referralsConverted: 0, ...facts });

describe('the loyalty ladder', () => {
  it('leads from suspect to advocate', () => {
    const rungs = [
      {},
      { hasIntent: true },
      { hasIntent: true, orders: 1 },
      { hasIntent: true, orders: 2 },
      { hasIntent: true, orders: 2, satisfaction: 'satisfied' },
      { hasIntent: true, orders: 2, satisfaction: 'very-satisfied', referralsConverted: 1 },
    ] as const;
    expect(rungs.map((facts) => place(facts).rung)).toEqual([
      'suspect',
      'prospect',
      'customer',
      'client',
      'supporter',
      'advocate',
    ]);
  });

  it('says what is missing to the next rung', () => {
    const { upward } = place({ hasIntent: true, orders: 2, satisfaction: 'neutral' });
    expect(upward?.rung).toBe('supporter');
    expect(upward?.needs.filter(({ isMet }) => !isMet)).toEqual([
      { need: 'satisfaction', wanted: 'satisfied', is: 'neutral', isMet: false },
    ]);
    expect(
      place({ hasIntent: true, orders: 9, satisfaction: 'very-satisfied', referralsConverted: 3 }).upward,
    ).toBeNull();
  });

  it('takes unknown satisfaction for none', () => {
    expect(place({ hasIntent: true, orders: 5 }).rung).toBe('client');
  });

  it('has no rung for those who do not meet the needs of the lowest', () => {
    const strict = [{ rung: 'buyer', needs: { ordersAtLeast: 1 } }];
    const none = ladderPlace(strict, { hasIntent: true, orders: 0, satisfaction: null, referralsConverted: 0 });
    expect(none).toMatchObject({ rung: null, met: [], upward: { rung: 'buyer' } });
  });
});
