import type { RequestHead } from '#platform';
import type { OwnOrigin } from './origin.js';

/** The cookies: of a session, and of a sign-in that is under way. */
export type CookieKind = 'session' | 'sign-in';

const NAMES = { session: 'perennial', 'sign-in': 'perennial-sign-in' } as const;
/** A sign-in comes back from another site, and its cookie with it; a session never does. */
const SAME_SITE = { session: 'Strict', 'sign-in': 'Lax' } as const;

/**
 * `__Host-` binds a cookie to this host and to TLS: no other host can set it. Over http, which is for this machine alone, browsers may not keep such a
 * cookie, so it has the plain name there.
 */
const nameOf = (kind: CookieKind, { isSecure }: Pick<OwnOrigin, 'isSecure'>): string =>
  `${isSecure ? '__Host-' : ''}${NAMES[kind]}`;

/** The header that sets a cookie until the browser is closed, or for so many seconds. */
export function setCookie(kind: CookieKind, value: string, origin: OwnOrigin, maxAgeS?: number): string {
  return [
    `${nameOf(kind, origin)}=${value}`,
    'Path=/',
    'HttpOnly',
    `SameSite=${SAME_SITE[kind]}`,
    ...(origin.isSecure ? ['Secure'] : []),
    ...(maxAgeS === undefined ? [] : [`Max-Age=${maxAgeS}`]),
  ].join('; ');
}

export const clearCookie = (kind: CookieKind, origin: OwnOrigin): string => setCookie(kind, '', origin, 0);

/** The value of a cookie; null where the request has none, or several of the name, which only another site can have set. */
export function readCookie(
  kind: CookieKind,
  { headers }: Pick<RequestHead, 'headers'>,
  isSecure: boolean,
): string | null {
  const { cookie } = headers;
  if (typeof cookie !== 'string') return null;
  const prefix = `${nameOf(kind, { isSecure })}=`;
  const values = cookie
    .split(';')
    .map((each) => each.trim())
    .filter((each) => each.startsWith(prefix))
    .map((each) => each.slice(prefix.length));
  return values.length === 1 && values[0] !== '' ? (values[0] ?? null) : null;
}
