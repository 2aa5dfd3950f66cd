import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LOCAL_PRINCIPAL, WrongKeys, type Access, type Clock, type People, type Principal } from '#platform';
import type { ApiKeys } from './api-keys.js';

/** Authenticates a caller: by an API key, or by the token that the running engine leaves for the command line beside it. */
export class ApiKeyAccess implements Access {
  /** Drawn at each start; written to `engine.json`, which only its owner may read. */
  readonly localToken = `local_${randomBytes(32).toString('base64url')}`;

  /** Set by what lets people in. */
  people: People | null = null;

  private readonly wrongKeys: WrongKeys;

  constructor(
    private readonly apiKeys: ApiKeys,
    clock: Clock,
  ) {
    this.wrongKeys = new WrongKeys(clock);
  }

  countWrongKey(address: string): number | null {
    return this.wrongKeys.count(address);
  }

  authenticate(bearer: string): Principal | null {
    return equalInConstantTime(bearer, this.localToken) ? LOCAL_PRINCIPAL : this.apiKeys.authenticate(bearer);
  }
}

/** Compares digests, so that the time depends neither on the content nor on the length. */
const equalInConstantTime = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
