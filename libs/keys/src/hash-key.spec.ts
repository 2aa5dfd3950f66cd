import { describe, expect, it } from '@jest/globals';
import { hashKeyCheckOf, resolveHashKey, type Fact } from './hash-key.js';

const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const recorded =
  (...facts: Fact[]) =>
  (name: string): Uint8Array | undefined =>
    new Map(facts).get(name);

describe('the hash key of a key store', () => {
  it('is a new random one in an empty store, which keeps it', () => {
    const { hashKey, newFacts } = resolveHashKey(recorded(), undefined);
    expect(hashKey).toHaveLength(32);
    expect(newFacts.map(([name]) => name)).toEqual(['version', 'hash-key-check', 'hash-key']);
    expect(resolveHashKey(recorded(...newFacts), undefined)).toEqual({ hashKey, newFacts: [] });
    expect(resolveHashKey(recorded(), undefined).hashKey).not.toEqual(hashKey);
  });

  it('is the given one in an empty store, which keeps only its check', () => {
    const { hashKey, newFacts } = resolveHashKey(recorded(), key(1));
    expect(hashKey).toEqual(key(1));
    expect(newFacts.map(([name]) => name)).toEqual(['version', 'hash-key-check']);
    expect(resolveHashKey(recorded(...newFacts), key(1)).newFacts).toEqual([]);
  });

  it('must be given again where the store keeps none', () => {
    const check: Fact = ['hash-key-check', hashKeyCheckOf(key(1))];
    expect(() => resolveHashKey(recorded(check), undefined)).toThrow(
      expect.objectContaining({ code: 'other-hash-key' }),
    );
    expect(() => resolveHashKey(recorded(check), key(2))).toThrow(expect.objectContaining({ code: 'other-hash-key' }));
  });

  it('is not read from a store of another version', () => {
    expect(() => resolveHashKey(recorded(['version', Uint8Array.of(2)]), key(1))).toThrow(
      expect.objectContaining({ code: 'wrong-version' }),
    );
  });
});
