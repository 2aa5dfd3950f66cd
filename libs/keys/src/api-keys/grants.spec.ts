import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  PERMISSIONS,
  ROLE_NAMES,
  scopesOf,
  type GivenScopes,
  type Permission,
  type Principal,
  type Role,
} from '#platform';
import { beyondOwnRights, grantedScopes, permissionsOf, type Grant } from './grants.js';

const principal = (permissions: readonly Permission[], scopes: GivenScopes = {}): Principal => ({
  ...{ id: '5f0c3a9b1d2e', kind: 'key', name: 'a key', roles: [] },
  permissions: new Set(permissions),
  scopes: scopesOf(scopes),
});
const grant = (role: Role | null, permissions: readonly Permission[] = [], scopes: GivenScopes = {}): Grant => ({
  ...{ role, permissions, scopes },
});

describe('no principal grants more than it holds', () => {
  it('without `administer`, whatever the role or the permission', () => {
    const set = fc.subarray(PERMISSIONS.filter((each) => each !== 'administer'));
    const role = fc.option(fc.constantFrom(...ROLE_NAMES));
    fc.assert(
      fc.property(set, role, set, (held, granted, permissions) => {
        fc.pre(beyondOwnRights(principal(held), grant(granted, permissions)) === null);
        expect(held).toEqual(expect.arrayContaining([...permissionsOf(grant(granted, permissions))]));
      }),
    );
  });

  it('with `administer`: a role of the table, but no single permission that it lacks', () => {
    const admin = principal(permissionsOf(grant('admin')));
    for (const role of ROLE_NAMES) expect(beyondOwnRights(admin, grant(role))).toBeNull();
    expect(beyondOwnRights(admin, grant('marketer', ['open']))).toBe('the permission "open"');
    expect(beyondOwnRights(admin, grant(null, ['publish']))).toBe('the permission "publish"');
  });

  it('nor a wider scope than its own', () => {
    const admin = principal(PERMISSIONS, { sources: ['shop/*'] });
    expect(beyondOwnRights(admin, grant('channel'))).toContain('the scope "sources"');
    expect(beyondOwnRights(admin, grant('channel', [], { sources: ['till'] }))).toContain('the scope "sources"');
    expect(beyondOwnRights(admin, grant('channel', [], { sources: ['shop/web'] }))).toBeNull();
  });
});

describe('the scopes of a grant', () => {
  it('are those of its role, unless others are given', () => {
    expect(grantedScopes(grant('auditor'))).toEqual({ purposes: ['audit'] });
    expect(grantedScopes(grant('auditor', [], { purposes: ['legal'] }))).toEqual({ purposes: ['legal'] });
    expect(grantedScopes(grant('channel'))).toEqual({});
  });
});
