import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { survivesAsDouble } from './digits.js';
import { issueOfFlaw } from './flaws.js';
import { readJson, readJsonDigits } from './read-json.js';

const flaws = (text: string) => readJson(text)?.flaws.map(({ code, keys }) => `${code} ${JSON.stringify(keys)}`);

describe('reading JSON strictly', () => {
  it.each([
    ['{"id":"dk1","id":"dk2"}', ['duplicate-key ["id"]']],
    ['{"a":{"price":1,"b":[],"price":99}}', ['duplicate-key ["a","price"]']],
    ['[{"a":1},{"b":{"c":1,"c":1}}]', ['duplicate-key [1,"b","c"]']],
    // The same name, written otherwise.
    ['{"id":1,"\\u0069d":2}', ['duplicate-key ["id"]']],
    ['{"a\\"":1,"b":2,"a\\"":3}', ['duplicate-key ["a\\""]']],
    ['{"":1,"":2}', ['duplicate-key [""]']],
    ['{"__proto__":1,"__proto__":2}', ['duplicate-key ["__proto__"]']],
    ['{"a":1,"a":2,"a":3}', ['duplicate-key ["a"]', 'duplicate-key ["a"]']],
    // The same name in several objects, and a text that looks like a name, are no fault.
    ['{"a":{"a":{"a":1}},"b":["a","a"],"c":"a\\":"}', []],
    ['{"\\u0069d":1,"id2":2}', []],
    ['[{"a":1},{"a":1}]', []],
  ])('finds a key that stands twice: %s', (text, expected) => {
    expect(flaws(text)).toEqual(expected);
  });

  it.each([
    ['{"n":9007199254740993}', ['number-inexact ["n"]']],
    ['{"n":[1,900719925474099301]}', ['number-inexact ["n",1]']],
    ['[1e400]', ['number-inexact [0]']],
    ['[-1e400]', ['number-inexact [0]']],
    ['[1e-400]', ['number-inexact [0]']],
    ['1.00000000000000000001', ['number-inexact []']],
    ['{"amount":12345678901234567.89}', ['number-inexact ["amount"]']],
    ['{"amount":0.12345678901234567891}', ['number-inexact ["amount"]']],
    ['[9007199254740992, 9007199254740991, -9007199254740992, 1e21, 1E-7, 1.5e3]', []],
    // The same double as its shortest text, and as C and Java write it.
    ['[0.1, 0.10000000000000001, 52.520007999999997, 1.10, 0.0, -0, -0.0, 0e5]', []],
    ['["9007199254740993", {"9007199254740993": "1e400"}]', []],
  ])('finds a number that loses digits: %s', (text, expected) => {
    expect(flaws(text)).toEqual(expected);
  });

  it('is no JSON where JSON.parse says so', () => {
    for (const text of ['', '{', '{"a":007}', '{"a":01e400}', "{'a':1}", '{"a":1,}', 'NaN', '\u00a0{}']) {
      expect(readJson(text)).toBeNull();
      expect(readJsonDigits(text)).toBeNull();
    }
  });

  it('says how large each item of a list is', () => {
    expect(readJson('[{"a":"xxxxxxxxxx"},1,[2,3]]')?.itemSizes).toEqual([19, 2, 6]);
    expect(readJson('[]')?.itemSizes).toEqual([1]);
    expect(readJson('{"a":[1,2]}')?.itemSizes).toBeNull();
  });

  it('reads what is nested a million levels deep', () => {
    const deep = `${'['.repeat(1_000_000)}{"a":1,"a":2}${']'.repeat(1_000_000)}`;
    expect(readJson(deep)?.flaws.length).toBe(1);
  });

  it('finds a doubled key among many, without comparing each with each', () => {
    const many = Array.from({ length: 50_000 }, (_, at) => `"key-${at}":1`);
    expect(flaws(`{${many.join()}}`)).toEqual([]);
    expect(flaws(`{${many.join()},"key-77":2}`)).toEqual(['duplicate-key ["key-77"]']);
  });

  it('parses as JSON.parse does, and finds doubled keys exactly where there are some', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', '', '"', '\\', 'é', '😀'), fc.string());
    const json = fc.letrec<{ value: unknown; pairs: [string, unknown][] }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 4 }).map((list) => list as unknown),
        tie('pairs').map((pairs) => ({ pairs })),
      ),
      pairs: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }) as fc.Arbitrary<[string, unknown][]>,
    })).value;
    const write = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(write).join(' , ')}]`;
      if (typeof value === 'object' && value !== null && 'pairs' in value)
        return `{ ${(value.pairs as [string, unknown][]).map(([name, inner]) => `${JSON.stringify(name)} : ${write(inner)}`).join()} }`;
      return JSON.stringify(value);
    };
    const doubled = (value: unknown): boolean => {
      if (Array.isArray(value)) return value.some(doubled);
      if (typeof value !== 'object' || value === null || !('pairs' in value)) return false;
      const pairs = value.pairs as [string, unknown][];
      return new Set(pairs.map(([name]) => name)).size < pairs.length || pairs.some(([, inner]) => doubled(inner));
    };
    fc.assert(
      fc.property(json, (value) => {
        const text = write(value);
        const reading = readJson(text);
        expect(reading?.value).toEqual(JSON.parse(text));
        expect((reading?.flaws.length ?? -1) > 0).toBe(doubled(value));
      }),
    );
  });

  it('finds each whole number that is rounded, and no other', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (number) => {
        expect(survivesAsDouble(String(number))).toBe(BigInt(Number(number)) === number);
      }),
    );
  });

  it('keeps a double that lies in the middle between two decimals, written as either', () => {
    expect(survivesAsDouble('-124941955409412.12')).toBe(true);
    expect(survivesAsDouble('-124941955409412.13')).toBe(true);
    expect(survivesAsDouble('-124941955409412.1201')).toBe(false);
  });

  it('keeps every double, however it is written', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 1, max: 25 }),
        (number, digits) => {
          // Beyond 2^53 a whole number is written with zeros for digits that it does not have.
          fc.pre(!Number.isInteger(number) || Number.isSafeInteger(number));
          expect(survivesAsDouble(String(number))).toBe(true);
          if (digits >= 17) expect(survivesAsDouble(number.toPrecision(digits))).toBe(true);
        },
      ),
    );
  });
});

describe('reading the JSON of another form', () => {
  it.each([
    ['{"no":1,"user":{"id":900719925474099301}}', { no: 1, user: { id: '900719925474099301' } }],
    [
      '[9007199254740992,9007199254740991,-9007199254740993]',
      ['9007199254740992', 9007199254740991, '-9007199254740993'],
    ],
    ['{"a":0.10000000000000001,"b":1.10,"c":1e400}', { a: '0.10000000000000001', b: 1.1, c: '1e400' }],
    ['["9007199254740993\\"9007199254740993", 5]', ['9007199254740993"9007199254740993', 5]],
    ['[18014398509481984]', ['18014398509481984']],
  ])('keeps the digits of %s', (text, expected) => {
    expect(readJsonDigits(text)).toMatchObject({ value: expected, flaws: [] });
  });
});

describe('the issue of a flaw', () => {
  it('names the place', () => {
    const [flaw] = readJson('{"data":{"price":1,"price":2}}')?.flaws ?? [];
    expect(flaw && issueOfFlaw(flaw)).toMatchObject({ pointer: '#/data/price', detail: 'stands twice in its object' });
  });
  it('names no key that may be a value', () => {
    const [flaw] = readJson('{"data":{"ann@shop.test":1,"ann@shop.test":2}}')?.flaws ?? [];
    expect(flaw && issueOfFlaw(flaw)).toMatchObject({ pointer: '#/data', detail: 'has a field that stands twice' });
  });
});
