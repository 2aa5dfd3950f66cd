import { describe, expect, it } from '@jest/globals';
import { BUILT_IN_POLICIES } from './built-in.js';
import { compile, holds } from './compiled.js';
import type { Comparison, Policy, Signal } from './policy.js';

const { retail } = BUILT_IN_POLICIES;
/** What a touchpoint of one type signals under these signals: the phase of the ladder, and whether it shows intent. */
const signalled = (signals: readonly Signal[], data: Readonly<Record<string, unknown>> = {}) => {
  const policy: Policy = { ...retail, signals: { 'form-sent': signals } };
  const { phase, intent } = compile(policy).signalOf('form-sent', data);
  return [phase, intent];
};

describe('the signal of a touchpoint', () => {
  it('is the furthest of its signals, with the intent of any of them', () => {
    const knowledge: Signal = { phase: 'knowledge', intent: true };
    const consideration: Signal = { phase: 'consideration', intent: true };
    expect(signalled([knowledge, consideration])).toEqual([2, true]);
    expect(signalled([consideration, knowledge])).toEqual([2, true]);
    expect(signalled([knowledge, { phase: 'awareness', intent: false }])).toEqual([1, true]);
  });

  it('goes no further than awareness without intent, and names no phase where the policy names none', () => {
    expect(signalled([{ phase: 'evaluation', intent: false }])).toEqual([0, false]);
    expect(signalled([{ phase: null, intent: true }])).toEqual([-1, true]);
    expect(signalled([{ phase: null, intent: false }])).toEqual([-1, false]);
    expect(signalled([])).toEqual([-1, false]);
    expect(compile(retail).signalOf('of no type that the policy names', {})).toEqual({ phase: -1, intent: false });
  });

  it('counts a signal with conditions only where all of them hold, and one without always', () => {
    const large: Comparison = { field: 'size', op: 'at-least', value: 10 };
    const urgent: Comparison = { field: 'urgent', op: 'equals', value: true };
    const signals: readonly Signal[] = [
      { phase: 'knowledge', intent: true },
      { phase: 'evaluation', intent: true, when: [large, urgent] },
    ];
    expect(signalled(signals, { size: 10, urgent: true })).toEqual([3, true]);
    expect(signalled(signals, { size: 10, urgent: false })).toEqual([1, true]);
    expect(signalled(signals, { size: 9, urgent: true })).toEqual([1, true]);
    expect(signalled([{ phase: 'evaluation', intent: true, when: [large] }], {})).toEqual([-1, false]);
    expect(signalled([{ phase: 'evaluation', intent: true, when: [] }], {})).toEqual([3, true]);
  });
});

describe('a comparison', () => {
  const holdsFor = (op: Comparison['op'], value: Comparison['value'], actuals: readonly unknown[]) =>
    actuals.map((actual) => holds({ field: 'x', op, ...(value === undefined ? {} : { value }) }, { x: actual }));

  it.each([
    ['less', [true, false, false]],
    ['at-most', [true, true, false]],
    ['more', [false, false, true]],
    ['at-least', [false, true, true]],
    ['equals', [false, true, false]],
    ['not-equals', [true, false, true]],
  ] as const)('%s, below, at and above the value', (op, expected) => {
    expect(holdsFor(op, 10, [9, 10, 11])).toEqual(expected);
  });

  it('by size is made of numbers only', () => {
    for (const op of ['less', 'at-most', 'more', 'at-least'] as const) {
      expect(holdsFor(op, 10, ['9', '11', null, undefined, true])).toEqual([false, false, false, false, false]);
      expect(holdsFor(op, '10', [9, 11])).toEqual([false, false]);
    }
  });

  it('with a list holds for its members, and with anything else for nothing', () => {
    expect(holdsFor('one-of', ['a', 1], ['a', 1, 'b', undefined])).toEqual([true, true, false, false]);
    expect(holdsFor('one-of', 'a', ['a'])).toEqual([false]);
  });

  it('finds a field that is there, though it is false or 0, and none that is null or lies within a text or null', () => {
    expect(holdsFor('present', undefined, [false, 0, '', null, undefined])).toEqual([true, true, true, false, false]);
    const within = (x: unknown) => holds({ field: 'x.length', op: 'present' }, { x });
    expect([within('text'), within(null), within(7), within({ length: 1 })]).toEqual([false, false, false, true]);
  });
});

describe('a compiled policy', () => {
  it('gives a treatment with what the policy says, else by e-mail, for marketing, within thirty days', () => {
    const named = { name: 'call', media: ['phone'] };
    const policy = { ...retail, treatments: { retention: { lapsed: 'write', lost: named } } } as unknown as Policy;
    const { treatment } = compile(policy);
    const usual = { purpose: 'marketing', media: ['email'], validDays: 30 };
    expect(treatment('retention', 'lapsed')).toEqual({ ...usual, name: 'write' });
    expect(treatment('retention', 'lost')).toEqual({ ...usual, ...named });
    expect(treatment('retention', 'active')).toBeNull();
  });
});
