import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { readCursor, writeCursor } from './cursor.js';
import { QueryRejected } from './query-rejected.js';

const key = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer()), { minLength: 1, maxLength: 3 });
const place = fc.record({ after: key, asOf: fc.integer(), position: fc.option(fc.nat()) });

describe('a cursor', () => {
  it('carries a place there and back', () => {
    fc.assert(
      fc.property(place, fc.string(), (there, filters) => {
        expect(readCursor('stage-periods', filters, writeCursor('stage-periods', filters, there))).toEqual(there);
      }),
    );
  });

  it('is rejected by another question, with other filters, and when it was altered', () => {
    fc.assert(
      fc.property(place, fc.nat(), fc.constantFrom(...'ABCabc012-_'), (there, at, letter) => {
        const cursor = writeCursor('stage-periods', '[]', there);
        expect(() => readCursor('customers', '[]', cursor)).toThrow(QueryRejected);
        expect(() => readCursor('stage-periods', '["x"]', cursor)).toThrow(QueryRejected);
        const index = at % cursor.length;
        const altered = cursor.slice(0, index) + letter + cursor.slice(index + 1);
        if (altered !== cursor) expect(() => readCursor('stage-periods', '[]', altered)).toThrow(QueryRejected);
      }),
    );
  });

  it('is rejected where it never was one, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        expect(() => readCursor('stage-periods', '[]', text)).toThrow(QueryRejected);
      }),
    );
  });
});
