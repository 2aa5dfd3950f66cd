import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { survivesAsDouble } from './digits.js';
import { flawsOf } from './flaws.js';
import { lengthOfNumber, provenByLength, savingsOf } from './proven-by-length.js';
import { scanJson } from './scan.js';

const proven = (text: string) => provenByLength(text, JSON.parse(text));

/** Any JSON text: keys that stand twice, numbers of every spelling, escapes and white space. */
const digits = (max: number) => fc.stringMatching(new RegExp(`^\\d{1,${max}}$`));
const whole = digits(20).map((text) => text.replace(/^0+(?=\d)/, ''));
const token = fc
  .tuple(fc.constantFrom('', '-'), whole, fc.option(digits(20)), fc.option(fc.integer({ min: -330, max: 310 })))
  .map(([sign, before, after, exponent]) =>
    [sign, before, after === null ? '' : `.${after}`, exponent === null ? '' : `e${exponent}`].join(''),
  );
const roundToken = fc
  .tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 0, max: 9 }))
  .chain(([first, zeros]) => fc.constantFrom(`${first}e${zeros}`, `${first}${'0'.repeat(zeros)}`));
const name = fc.oneof(fc.constantFrom('', 'a', 'b', '__proto__', '1'), fc.string({ maxLength: 3 }));
const space = fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom(' ', '\n') });
const jsonText = fc.letrec<{ any: string; list: string; object: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(roundToken, token, fc.integer().map(String), fc.constantFrom('true', 'false', 'null', '0', '1e-324')),
    fc.string({ maxLength: 6 }).map((text) => JSON.stringify(text)),
    tie('list'),
    tie('object'),
  ),
  list: fc.tuple(fc.array(tie('any'), { maxLength: 5 }), space).map(([items, gap]) => `[${items.join(`,${gap}`)}]`),
  object: fc
    .tuple(fc.array(fc.tuple(name, tie('any')), { maxLength: 4 }), space)
    .map(([pairs, gap]) => `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${gap}${value}`).join()}}`),
}));

describe('a JSON text proven by its length', () => {
  it.each([
    '{"id":"o-1","amount":1999,"quantity":-2,"rate":0.19,"at":1764530123456,"test":true,"note":null}',
    '[{"a":"xxxxxxxxxx"},1,[2,3]]',
    '[]',
    '{}',
    '"é"',
    // Three zeros may have been an exponent, which saves one character.
    '[1000,2000,5000,7000]',
  ])('is one that programs write: %s', (text) => {
    expect(proven(text)).toEqual({ itemSizes: scanJson(Buffer.from(text)).itemSizes });
  });

  it.each([
    ['a doubled key beside an exponent that saves as much', '[{"":1,"":2},1e7]'],
    ['a doubled key beside five exponents', '[{"":1,"":2},1e3,2e3,3e3,4e3,5e3]'],
    ['a number too small beside an exponent', '[1e-324,1e7]'],
    ['a number that lost digits beside exponents', '[9999999999999.0009,1e5,1e4]'],
    ['white space', '{"a": 1}'],
    ['an escape', '["a\\u0062"]'],
    ['a whole number beyond the digits of a double', '[9007199254740993]'],
    ['a number beyond all doubles', '[1e400]'],
    ['depth', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['many round numbers', '[1000,2000,3000,4000,5000]'],
  ])('is none with %s', (_, text) => {
    expect(proven(text)).toBeNull();
  });

  it('never has a flaw', () => {
    let count = 0;
    fc.assert(
      fc.property(jsonText.any as fc.Arbitrary<string>, (text) => {
        const proof = proven(text);
        if (proof === null) return;
        count += 1;
        expect(flawsOf(text)).toEqual([]);
        // To the character, but where an exponent and white space make up for each other.
        const sizes = /^[\0-\x7f]*$/.test(text) ? (scanJson(Buffer.from(text)).itemSizes ?? []) : [];
        sizes.forEach((size, at) => expect(Math.abs(size - (proof.itemSizes?.[at] ?? 0))).toBeLessThan(5));
      }),
      { numRuns: 3_000 },
    );
    expect(count).toBeGreaterThan(100);
  });

  it('has no spelling of a number that is shorter by more than an exponent saves, and none that lost digits and is less than five longer', () => {
    fc.assert(
      fc.property(fc.oneof(token, roundToken, fc.double({ noNaN: true }).map(String)), (text) => {
        fc.pre(/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text));
        const number = Number(text);
        const length = lengthOfNumber(number);
        if (length === Number.POSITIVE_INFINITY) return;
        expect(text.length).toBeGreaterThanOrEqual(length - savingsOf(number));
        if (!survivesAsDouble(text)) expect(text.length).toBeGreaterThanOrEqual(length + 5);
      }),
      { numRuns: 3_000 },
    );
  });

  it('measures whole numbers near a power of ten as they lose their digits', () => {
    for (let power = 0; power <= 14; power += 1)
      for (const whole of [10 ** power, 10 ** power - 1, 10 ** power + 1])
        for (let places = 1; places <= 20; places += 1)
          for (const text of [`${whole}.${'0'.repeat(places - 1)}1`, `${whole - 1}.${'9'.repeat(places)}`]) {
            if (whole === 0 || survivesAsDouble(text)) continue;
            const length = lengthOfNumber(Number(text));
            if (length !== Number.POSITIVE_INFINITY) expect(text.length).toBeGreaterThanOrEqual(length + 5);
          }
  });
});
