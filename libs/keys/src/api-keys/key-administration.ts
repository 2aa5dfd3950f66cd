import { DAY, parseInstant } from '#contracts';
import { actorOf, type Act, type Acts, type Clock, type Principal } from '#platform';
import type { ApiKeyRecord, ApiKeys } from './api-keys.js';
import { beyondOwnRights, permissionsOf, type Grant } from './grants.js';
import type { NewApiKey } from './new-api-key.js';
import type { RotationRequest } from './rotation-request.js';

/** A request about keys that is not carried out. */
export class KeyRequestError extends Error {
  override readonly name = 'KeyRequestError';
  constructor(
    readonly code: 'unknown-key' | 'unknown-principal' | 'beyond-own-rights' | 'not-rotatable' | 'invalid',
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
    private readonly acts: Acts,
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
    assertWithinRights(by, grant);
    const expiresAt = this.expiryOf(request, grant);
    const { rate = {} } = request;
    const { key, record, stored } = this.apiKeys.create(request.name, grant.permissions, { ...grant, rate, expiresAt });
    await stored;
    const { id: keyId, name, role, permissions, scopes } = record;
    await this.recordOrRevoke(keyId, {
      ...{ name: 'key-created', by: actorOf(by) },
      data: {
        ...{ keyId, name, role, permissions, scopes },
        ...(Object.keys(rate).length === 0 ? {} : { rate }),
        ...(expiresAt === null ? {} : { expiresAt }),
      },
    });
    return { key, record };
  }

  /** @throws KeyRequestError `unknown-key` */
  find(id: string): ApiKeyRecord {
    const record = this.apiKeys.find(id);
    if (record === null) throw unknownKey(id);
    return record;
  }

  /**
   * Creates a key in the place of another, which stays valid for the overlap. It resolves when both are durable; only this answer has the new key.
   * @throws KeyRequestError `unknown-key`, `not-rotatable`, `beyond-own-rights`
   */
  async rotate(
    id: string,
    { overlapDays }: RotationRequest,
    by: Principal,
  ): Promise<{ readonly key: string; readonly record: ApiKeyRecord }> {
    const old = this.find(id);
    // A new secret with more rights than its reader's would be a way around the rule of `create`.
    assertWithinRights(by, old);
    const successor = this.apiKeys.successorOf(id);
    if (successor !== null)
      throw new KeyRequestError(
        'not-rotatable',
        `The key "${id}" is already replaced by the key "${successor.id}": rotate that one, or revoke it first.`,
      );
    const rotated = this.apiKeys.rotate(id, overlapDays * DAY);
    if (rotated === null)
      throw new KeyRequestError(
        'not-rotatable',
        `The key "${id}" is expired or revoked, so it cannot be rotated: create a key.`,
      );
    await rotated.stored;
    const { id: keyId, expiresAt } = rotated.record;
    const formerValidUntil = this.find(id).expiresAt ?? this.clock.now();
    await this.recordOrRevoke(keyId, {
      ...{ name: 'key-rotated', by: actorOf(by) },
      data: { keyId, replaces: id, formerValidUntil, ...(expiresAt === null ? {} : { expiresAt }) },
    });
    return rotated;
  }

  /**
   * Locks a principal out from now on, in every process within a second. Twice is the same as once.
   * @param principal as acts name it: `key:5f0c3a9b1d2e`, `person:…`
   * @throws KeyRequestError `unknown-principal`
   */
  async block(principal: string, by: Principal): Promise<void> {
    this.assertKnown(principal);
    await this.apiKeys.block(principal, actorOf(by));
    await this.acts.record({ name: 'principal-blocked', by: actorOf(by), data: { principal } });
  }

  /**
   * Lets a principal act again.
   * @throws KeyRequestError `unknown-principal`
   */
  async unblock(principal: string, by: Principal): Promise<void> {
    this.assertKnown(principal);
    await this.apiKeys.unblock(principal);
    await this.acts.record({ name: 'principal-unblocked', by: actorOf(by), data: { principal } });
  }

  /**
   * Revokes a key from now on. Twice is the same as once.
   * @throws KeyRequestError `unknown-key`
   */
  async revoke(id: string, by: Principal): Promise<ApiKeyRecord> {
    const record = await this.apiKeys.revoke(id);
    if (record === null) throw unknownKey(id);
    await this.acts.record({ name: 'key-revoked', by: actorOf(by), data: { keyId: id } });
    return record;
  }

  /** Records how a key came about; where that fails, the key is revoked, so that none is valid without a record. */
  private async recordOrRevoke(id: string, act: Act): Promise<void> {
    try {
      await this.acts.record(act);
    } catch (error) {
      await this.apiKeys.revoke(id);
      throw error;
    }
  }

  private assertKnown(principal: string): void {
    const [, kind, id = ''] = /^(key|person):(.{1,500})$/.exec(principal) ?? [];
    // People come from the identity provider: the engine does not know them before they sign in.
    if (kind === 'person' || (kind === 'key' && this.apiKeys.find(id) !== null)) return;
    throw new KeyRequestError(
      'unknown-principal',
      `No principal has the id "${principal}": give key: and the id of a key, or person: and the id of a person.`,
    );
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

const unknownKey = (id: string): KeyRequestError =>
  new KeyRequestError('unknown-key', `No API key has the id "${id}".`);

function assertWithinRights(by: Principal, grant: Grant): void {
  const beyond = beyondOwnRights(by, grant);
  if (beyond !== null)
    throw new KeyRequestError(
      'beyond-own-rights',
      `"${by.name}" cannot grant ${beyond}: a principal grants no more than it holds.`,
    );
}
