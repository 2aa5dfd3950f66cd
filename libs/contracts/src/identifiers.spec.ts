import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { compareNamespaces, isPlaceholder, normaliseIdentifier, strongestSelf } from './identifiers.js';
import type { Identifier } from './touchpoint.js';

const self = (namespace: string, value = 'v1'): Identifier => ({ namespace, value, role: 'self' });

describe('the strongest identifier', () => {
  it('is found by namespace, whatever the order in which a channel lists them', () => {
    const all = ['zebra', 'anonymousId', 'apple', 'deviceId', 'phone', 'email', 'loyaltyCard', 'userId'];
    const sorted = ['userId', 'loyaltyCard', 'email', 'phone', 'deviceId', 'anonymousId', 'apple', 'zebra'];
    expect([...all].sort(compareNamespaces)).toEqual(sorted);
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 1 }), (namespaces) => {
        const values = namespaces.map((namespace) =>
          self(namespace, namespace === 'email' ? 'ann@shop.se' : '0701234599'),
        );
        expect(strongestSelf(values)?.namespace).toBe(sorted.find((namespace) => namespaces.includes(namespace)));
      }),
    );
  });

  it('is never a colleague, a referee or a placeholder', () => {
    expect(strongestSelf([{ ...self('userId'), role: 'referee' }, self('anonymousId')])?.namespace).toBe('anonymousId');
    expect(strongestSelf([self('userId', 'null'), self('deviceId')])?.namespace).toBe('deviceId');
    expect(strongestSelf([self('userId', '0')])).toBeNull();
    expect(strongestSelf([])).toBeNull();
  });

  it('is the first listed of two in one namespace', () => {
    expect(strongestSelf([self('email', 'b@x.se'), self('email', 'a@x.se')])?.value).toBe('b@x.se');
  });
});

describe('normalisation, version 1', () => {
  it.each([
    ['email', '  Ann@Example.COM ', 'ann@example.com'],
    ['email', 'A\u030Asa@x.se', 'åsa@x.se'],
    ['phone', '+46 (0)70-123 45 67', '+46701234567'],
    ['phone', '0046 70 123 45 67', '+46701234567'],
    ['phone', '070/123.45.67', '0701234567'],
    ['phone', '+46701234567', '+46701234567'],
    ['phone', 'none', ''],
    ['phone', '00', ''],
    ['userId', ' aB1 ', 'aB1'],
    ['loyaltyCard', '0012', '0012'],
    ['club', 'A\u030A', 'Å'],
  ])('%s: %j is known as %j', (namespace, value, expected) => {
    expect(normaliseIdentifier(namespace, value)).toBe(expected);
  });

  it('done twice is the same as done once', () => {
    const namespace = fc.constantFrom('email', 'phone', 'userId', 'deviceId', 'club');
    fc.assert(
      fc.property(
        namespace,
        fc.oneof(fc.string({ unit: anyCharacter }), fc.stringMatching(/^[+0-9() -]{0,20}$/)),
        (ns, value) => {
          const once = normaliseIdentifier(ns, value);
          // Of `)00`, no number of a telephone, version 1 leaves `00`, which it would read as a prefix; and it never changes.
          fc.pre(ns !== 'phone' || !once.startsWith('00'));
          expect(normaliseIdentifier(ns, once)).toBe(once);
        },
      ),
    );
  });
});

describe('placeholders', () => {
  it.each([
    ...[
      '',
      ' ',
      '0',
      '000',
      '-',
      'null',
      'NULL',
      'None',
      'undefined',
      'Unknown',
      'n/a',
      'N/A',
      '(not set)',
      'guest',
      '?',
    ],
    ...[
      '00000000-0000-0000-0000-000000000000',
      '[object Object]',
      '{{user.id}}',
      '${id}',
      '*|EMAIL|*',
      'xxxx',
      '-1',
      'NaN',
    ],
  ])('%j is a placeholder', (value) => {
    expect(isPlaceholder('userId', value)).toBe(true);
  });

  it.each([
    'test@test',
    'test@test.com',
    'TEST@TEST.COM',
    'a@a.com',
    'no@email.com',
    'ann',
    '@x.se',
    'ann@',
    'x@host.invalid',
  ])('%j is a placeholder address', (value) => {
    expect(isPlaceholder('email', value)).toBe(true);
  });

  it.each(['0', '1234', '0000000000', '+1111111111', '123456789', '1234567890', 'call me'])(
    '%j is a placeholder number',
    (value) => {
      expect(isPlaceholder('phone', value)).toBe(true);
    },
  );

  it.each([
    ['userId', '1'],
    ['userId', '0001'],
    ['userId', 'Null Island'],
    ['userId', 'x'],
    ['loyaltyCard', '10000'],
    ['deviceId', '00000000-0000-0000-0000-000000000001'],
    ['email', 'nathan@na.com'],
    ['email', 'ann@test.com'],
    ['email', 'test.ann@shop.se'],
    ['phone', '0701234567'],
    ['phone', '+46701234567'],
  ])('%s %j is not a placeholder', (namespace, value) => {
    expect(isPlaceholder(namespace, value)).toBe(false);
  });
});
