import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from './characters.js';

describe('anyCharacter', () => {
  it('is one character of Unicode, and no half of a pair', () => {
    fc.assert(
      fc.property(anyCharacter, (character) => {
        expect([...character]).toHaveLength(1);
        expect(character.isWellFormed()).toBe(true);
      }),
    );
  });

  it('reaches the ends of both ranges', () => {
    const shrunk = (wanted: string): string => {
      const { counterexample } = fc.check(
        fc.property(anyCharacter, (character) => character.codePointAt(0)! < wanted.codePointAt(0)!),
        { numRuns: 10_000, seed: 1 },
      );
      return counterexample?.[0] ?? 'none';
    };
    expect(shrunk('\ud7ff')).toBe('\ud7ff');
    expect(shrunk('\ue000')).toBe('\ue000');
    expect(shrunk('\u{10f000}')).toBe('\u{10f000}');
  });
});
