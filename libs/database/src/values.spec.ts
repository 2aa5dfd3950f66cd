import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { arrayText, instantText, PARSERS } from './values.js';

const TEXT_ARRAY = 1009;
const TIMESTAMPTZ = 1184;

describe('an array as text', () => {
  it('is parsed to what it was written from', () => {
    const text = fc.string({ unit: anyCharacter }).map((each) => each.replaceAll('\0', ''));
    fc.assert(
      fc.property(fc.array(fc.option(fc.oneof(text, fc.constantFrom('NULL', '', '{a,b}', 'a"b\\c')))), (values) => {
        expect(PARSERS[TEXT_ARRAY]?.(arrayText(values))).toEqual(values);
      }),
    );
  });
});

describe('an instant as text', () => {
  it('is parsed to what it was written from, as the server prints it', () => {
    const printed = (text: string) => text.replace('T', ' ').replace('Z', '+00');
    for (const at of [0, -1, 1_700_000_000_123, Date.UTC(9999, 11, 31, 23, 59, 59, 999)])
      expect(PARSERS[TIMESTAMPTZ]?.(printed(instantText(at)))).toBe(at);
    for (const at of [Infinity, -Infinity]) expect(PARSERS[TIMESTAMPTZ]?.(instantText(at))).toBe(at);
  });

  it('beyond what PostgreSQL prints with four digits of a year is moved to the nearest that it does', () => {
    expect(instantText(-8.64e15)).toBe('0001-01-01T00:00:00.000Z');
    expect(instantText(8.64e15)).toBe('9999-12-31T23:59:59.999Z');
  });
});
