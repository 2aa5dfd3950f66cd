import { describe, expect, it } from '@jest/globals';
import { rightsOf } from './rights.js';
import { readRoleMap } from './role-map.js';

const map = readRoleMap({
  values: {
    marketing: { roles: ['marketer'] },
    'aurora marketing': { roles: ['marketer'], scopes: { brand: ['aurora'] } },
    'boreal audit': { roles: ['auditor'], scopes: { brand: ['boreal'] } },
    audit: { roles: ['auditor'] },
    desk: { roles: ['service-agent'] },
    office: { roles: ['admin', 'operator'] },
  },
});
const rights = (...values: string[]) => rightsOf(map, values);

describe('the rights of a person', () => {
  it('are those of every value that the map knows, and none where it knows none', () => {
    expect(rights('nothing', 'hasOwnProperty')).toBeNull();
    const office = rights('nothing', 'office');
    expect(office?.roles).toEqual(['admin', 'operator']);
    expect([...(office?.permissions ?? [])]).toEqual([
      'quarantine',
      'decide',
      'policy',
      'types',
      'operate',
      'administer',
      'approve',
    ]);
  });

  it('add up where several values give the same permission', () => {
    expect(rights('aurora marketing')?.scopes.brand).toEqual(['aurora']);
    expect(rights('aurora marketing', 'marketing')?.scopes.brand).toBe('all');
  });

  it('of a scope reach no further for any permission than the map says', () => {
    // read: aurora and boreal; audit: boreal alone.
    expect(rights('aurora marketing', 'boreal audit')?.scopes.brand).toEqual(['boreal']);
    expect(rights('aurora marketing', 'audit')?.scopes.brand).toBe('all');
    // A role that sees nothing of a brand widens no scope.
    expect(rights('aurora marketing', 'office')?.scopes.brand).toEqual(['aurora']);
  });

  it('open personal data for the purposes of the roles that open it', () => {
    expect(rights('desk', 'audit', 'marketing')?.scopes.purposes).toEqual(['service', 'complaint', 'audit']);
  });
});

describe('the file of OIDC_MAP', () => {
  it.each([
    [{}, '`values` is required'],
    [{ values: {} }, 'must name at least one value'],
    [{ values: { a: { roles: ['boss'] } } }, 'OIDC_MAP.values.a.roles.0 must be one of channel'],
    [{ values: { a: { roles: ['admin'], scope: {} } } }, 'OIDC_MAP.values.a.scope'],
    [[], 'OIDC_MAP must be'],
  ])('%j is rejected with the place', (document, text) => {
    const message = (() => {
      try {
        return String(readRoleMap(document).values);
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message.replace('OIDC_MAP.values is', '`values` is')).toContain(text);
  });
});
