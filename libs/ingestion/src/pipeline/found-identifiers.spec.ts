import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openSqliteKeyStore, Sealer } from '#keys';
import { foundSubjects } from './found-identifiers.js';
import { Identities } from './identities.js';

const identities = new Identities(new Sealer(openSqliteKeyStore({ file: ':memory:' })));
const subjectOf = (namespace: string, value: string): string => identities.of(namespace, value).subjectId;

describe('identifiers in a body', () => {
  it('are found wherever they stand in a long text, also across the parts in which it is searched', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16_300, max: 16_500 }), fc.integer({ min: 0, max: 3 }), (offset, parts) => {
        const before = ', '.repeat((offset + parts * 16_384) / 2);
        const { subjectIds, whole } = foundSubjects(
          `${before}${offset % 2 === 0 ? '' : ' '}phone: "+4930123456"; end`,
          identities,
        );
        expect(subjectIds).toContain(subjectOf('phone', '+4930123456'));
        expect(whole).toBe(true);
      }),
    );
  });

  it('are found by the name of a field, in pairs, and as addresses', () => {
    const body = { mail: 'jane@shop.example', note: 'tel=+4930123456', text: 'or write to joe@shop.example.' };
    expect(foundSubjects(body, identities).subjectIds).toEqual(
      expect.arrayContaining([
        subjectOf('email', 'jane@shop.example'),
        subjectOf('phone', '+4930123456'),
        subjectOf('email', 'joe@shop.example'),
      ]),
    );
  });
});
