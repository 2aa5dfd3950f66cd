import { describe, expect, it } from '@jest/globals';
import { wrap } from './wrap.js';

describe('a text that is wrapped', () => {
  const text = 'The customer bought a second time and is active from that instant on.';

  it('fits the width, its other lines being indented', () => {
    expect(wrap(text, 50, 4)).toBe('The customer bought a second time and is\n    active from that instant on.');
  });

  it('stays one line where the width is not known', () => {
    expect(wrap(text, null, 4)).toBe(text);
  });
});
