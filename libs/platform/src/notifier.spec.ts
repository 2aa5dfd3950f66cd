import { describe, expect, it } from '@jest/globals';
import { Notifier } from './notifier.js';

describe('a bell', () => {
  it('is heard by everybody who listens, at every ring, until they stop', () => {
    const notifier = new Notifier();
    const heard: string[] = [];
    notifier.notify();
    const deaf = notifier.listen(() => heard.push('ann'));
    notifier.listen(() => heard.push('bob'));
    notifier.notify();
    deaf();
    notifier.notify();
    expect(heard).toEqual(['ann', 'bob', 'bob']);
  });
});
