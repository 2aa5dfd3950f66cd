import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { givenScopes, isInScope, isWithin, scopesOf, UNLIMITED, type Scope } from './scopes.js';

describe('a scope', () => {
  it.each([
    ['all', 'shop', true],
    [['shop'], 'shop', true],
    [['shop'], 'shop/web', false],
    [['shop/*'], 'shop/web', true],
    [['shop/*'], 'shop/web/se', true],
    [['shop/*'], 'shop', false],
    [['shop/*'], 'shop/', false],
    [['shop/*'], 'shopping/web', false],
    [['acme.*'], 'acme.tasting', true],
    [['acme.*'], 'order-placed', false],
    [['*'], 'shop', false],
    [[], 'shop', false],
  ] as [Scope, string, boolean][])('%j allows %j: %j', (scope, value, expected) => {
    expect(isInScope(scope, value)).toBe(expected);
  });

  it('lies within another one only where all that it allows is allowed there', () => {
    const name = fc.constantFrom('a', 'b', 'a/b', 'a/b/c', 'b/c', 'a/b/*', 'a/*', 'b/*');
    const scope: fc.Arbitrary<Scope> = fc.oneof(fc.constant('all' as const), fc.array(name, { maxLength: 4 }));
    fc.assert(
      fc.property(scope, scope, name, (inner, outer, value) => {
        fc.pre(isWithin(inner, outer) && isInScope(inner, value));
        expect(isInScope(outer, value)).toBe(true);
      }),
    );
    expect(isWithin('all', ['a/*'])).toBe(false);
    expect(isWithin(['a/*'], ['a/b'])).toBe(false);
    expect(isWithin(['a/b/*', 'a/c'], ['a/*'])).toBe(true);
  });

  it('is unlimited where none is given', () => {
    expect(scopesOf({})).toEqual(UNLIMITED);
    const given = { sources: ['shop'], purposes: ['audit'] };
    expect(givenScopes(scopesOf(given))).toEqual(given);
  });
});
