import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MARY, nested, PERSON_FORMS } from '#testing';
import { PersonSearch } from './person-search.js';

describe('finding a person in a body', () => {
  const search = new PersonSearch(MARY);

  it.each(PERSON_FORMS)('finds them in %s', (_, body) => {
    expect(search.isIn(body)).toBe(true);
  });

  it.each([
    ['an address that ends with theirs', { mail: 'rosemary.secret@shop.example' }],
    ['an address that begins with theirs', { mail: 'mary.secret@shop.example.org' }],
    ['another user', { userId: 'mary-47110' }],
    ['another number', { phone: '+4917188776656' }],
    ['an amount and a date', { totalMinor: 4711, at: '2026-01-31T12:00:00Z', orderId: '20260131' }],
    ['the domain alone', { site: 'shop.example' }],
    ['nothing', null],
  ])('does not find them in %s', (_, body) => {
    expect(search.isIn(body)).toBe(false);
  });

  it('finds a short value only where a field names a person', () => {
    const short = new PersonSearch([{ namespace: 'userId', value: '42' }]);
    for (const body of [{ userId: '42' }, { user: 42 }, { customerNo: '42' }, '{"userId":42', 'userId=42&x=1'])
      expect(short.isIn(body)).toBe(true);
    for (const body of [{ quantity: 42 }, { email: '42' }, { text: 'room 42' }, { userId: '421' }])
      expect(short.isIn(body)).toBe(false);
  });

  it('takes any value for what it is, and for no pattern', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.string(), (value, namespace) => {
        expect(new PersonSearch([{ namespace, value: `${value}x1` }]).isIn({ [namespace]: `${value}x1` })).toBe(true);
      }),
    );
  });

  it.each([
    'x',
    'a@',
    ' ',
    '"',
    '\\',
    '%41',
    '&#64;',
    '=40',
    '=\n',
    '0',
    '1 ',
    '(',
    '( at ',
    '@ ',
    'ab\n',
    'QUJD',
    'userId=',
    '\u200b',
  ])('reads a long run of %j in linear time', (part) => {
    // In quadratic time, this would take minutes.
    expect(search.isIn({ text: part.repeat(200_000) })).toBe(false);
  });

  it('never fails, and finds a whole value under any name at any depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.integer({ min: 0, max: 60 }), (other, name, depth) => {
        expect(typeof search.isIn(other)).toBe('boolean');
        expect(search.isIn([other, nested({ [name]: 'mary.secret@shop.example' }, depth)])).toBe(true);
      }),
    );
  });
});
