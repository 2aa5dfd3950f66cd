import { describe, expect, it } from '@jest/globals';
import { LruCache } from './lru-cache.js';

describe('an LRU cache of two generations', () => {
  it('holds what was set or read recently, and at most twice its size', () => {
    const cache = new LruCache<number, string>(2);
    for (const n of [1, 2, 3]) cache.set(n, String(n));
    expect([1, 2, 3].map((n) => cache.get(n))).toEqual(['1', '2', '3']);
    for (const n of [4, 5, 6, 7, 8]) cache.set(n, String(n));
    expect([1, 2, 3, 4, 5, 6, 7, 8].filter((n) => cache.get(n) !== undefined).length).toBeLessThanOrEqual(4);
    expect(cache.get(8)).toBe('8');
    expect(cache.get(1)).toBeUndefined();
  });

  it('forgets what was deleted, in either generation', () => {
    const cache = new LruCache<number, string>(1);
    cache.set(1, 'one');
    cache.set(2, 'two');
    cache.delete(1);
    expect([cache.get(1), cache.get(2)]).toEqual([undefined, 'two']);
    cache.clear();
    expect(cache.get(2)).toBeUndefined();
  });
});
