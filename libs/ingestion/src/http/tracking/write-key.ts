import type { Access, Principal } from '#platform';
import { authorizeRequest, Problem } from '#platform/nest';
import { PUBLISH } from '../touchpoints.openapi.js';

/** The write key that a request shows in its head: the user of Basic, whose password is empty, or a bearer token. Null where it shows none. */
export function keyInHead(authorization: string | undefined): string | null {
  const [, scheme = '', value = ''] = /^(Basic|Bearer) +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme === '') return null;
  const [user = ''] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return user === '' ? null : user;
}

/** The write key that a body shows; null where it shows none. */
export function keyInBody(body: Readonly<Record<string, unknown>>): string | null {
  for (const name of ['writeKey', 'write_key', 'api_key', 'token']) {
    const key = body[name];
    if (typeof key === 'string' && key !== '') return key;
  }
  return null;
}

/** The principal of a write key, and the one source that it publishes for. */
export interface Writer {
  readonly principal: Principal;
  readonly source: string;
}

/**
 * The writer of a key. A write key is an API key that publishes for one source.
 * @throws Problem 401 for an unknown key, 429 after too many of them, 403 for a key that names no one source
 */
export async function writerOf(access: Access, key: string | null, address: string): Promise<Writer> {
  if (key === null) throw noKey();
  // A key is text without white space; anything else is none, and takes no header.
  const authorization = `Bearer ${/^[\w.~+/-]{1,8000}=*$/.test(key) ? key : 'none'}`;
  const request = { method: 'POST', headers: { authorization }, address };
  const principal = await Promise.resolve()
    .then(() => authorizeRequest(access, request, PUBLISH))
    .catch((error: unknown) => {
      throw error instanceof Problem && error.getStatus() === 401 && error.problem.type === undefined
        ? unknownKey()
        : error;
    });
  const { sources } = principal.scopes;
  const [source, ...others] = sources === 'all' ? [] : sources;
  if (source === undefined || others.length > 0 || source.includes('*')) throw noSource();
  return { principal, source };
}

const noKey = (): Problem =>
  new Problem(401, {
    type: 'write-key-missing',
    detail: 'Failed to read writeKey from header',
    headers: { 'www-authenticate': 'Basic' },
    extension: {
      hint: 'send the write key as the user of Basic authentication, with an empty password, or as writeKey in the body',
    },
  });

const unknownKey = (): Problem =>
  new Problem(401, {
    type: 'write-key-unknown',
    detail: 'Invalid Write Key',
    headers: { 'www-authenticate': 'Basic' },
    extension: { hint: 'send the key that `perennial sources create NAME --kind segment` printed' },
  });

const noSource = (): Problem =>
  new Problem(403, {
    type: 'write-key-without-source',
    detail: 'The key does not publish for one source, and a call of an analytics library names none',
    extension: { hint: 'send the key of a source: perennial sources create NAME --kind segment' },
  });
