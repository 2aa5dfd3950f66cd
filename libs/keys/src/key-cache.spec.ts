import { describe, expect, it } from '@jest/globals';
import { KeyCache } from './key-cache.js';
import { subjectKey } from './subject-key.js';

const id = (n: number): string => n.toString(16).padStart(32, '0');

describe('the cache of a key store', () => {
  it('replaces a destroyed key by its erasure, and tells every listener', () => {
    const cache = new KeyCache();
    const told: (readonly string[])[] = [];
    cache.onDestroyed((ids) => told.push(ids));
    cache.onDestroyed((ids) => told.push(ids));
    const key = subjectKey(id(1), new Uint8Array(32));
    cache.set(id(1), key);
    expect(cache.get(id(1))).toBe(key);
    cache.destroyed([id(1), id(2)]);
    expect([cache.get(id(1)), cache.get(id(2))]).toEqual(['erased', 'erased']);
    expect(told).toEqual([
      [id(1), id(2)],
      [id(1), id(2)],
    ]);
  });

  it('tells nothing of no keys', () => {
    const cache = new KeyCache();
    let told = 0;
    cache.onDestroyed(() => (told += 1));
    cache.destroyed([]);
    expect(told).toBe(0);
  });
});
