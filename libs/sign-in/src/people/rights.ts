import {
  PERMISSIONS,
  roleDefinition,
  SCOPE_NAMES,
  scopesOf,
  scopesOfPermission,
  UNLIMITED,
  type GivenScopes,
  type Permission,
  type Principal,
  type Role,
  type Scope,
  type Scopes,
} from '#platform';
import type { RoleGrant, RoleMap } from './role-map.js';

/** What a person may do. */
export type Rights = Pick<Principal, 'roles' | 'permissions' | 'scopes'>;

interface Granted {
  readonly permissions: ReadonlySet<Permission>;
  readonly scopes: Scopes;
}

/** What the values of a person's claim allow together; null where none of them is in the map. */
export function rightsOf({ values: map }: RoleMap, values: readonly string[]): Rights | null {
  const grants = values.filter((value) => Object.hasOwn(map, value)).map((value) => map[value] as RoleGrant);
  if (grants.length === 0) return null;
  const granted = grants.map(grantedBy);
  const permissions = new Set(PERMISSIONS.filter((each) => granted.some((grant) => grant.permissions.has(each))));
  return { roles: [...new Set(grants.flatMap(({ roles }) => roles))], permissions, scopes: scopesTogether(granted) };
}

function grantedBy({ roles, scopes = {} }: RoleGrant): Granted {
  const purposes = [...new Set(roles.flatMap((role: Role) => roleDefinition(role).purposes ?? []))];
  const given = { ...(purposes.length === 0 ? {} : { purposes }), ...scopes } as GivenScopes;
  return { permissions: new Set(roles.flatMap((role) => roleDefinition(role).permissions)), scopes: scopesOf(given) };
}

/**
 * The scopes of several grants together. A principal has one scope of a name for all its permissions: for one permission the grants that give it add
 * up, and of several permissions the narrowest stays, so that no permission reaches further than the map says.
 */
function scopesTogether(granted: readonly Granted[]): Scopes {
  const together = SCOPE_NAMES.map((name): [string, Scope] => {
    const scopes = PERMISSIONS.filter((each) => narrows(name, each)).flatMap((permission) => {
      const giving = granted.filter(({ permissions }) => permissions.has(permission));
      return giving.length === 0 ? [] : [giving.map(({ scopes: { [name]: scope } }) => scope).reduce(either)];
    });
    return [name, scopes.length === 0 ? UNLIMITED[name] : scopes.reduce(both)];
  });
  return Object.fromEntries(together) as unknown as Scopes;
}

/** Purposes narrow `open`: they are checked where data is opened. */
const narrows = (name: keyof Scopes, permission: Permission): boolean =>
  name === 'purposes' ? permission === 'open' : scopesOfPermission(permission).includes(name);

const either = (a: Scope, b: Scope): Scope => (a === 'all' || b === 'all' ? 'all' : [...new Set([...a, ...b])]);

const both = (a: Scope, b: Scope): Scope => (a === 'all' ? b : b === 'all' ? a : a.filter((each) => b.includes(each)));
