import { isInScope, scopesOf } from '#platform';
import type { ApiKeyRecord } from '#keys';

/** Whether a publisher (`key:5f0c3a9b1d2e`) may speak for a source by the scopes that its key has now; a key that is not known may not. */
export function keyPermits(keys: readonly ApiKeyRecord[], by: string, source: string): boolean {
  if (!by.startsWith(KEY)) return true;
  const key = keys.find(({ id }) => id === by.slice(KEY.length));
  return key !== undefined && isInScope(scopesOf(key.scopes).sources, source);
}

const KEY = 'key:';
