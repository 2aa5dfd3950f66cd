import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { actionsToDo, type Action } from './actions-to-do.js';

const NOW = Date.UTC(2026, 0, 1);
const action = (number: number, kind: Action['kind'], more: Partial<Action> = {}): Action => ({
  ...{ actionId: 'a', customerId: 'c', number, kind, action: 'welcome', purpose: 'marketing', medium: 'email' },
  ...{ stage: 'retention', phase: 'onboarding', validUntil: new Date(NOW + 1_000).toISOString() },
  ...more,
});
const done = (messages: readonly Action[], before: [string, number][] = []) =>
  actionsToDo(messages, new Map(before), NOW).map(({ number }) => number);

describe('the actions to do of the e-mail channel', () => {
  it('are those that were proposed', () => {
    expect(done([action(1, 'proposed')])).toEqual([1]);
  });

  it('are never those that were withdrawn', () => {
    expect(done([action(1, 'proposed'), action(2, 'withdrawn')])).toEqual([]);
    expect(done([action(1, 'proposed'), action(2, 'withdrawn'), action(3, 'proposed')])).toEqual([3]);
  });

  it('are none that it did before, that have expired, or that are for another channel', () => {
    expect(done([action(1, 'proposed')], [['c', 1]])).toEqual([]);
    expect(done([action(1, 'proposed', { validUntil: new Date(NOW).toISOString() })])).toEqual([]);
    expect(done([action(1, 'proposed', { medium: 'letter' })])).toEqual([]);
  });

  it('contain nothing withdrawn, whatever messages come and however often', () => {
    const kinds = fc.array(fc.constantFrom<Action['kind']>('proposed', 'withdrawn'), { maxLength: 20 });
    fc.assert(
      fc.property(kinds, (sequence) => {
        const messages = sequence.map((kind, at) => action(at + 1, kind));
        const expected = sequence.at(-1) === 'proposed' ? 1 : 0;
        expect(done(messages)).toHaveLength(expected);
        expect(done([...messages, ...messages])).toHaveLength(expected);
      }),
    );
  });
});
