import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { KeyedHash } from './keyed-hash.js';

describe('a keyed hash', () => {
  it('is the HMAC-SHA256 of any text under any key, byte for byte: the ids in the log depend on it', () => {
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 200 }),
      // Lone surrogates too, and texts on both sides of the length that is hashed in place.
      fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 50 }),
      fc.nat({ max: 1_100 }).map((length) => 'é'.repeat(length)),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.array(texts, { minLength: 1 }),
        (key, several) => {
          const keyed = new KeyedHash(key);
          for (const text of several)
            expect(keyed.hashOf(text)).toBe(createHmac('sha256', key).update(text, 'utf8').digest('hex'));
        },
      ),
    );
  });
});
