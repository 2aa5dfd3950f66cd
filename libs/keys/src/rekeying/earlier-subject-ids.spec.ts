import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EarlierSubjectIds, derivedSubjectId } from './earlier-subject-ids.js';
import { KeyedHash } from '../keyed-hash.js';

const key = (n: number): Buffer => Buffer.alloc(32, n);
const nameUnder = (n: number, text: string): string => new KeyedHash(key(n)).hashOf(text).slice(0, 32);

describe('the names of those who were erased under earlier hash keys', () => {
  it('are found from the identifier, through every key since, and for nobody else', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), (people, keys) => {
        // Each was erased under one of the keys before the last, and was renamed at every change since.
        const renamed = new Map(
          people.map((person) => {
            const under = person % keys;
            let name = nameUnder(under, `userId\0${person}`);
            for (let n = under + 1; n <= keys; n += 1) name = derivedSubjectId(new KeyedHash(key(n)), name);
            return [person, name] as const;
          }),
        );
        const packed = Buffer.concat([...renamed.values()].sort().map((name) => Buffer.from(name, 'hex')));
        const earlier = Buffer.concat(Array.from({ length: keys }, (_, n) => key(n)));
        const names = new EarlierSubjectIds(earlier, key(keys), packed);
        for (let person = 0; person <= 40; person += 1)
          expect(names.nameOf(`userId\0${person}`)).toBe(renamed.get(person) ?? null);
      }),
    );
  });
});
