import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyedHash } from '../keyed-hash.js';
import { derivedSubjectId, EarlierSubjectIds } from './earlier-subject-ids.js';

const key = (n: number): Buffer => Buffer.alloc(32, n);
const idUnder = (n: number, text: string): string => new KeyedHash(key(n)).hashOf(text).slice(0, 32);

describe('the ids of subjects that were erased under earlier hash keys', () => {
  it('are found from the identifier, through every later key, and for no other subject', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), (people, keys) => {
        // Each was erased under one of the keys before the last, and got a derived id at every change since.
        const derived = new Map(
          people.map((person) => {
            const under = person % keys;
            let id = idUnder(under, `userId\0${person}`);
            for (let n = under + 1; n <= keys; n += 1) id = derivedSubjectId(new KeyedHash(key(n)), id);
            return [person, id] as const;
          }),
        );
        const packed = Buffer.concat([...derived.values()].sort().map((id) => Buffer.from(id, 'hex')));
        const earlier = Buffer.concat(Array.from({ length: keys }, (_, n) => key(n)));
        const ids = new EarlierSubjectIds(earlier, key(keys), packed);
        for (let person = 0; person <= 40; person += 1)
          expect(ids.erasedIdOf(`userId\0${person}`)).toBe(derived.get(person) ?? null);
      }),
    );
  });
});
