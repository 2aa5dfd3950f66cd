import { describe, expect, it } from '@jest/globals';
import { isFull } from './full-disk.js';

describe('a full disk', () => {
  it.each(['full', 'ENOSPC', '53100'])('is recognised by the code %s', (code) => {
    expect(isFull(Object.assign(new Error('refused'), { code }))).toBe(true);
  });

  it.each([undefined, null, 'full', new Error('full'), { code: 'EACCES' }])('is not the cause of %p', (thrown) => {
    expect(isFull(thrown)).toBe(false);
  });
});
