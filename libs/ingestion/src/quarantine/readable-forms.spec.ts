import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodedRuns, textsIn } from './readable-forms.js';

/** What texts are made of where something is encoded in them. */
const piece = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.stringMatching(/^[A-Za-z0-9+/_-]{1,90}$/),
  fc.constantFrom(' ', '\n', '\r\n', '=', '==', '@', 'é', '\u{1F600}'),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

describe('runs that may be encoded', () => {
  it('are those that a pattern finds, wherever they stand', () => {
    fc.assert(
      fc.property(text, (given) => {
        const runs = encodedRuns(given).map(({ start, end }) => given.slice(start, end));
        expect(runs).toEqual(given.match(/[A-Za-z0-9+/_-]{8,}/g) ?? []);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are decoded: base64, its form for addresses, digits, and lines of a mail', () => {
    const address = 'jane.doe@shop.example';
    const long = `${'The address of the customer is '.repeat(3)}${address}`;
    const base64 = Buffer.from(long).toString('base64');
    const lines = base64.replace(/(.{60})/g, '$1\r\n');
    for (const [given, expected] of [
      [`x ${Buffer.from(address).toString('base64')} y`, address],
      [`x ${Buffer.from('j?>@shop.example').toString('base64url')} y`, 'j?>@shop.example'],
      [`x=${Buffer.from(address).toString('hex')};`, address],
      [lines, long],
    ] as const)
      expect(textsIn(given).texts.map((each) => each.text)).toContain(expected);
  });

  it('that hold bytes and no text are not searched to their end', () => {
    const bytes = Buffer.from(Array.from({ length: 96 }, (_, at) => (at * 89 + 7) % 256)).toString('base64');
    expect(textsIn(`file ${bytes}`).whole).toBe(false);
    expect(textsIn(`padding ${'A'.repeat(96)}`).whole).toBe(true);
  });
});
