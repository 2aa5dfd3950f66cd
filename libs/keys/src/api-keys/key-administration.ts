import { DAY, parseInstant } from '#contracts';
import type { Clock, Principal } from '#platform';
import type { ApiKeyRecord, ApiKeys } from './api-keys.js';
import { beyondOwnRights, permissionsOf, type Grant } from './grants.js';
import type { NewApiKey } from './new-api-key.js';

/** A request about keys that is not carried out. */
export class KeyRequestError extends Error {
  override readonly name = 'KeyRequestError';
  constructor(
    readonly code: 'unknown-key' | 'beyond-own-rights' | 'invalid',
    message: string,
    /** Where the request is invalid: a JSON pointer, and how to fix it. */
    readonly at: { readonly pointer: string; readonly hint: string } | null = null,
  ) {
    super(message);
  }
}

const EXPIRES_AFTER_MS = 365 * DAY;

/** What administrators do with API keys, over HTTP and on the command line alike. */
export class KeyAdministration {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly clock: Clock,
  ) {}

  /** All keys, revoked and expired ones too, oldest first. */
  list(): readonly ApiKeyRecord[] {
    return this.apiKeys.list();
  }

  /**
   * Creates a key. It resolves when the key is durable; only this answer has it.
   * @throws KeyRequestError `beyond-own-rights`, `invalid`
   */
  async create(request: NewApiKey, by: Principal): Promise<{ readonly key: string; readonly record: ApiKeyRecord }> {
    const grant: Grant = {
      role: request.role ?? null,
      permissions: request.permissions ?? [],
      scopes: request.scopes ?? {},
    };
    const beyond = beyondOwnRights(by, grant);
    if (beyond !== null)
      throw new KeyRequestError(
        'beyond-own-rights',
        `"${by.name}" cannot grant ${beyond}: a principal grants no more than it holds.`,
      );
    const expiresAt = this.expiryOf(request, grant);
    const { key, record, stored } = this.apiKeys.create(request.name, grant.permissions, { ...grant, expiresAt });
    await stored;
    return { key, record };
  }

  /**
   * Revokes a key from now on. Twice is the same as once.
   * @throws KeyRequestError `unknown-key`
   */
  async revoke(id: string, _by: Principal): Promise<ApiKeyRecord> {
    const record = await this.apiKeys.revoke(id);
    if (record === null) throw new KeyRequestError('unknown-key', `No API key has the id "${id}".`);
    return record;
  }

  private expiryOf({ expiresAt }: NewApiKey, grant: Grant): number | null {
    if (expiresAt === undefined) return this.clock.now() + EXPIRES_AFTER_MS;
    if (expiresAt !== null) {
      const at = parseInstant(expiresAt) as number;
      if (at > this.clock.now()) return at;
      throw invalidExpiry('must lie in the future', 'give a later date-time');
    }
    if (permissionsOf(grant).every((each) => each === 'publish')) return null;
    throw invalidExpiry(
      'may be null only for a key that does nothing but publish',
      'give a date-time, or leave it out',
    );
  }
}

const invalidExpiry = (detail: string, hint: string): KeyRequestError =>
  new KeyRequestError('invalid', detail, { pointer: '#/expiresAt', hint });
