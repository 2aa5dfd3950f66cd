import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKeys } from '#keys';
import { PERMISSIONS, type Principal } from './permissions.js';

const LOCAL: Principal = { id: 'local', name: 'command line of this machine', permissions: new Set(PERMISSIONS) };

/** Tells who is asking: an API key, or the token that the running engine leaves for the command line beside it. */
export class Access {
  /** Made again at each start; written to `engine.json`, which only the owner may read. */
  readonly localToken = `local_${randomBytes(32).toString('base64url')}`;

  constructor(readonly apiKeys: ApiKeys) {}

  /** Whom an `Authorization` header names; null where it names nobody we know. */
  principalOf(authorization: string | undefined): Principal | null {
    const bearer = authorization === undefined ? null : /^Bearer +(\S+) *$/i.exec(authorization);
    const token = bearer?.[1];
    if (token === undefined) return null;
    return same(token, this.localToken) ? LOCAL : this.apiKeys.authenticate(token);
  }
}

/** Compares in a time that tells nothing, whatever the lengths. */
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
