import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BUILT_IN_POLICIES } from '../policy/built-in.js';
import { ladderPlace, ladderRung, type LadderFacts } from './loyalty-ladder.js';

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

  it('is the same by its needs and by the rung alone: the highest of which no need is missing', () => {
    const grades = ['very-disappointed', 'disappointed', 'neutral', 'satisfied', 'very-satisfied', null] as const;
    const facts = fc.record({
      hasIntent: fc.boolean(),
      orders: fc.nat(3),
      satisfaction: fc.constantFrom(...grades),
      referralsConverted: fc.nat(2),
    });
    const needs = fc.record(
      {
        intent: fc.constant(true as const),
        ordersAtLeast: fc.integer({ min: 1, max: 3 }),
        satisfactionAtLeast: fc.constantFrom('neutral' as const, 'satisfied' as const, 'very satisfied' as const),
        referralsConvertedAtLeast: fc.integer({ min: 1, max: 2 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(needs, { minLength: 1, maxLength: 5 }), facts, (list, one) => {
        const rungs = list.map((each, at) => ({ rung: `r${at}`, needs: each }));
        const found = ladderPlace(rungs, one);
        expect(ladderRung(rungs, one)).toBe(found.rung);
        expect(found.met.every(({ isMet }) => isMet)).toBe(true);
        // Of each rung above, something is missing.
        for (let at = rungs.findIndex(({ rung }) => rung === found.rung) + 1; at < rungs.length; at += 1)
          expect(ladderPlace(rungs.slice(at, at + 1), one).rung).toBeNull();
      }),
    );
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
