import { describe, expect, it } from '@jest/globals';
import { Bell } from './notifier.js';

describe('a bell', () => {
  it('is heard by everybody who listens, at every ring, until they stop', () => {
    const bell = new Bell();
    const heard: string[] = [];
    bell.ring();
    const deaf = bell.listen(() => heard.push('ann'));
    bell.listen(() => heard.push('bob'));
    bell.ring();
    deaf();
    bell.ring();
    expect(heard).toEqual(['ann', 'bob', 'bob']);
  });
});
