import { Problem } from '../problems/problem.js';
import type { Access, People, Principal, RequestHead } from './principal.js';
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
 * asks. Of a key it is told at once, without a promise: keys are on the path of every event. A person's token or session takes a promise.
 * @throws Problem as `authorize`; of a person as `People.authenticate`
 */
export function authorizeRequest(
  access: Access,
  request: RequestHead,
  rule: RouteRule | undefined,
): Principal | Promise<Principal> {
  const { people = null } = access;
  if (people !== null && people.recognises(request)) return authorizePerson(access, people, request, rule);
  const { authorization } = request.headers as { readonly authorization?: string };
  return authorize(access, { authorization, address: request.address }, rule);
}

async function authorizePerson(
  access: Access,
  people: People,
  request: RequestHead,
  rule: RouteRule | undefined,
): Promise<Principal> {
  let principal: Principal;
  try {
    principal = await people.authenticate(request);
  } catch (error) {
    const isWrongToken =
      error instanceof Problem && error.getStatus() === 401 && request.headers['authorization'] !== undefined;
    const retryAfterS = isWrongToken ? access.countWrongKey(request.address) : null;
    throw retryAfterS === null ? error : tooManyWrongKeys(retryAfterS);
  }
  permit(principal, rule);
  return principal;
}

/**
 * The principal of a key, if the rule of the route lets it in. A right key is never slowed by wrong ones from the same address.
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

const tooManyWrongKeys = (retryAfterS: number): Problem =>
  new Problem(429, {
    type: 'too-many-wrong-keys',
    detail: `Too many wrong keys came from this address: correct the key, and try again in ${retryAfterS} s.`,
    headers: { 'retry-after': String(retryAfterS) },
  });

function unauthenticated(retryAfterS: number | null): Problem {
  if (retryAfterS !== null) return tooManyWrongKeys(retryAfterS);
  return new Problem(401, {
    detail:
      'The request carries no valid API key. Send "Authorization: Bearer <key>" with a key that is neither expired, revoked nor blocked; the admin key was printed at the first start.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
