import { Problem } from '../problems/problem.js';
import type { Access, Principal } from './principal.js';
import { permit, type RouteRule } from './route-rule.js';

/** What authorization needs of a request. */
export interface Caller {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The network address that the request came from. */
  readonly address: string;
}

/**
 * The principal of a request, if the rule of the route lets it in: the one check of every route, whether Nest's guard or a route of Fastify's own
 * asks. It is synchronous: it is on the path of every event. A right key is never slowed by wrong ones from the same address.
 * @throws Problem 401 without a known key, 429 after too many wrong ones, 403 where the rule does not let it in
 */
export function authorize(access: Access, { authorization, address }: Caller, rule: RouteRule | undefined): Principal {
  const bearer = bearerOf(authorization);
  const principal = bearer === null ? null : access.authenticate(bearer);
  if (principal === null) throw unauthenticated(bearer === null ? null : access.countWrongKey(address));
  permit(principal, rule);
  return principal;
}

const bearerOf = (authorization: string | undefined): string | null =>
  authorization === undefined ? null : (/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null);

function unauthenticated(retryAfterS: number | null): Problem {
  if (retryAfterS !== null)
    return new Problem(429, {
      type: 'too-many-wrong-keys',
      detail: `Too many wrong keys came from this address: correct the key, and try again in ${retryAfterS} s.`,
      headers: { 'retry-after': String(retryAfterS) },
    });
  return new Problem(401, {
    detail:
      'The request carries no valid API key. Send "Authorization: Bearer <key>" with a key that is neither expired, revoked nor blocked; the admin key was printed at the first start.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
