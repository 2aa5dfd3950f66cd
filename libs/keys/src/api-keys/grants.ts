import type { ActForApproval } from '#contracts';
import {
  isWithin,
  PERMISSIONS,
  roleDefinition,
  SCOPE_NAMES,
  scopesOf,
  type GivenScopes,
  type Permission,
  type Principal,
  type Role,
} from '#platform';

/** What a key is to be allowed. */
export interface Grant {
  readonly role: Role | null;
  /** Beside those of the role. */
  readonly permissions: readonly Permission[];
  readonly scopes: GivenScopes;
}

/** All permissions of a grant, in the order of PERMISSIONS. */
export function permissionsOf({ role, permissions }: Pick<Grant, 'role' | 'permissions'>): readonly Permission[] {
  const all = new Set([...(role === null ? [] : roleDefinition(role).permissions), ...permissions]);
  return PERMISSIONS.filter((each) => all.has(each));
}

/** What four eyes may be asked for: to hand out power over access, or clear text. `approve` is such power: with it one would approve for itself. */
export function actsOfGrant(grant: Pick<Grant, 'role' | 'permissions'>): readonly ActForApproval[] {
  const permissions = permissionsOf(grant);
  return [
    ...(permissions.some((each) => each === 'administer' || each === 'approve') ? (['grant-administer'] as const) : []),
    ...(permissions.includes('open') ? (['grant-open'] as const) : []),
  ];
}

/** The scopes of a grant: those of its role where none were given. */
export function grantedScopes({ role, scopes }: Pick<Grant, 'role' | 'scopes'>): GivenScopes {
  const purposes = role === null ? undefined : roleDefinition(role).purposes;
  return { ...(purposes === undefined ? {} : { purposes }), ...scopes };
}

/**
 * What of a grant lies beyond the rights of the one who grants it, as text; null where all of it lies within. A principal grants single permissions
 * that it holds. With `administer` it grants every role of the table too: that act is recorded. Scopes are never wider than its own.
 */
export function beyondOwnRights(grantor: Principal, grant: Grant): string | null {
  const ofRole = grant.role === null ? [] : roleDefinition(grant.role).permissions;
  const byTable = grantor.permissions.has('administer') ? ofRole : [];
  const lacking = permissionsOf(grant).filter((each) => !grantor.permissions.has(each) && !byTable.includes(each));
  if (lacking.length > 0) return `the permission "${lacking.join('", "')}"`;
  const scopes = scopesOf(grantedScopes(grant));
  const wider = SCOPE_NAMES.filter((name) => !isWithin(scopes[name], grantor.scopes[name]));
  return wider.length === 0 ? null : `what the scope "${wider.join('", "')}" of its own allows`;
}
