import type { Principal } from './permissions.js';

/** Authenticates the caller of a request. The lib `keys` provides it as ACCESS. */
export interface Access {
  /** The principal that a bearer token belongs to; null where the token is unknown, malformed or revoked. */
  authenticate(bearer: string): Principal | null;
}

/** The principal that an `Authorization` header names; null where it names none. */
export function principalOf(access: Access, authorization: string | undefined): Principal | null {
  const bearer = authorization === undefined ? null : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  return bearer === null || bearer === undefined ? null : access.authenticate(bearer);
}
