import { Problem } from '../problems/problem.js';
import type { Permission } from './permissions.js';
import type { Access, Principal } from './principal.js';

/**
 * The principal of an `Authorization` header, if it holds the permission, or one of several: the one check of every route, whether Nest's guard or a
 * route of Fastify's own asks. A route without a permission is closed.
 * @throws Problem 401 without a known key, 403 without the permission
 */
export function authorize(
  access: Access,
  authorization: string | undefined,
  permission: Permission | readonly Permission[] | undefined,
): Principal {
  const principal = principalOf(access, authorization);
  if (principal === null)
    throw new Problem(401, {
      detail:
        'The request carries no known API key. Send "Authorization: Bearer <key>"; the admin key was printed at the first start.',
      headers: { 'www-authenticate': 'Bearer' },
    });
  if (permission === undefined)
    throw new Problem(403, { detail: 'This route is closed to every key: it declares no permission.' });
  const sufficient = [permission].flat();
  if (!sufficient.some((each) => principal.permissions.has(each)))
    throw new Problem(403, {
      detail: `The key "${principal.name}" lacks the permission "${sufficient.join('" or "')}".`,
    });
  return principal;
}

/** The principal that an `Authorization` header names; null where it names none. */
function principalOf(access: Access, authorization: string | undefined): Principal | null {
  const bearer = authorization === undefined ? null : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  return bearer === null || bearer === undefined ? null : access.authenticate(bearer);
}
