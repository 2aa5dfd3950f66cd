import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PersonSearch } from './person-search.js';

const MARY = [
  { namespace: 'userId', value: 'mary-4711' },
  { namespace: 'email', value: 'mary.secret@shop.example' },
  { namespace: 'phone', value: '+4917188776655' },
  { namespace: 'loyaltyCard', value: 'LC-99-2210-774' },
  { namespace: 'crmId', value: '0031X00002abc' },
];
const ADDRESS = 'mary.secret@shop.example';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const nested = (value: unknown, depth: number): unknown =>
  Array.from({ length: depth }).reduce<unknown>((inner) => [inner], value);

/** Each form in which Mary may stand in a body. */
export const FORMS: readonly (readonly [string, unknown])[] = [
  ['our own form', { identifiers: [{ namespace: 'email', value: ADDRESS }] }],
  ['a field of a namespace', { user_id: 'mary-4711' }],
  ['an address in capitals', { note: 'MARY.SECRET@SHOP.EXAMPLE' }],
  ['the 65th address', { cc: [...Array.from({ length: 64 }, (_, n) => `p${n}@shop.example`), ADDRESS] }],
  ['after 5,000 values', { values: [...Array.from({ length: 5_000 }, (_, n) => n), ADDRESS] }],
  ['deeper than 16 levels', nested({ mail: ADDRESS }, 40)],
  ['after 100,000 characters', { text: `${'x '.repeat(60_000)}${ADDRESS}` }],
  ['a broken line', `{"id":"x1","phone":"+49 171 88776655","userId":"mary-4711"`],
  ['a broken line, the user alone', `{"id":"x1","userId":"mary-4711"`],
  ['a broken line, the phone alone', `{"id":"x1","phone":"+49 171 8877 6655"`],
  ['before a full stop', { text: `write to ${ADDRESS}. Thanks` }],
  ['in a query string', { url: `https://shop.example/?e=${ADDRESS}&x=1` }],
  ['in a mailto link', { link: `mailto:${ADDRESS}?subject=hello` }],
  ['percent-encoded', { url: 'https://shop.example/u?e=mary.secret%40shop.example' }],
  ['percent-encoded twice', { url: 'next=%2Fu%3Fe%3Dmary.secret%2540shop.example' }],
  ['percent-encoded whole', { q: [...ADDRESS].map((each) => `%${each.charCodeAt(0).toString(16)}`).join('') }],
  ['the name of a field', { [ADDRESS]: 1 }],
  ['the name of a field, encoded', { 'mary.secret%40shop.example': true }],
  ['a phone under mobile', { mobile: '0171 88776655' }],
  ['a phone under tel', { tel: '+49 (0)171 / 8877-6655' }],
  ['a phone in a text', { text: 'Please call 0049 171 8877 66 55 after six.' }],
  ['a phone as a number', { contact: 4917188776655 }],
  ['a phone with dots', { text: 'tel. 0171.887.766.55' }],
  ['another namespace', { crmId: '0031X00002abc' }],
  ['another namespace in other letters', { CRM_ID: '0031x00002ABC' }],
  ['a value under any name', { karte: 'LC-99-2210-774' }],
  ['a value without its separators', { karte: 'LC992210774' }],
  ['a value in a text', { text: 'card LC-99-2210-774 was refused' }],
  ['a value with other separators', { text: 'LC 99 2210 774' }],
  ['HTML entities', { html: 'mary.secret&#64;shop.example' }],
  ['hexadecimal HTML entities', { html: 'mary&#x2e;secret&#x40;shop&#x2E;example' }],
  ['named HTML entities', { html: 'mary.secret&commat;shop&period;example' }],
  ['in an HTML tag', { html: `<a href="mailto:${ADDRESS}">Mary</a>` }],
  ['escaped JSON within a text', { payload: JSON.stringify({ email: ADDRESS }) }],
  ['escaped JSON twice', { payload: JSON.stringify(JSON.stringify({ email: ADDRESS })) }],
  ['unicode escapes', { payload: '{"email":"mary.secret\\u0040shop.example"}' }],
  ['hexadecimal escapes', { payload: 'mary.secret\\x40shop.example' }],
  ['quoted-printable', { mail: 'mary.secret=40shop.example' }],
  ['quoted-printable over two lines', { mail: 'mary.sec=\r\nret@shop.example' }],
  ['base64', { token: base64(ADDRESS) }],
  ['base64 of JSON', { token: base64(JSON.stringify({ sub: 'mary-4711' })) }],
  ['a token of three parts', { jwt: `${base64('{"alg":"none"}')}.${base64('{"sub":"mary-4711"}')}.x` }],
  ['base64url', { token: Buffer.from(`>>>???${ADDRESS}`).toString('base64url') }],
  ['hexadecimal', { token: Buffer.from(ADDRESS).toString('hex') }],
  ['UTF-16 in base64', { token: Buffer.from(ADDRESS, 'utf16le').toString('base64') }],
  ['full-width characters', { text: 'ｍary.secret＠shop.example' }],
  ['zero-width characters', { text: 'mary\u200b.secret@shop.\u00adexample' }],
  ['spelt out', { text: 'mary.secret (at) shop.example' }],
  ['spelt out with dots', { text: 'mary [dot] secret [at] shop [dot] example' }],
  ['spelt out in words', { text: 'reach me: mary dot secret at shop dot example' }],
  ['blanks about the at', { text: 'mary.secret @ shop.example' }],
  ['a quoted local part', { text: '"mary.secret"@shop.example' }],
  ['in angle brackets', { from: `Mary <${ADDRESS}>` }],
  ['in a list with semicolons', { to: `a@b.example;${ADDRESS};c@d.example` }],
  ['in two fields', { local: 'mary.secret', domain: 'shop.example' }],
  ['as XML', '<user><email>mary.secret@shop.example</email></user>'],
  ['as a form', 'name=Mary&email=mary.secret%40shop.example&x=1'],
  ['as a form with plus signs', 'q=write+to+mary.secret%40shop.example+now'],
  ['as a CSV line', '17;2026-01-05;mary-4711;9,90'],
  ['in the key of a message', [{}, { key: 'userId:mary-4711', headers: null }]],
  ['in a header of a message', [{}, { key: null, headers: { 'x-user': 'mary-4711' } }]],
  ['in a path', { path: '/customers/mary-4711/orders' }],
  ['in a subject', { subject: 'userId:mary-4711' }],
];

describe('finding a person in a body', () => {
  const search = new PersonSearch(MARY);

  it.each(FORMS)('finds them in %s', (_, body) => {
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
