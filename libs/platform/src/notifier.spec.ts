import { describe, expect, it } from '@jest/globals';
import { Notifier } from './notifier.js';

describe('a notifier', () => {
  it('calls every listener at every notification, until the listener is removed', () => {
    const notifier = new Notifier();
    const calls: string[] = [];
    notifier.notify();
    const remove = notifier.listen(() => calls.push('first'));
    notifier.listen(() => calls.push('second'));
    notifier.notify();
    remove();
    notifier.notify();
    expect(calls).toEqual(['first', 'second', 'second']);
  });
});
