import { Problem } from '../problems/problem.js';
import type { Permission } from './permissions.js';
import type { Principal } from './principal.js';
import { scopesOfPermission, type Scopes } from './scopes.js';

export type ScopeName = keyof Scopes;

/** Who may use a route. A route without a rule is closed to every caller. */
export interface RouteRule {
  /** One of them is sufficient. */
  readonly permissions: readonly Permission[];
  /**
   * The scopes by which the route narrows what it does or shows, or which do not concern it. A principal that is limited in another scope of the
   * permission gets 403: nothing is narrowed in secret, and nothing is shown in full to one that may see a part.
   */
  readonly scopes: readonly ScopeName[];
  /** The route acts on the machine of the engine: only the command line there may use it. */
  readonly only?: 'local';
}

/**
 * Lets a principal use a route.
 * @throws Problem 403 of type `not-permitted`, `outside-scope` or `local-only`
 */
export function permit(principal: Principal, rule: RouteRule | undefined): void {
  if (rule === undefined)
    throw new Problem(403, {
      type: 'not-permitted',
      detail: 'This route is closed to every key: it declares no permission.',
    });
  const { permissions, only } = rule;
  const held = permissions.filter((each) => principal.permissions.has(each));
  if (held.length === 0)
    throw new Problem(403, {
      type: 'not-permitted',
      detail: `${named(principal)} lacks the permission "${permissions.join('" or "')}".`,
    });
  if (only === 'local' && principal.kind !== 'local')
    throw new Problem(403, {
      type: 'local-only',
      detail: 'This acts on the machine of the engine: run the command line there, with --data-dir.',
    });
  const limits = held.map((permission) => limitOf(principal, permission, rule));
  const [limit] = limits;
  if (limits.every((each) => each !== null) && limit !== undefined && limit !== null)
    throw new Problem(403, {
      type: 'outside-scope',
      detail: `${named(principal)} is limited to the ${limit} "${[principal.scopes[limit]].flat().join('", "')}", and this route cannot be narrowed to it.`,
    });
}

const named = ({ kind, name }: Principal): string => (kind === 'person' ? `"${name}"` : `The key "${name}"`);

/** A scope that limits the principal, and that the route does not narrow by; null where there is none. */
const limitOf = ({ scopes }: Principal, permission: Permission, rule: RouteRule): ScopeName | null =>
  scopesOfPermission(permission).find((name) => scopes[name] !== 'all' && !rule.scopes.includes(name)) ?? null;
