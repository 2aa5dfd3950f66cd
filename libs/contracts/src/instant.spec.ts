import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatInstant, parseInstant } from './instant.js';

const two = fc.nat({ max: 99 }).map((n) => String(n).padStart(2, '0'));
/** Texts of the shape that programs write, whether or not there is such a moment. */
const shaped = fc
  .tuple(
    fc.constantFrom('0000', '0099', '0100', '1900', '1996', '2000', '2024', '2026', '9999'),
    two,
    two,
    two,
    two,
    two,
  )
  .chain(([y, mo, d, h, mi, s]) =>
    fc
      .constantFrom('', '.000', '.7', '.123', '.999', '.12x', '.1234567')
      .map((end) => `${y}-${mo}-${d}T${h}:${mi}:${s}${end}Z`),
  );

describe('an instant as a program writes it', () => {
  it('is read as the same instant that its other spelling, with an offset of nothing, is read as', () => {
    fc.assert(
      fc.property(shaped, (text) => {
        expect(parseInstant(text)).toBe(parseInstant(text.replace('Z', '+00:00')));
      }),
      { numRuns: 2_000 },
    );
  });

  it('comes back from its text, with and without milliseconds', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(253_402_300_799_999), noInvalidDate: true }), (date) => {
        expect(parseInstant(date.toISOString())).toBe(date.getTime());
        expect(parseInstant(formatInstant(date.getTime()))).toBe(date.getTime());
      }),
    );
  });

  it.each(['2026-01-31T12:00:00z', '2026-01-31 12:00:00Z', '2026-01-31T12:00:60Z', '2024-02-29T00:00:00Z'])(
    'leaves %s to the pattern, which knows it',
    (text) => expect(parseInstant(text)).not.toBeNull(),
  );

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-1a-31T12:00:00Z',
    '2026-01-31T12:00:00X',
  ])('does not take %s for one', (text) => expect(parseInstant(text)).toBeNull());
});
