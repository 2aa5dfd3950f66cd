import { DAY, parseInstant } from '#contracts';
import {
  ActImpossible,
  ActRequested,
  actorOf,
  type Act,
  type ApprovedAct,
  type Acts,
  type Approvals,
  type Clock,
  type GivenRates,
  type GivenScopes,
  type Permission,
  type Principal,
  type Role,
} from '#platform';
import type { ApiKeyRecord, ApiKeys } from './api-keys.js';
import { actsOfGrant, beyondOwnRights, permissionsOf, type Grant } from './grants.js';
import { drawKey, type DrawnKey } from './key-text.js';
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

const GRANTS = ['grant-administer', 'grant-open'] as const;

/** A grant that waited for its approval, as the log holds it. */
type ApprovedGrant =
  | {
      readonly kind: 'create';
      readonly keyId: string;
      readonly name: string;
      readonly role: Role | null;
      readonly permissions: readonly Permission[];
      readonly scopes: GivenScopes;
      readonly rate: GivenRates;
      readonly standingPurpose?: string;
      readonly expiresAt: number | null;
    }
  | { readonly kind: 'rotate'; readonly keyId: string; readonly replaces: string; readonly overlapDays: number }
  | { readonly kind: 'unblock'; readonly principal: string };

/** What administrators do with API keys, over HTTP and on the command line alike. */
export class KeyAdministration {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly clock: Clock,
    private readonly acts: Acts,
    private readonly approvals: Approvals,
  ) {
    for (const act of GRANTS) approvals.onApproved(act, (approved) => this.perform(approved));
  }

  /** All keys, revoked and expired ones too, oldest first. */
  list(): readonly ApiKeyRecord[] {
    return this.apiKeys.list();
  }

  /**
   * Creates a key. It resolves when the key is durable; only this answer has it.
   * @throws KeyRequestError `beyond-own-rights`, `invalid`
   * @throws ActRequested where another principal has to approve it: then with the key, which is valid from then on
   */
  async create(request: NewApiKey, by: Principal): Promise<{ readonly key: string; readonly record: ApiKeyRecord }> {
    const grant: Grant = {
      role: request.role ?? null,
      permissions: request.permissions ?? [],
      scopes: request.scopes ?? {},
    };
    assertWithinRights(by, grant);
    const expiresAt = this.expiryOf(request, grant);
    const { standingPurpose } = request;
    const standing = standingPurpose === undefined ? {} : { standingPurpose };
    const drawn = drawKey();
    const asked = {
      kind: 'create' as const,
      keyId: drawn.id,
      name: request.name,
      ...grant,
      rate: request.rate ?? {},
      ...standing,
      expiresAt,
    };
    await this.require(asked, grant, by, drawn);
    return { key: drawn.text, record: await this.createDrawn(asked, drawn.hash, actorOf(by)) };
  }

  private async createDrawn(
    { keyId, name, rate, expiresAt, standingPurpose, ...grant }: Extract<ApprovedGrant, { kind: 'create' }>,
    hash: Buffer,
    by: string,
  ): Promise<ApiKeyRecord> {
    const standing = standingPurpose === undefined ? {} : { standingPurpose };
    // An approved act may be done twice, after a crash: the key is the same one.
    const before = this.apiKeys.find(keyId);
    const created =
      before === null
        ? this.apiKeys.create(name, grant.permissions, {
            ...grant,
            rate,
            ...standing,
            expiresAt,
            drawn: { id: keyId, hash },
          })
        : null;
    await created?.stored;
    const record = created?.record ?? this.find(keyId);
    const { role, permissions, scopes } = record;
    await this.recordOrRevoke(keyId, {
      ...{ name: 'key-created', by, id: `key-created ${keyId}` },
      data: {
        ...{ keyId, name, role, permissions, scopes },
        ...(Object.keys(rate).length === 0 ? {} : { rate }),
        ...standing,
        ...(expiresAt === null ? {} : { expiresAt }),
      },
    });
    return record;
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
   * @throws ActRequested as `create` does
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
    const drawn = drawKey();
    const asked = { kind: 'rotate' as const, keyId: drawn.id, replaces: id, overlapDays };
    await this.require(asked, old, by, drawn);
    return { key: drawn.text, record: await this.rotateDrawn(asked, drawn.hash, actorOf(by)) };
  }

  private async rotateDrawn(
    { keyId, replaces, overlapDays }: Extract<ApprovedGrant, { kind: 'rotate' }>,
    hash: Buffer,
    by: string,
  ): Promise<ApiKeyRecord> {
    const rotated =
      this.apiKeys.find(keyId) === null
        ? this.apiKeys.rotate(replaces, overlapDays * DAY, { id: keyId, hash })
        : { record: this.find(keyId), stored: Promise.resolve() };
    if (rotated === null)
      throw new KeyRequestError(
        'not-rotatable',
        `The key "${replaces}" is expired or revoked, so it cannot be rotated: create a key.`,
      );
    await rotated.stored;
    const { expiresAt } = rotated.record;
    const formerValidUntil = this.find(replaces).expiresAt ?? this.clock.now();
    await this.recordOrRevoke(keyId, {
      ...{ name: 'key-rotated', by, id: `key-rotated ${keyId}` },
      data: { keyId, replaces, formerValidUntil, ...(expiresAt === null ? {} : { expiresAt }) },
    });
    return rotated.record;
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
   * @throws ActRequested where another principal has to approve it
   */
  async unblock(principal: string, by: Principal): Promise<void> {
    this.assertKnown(principal);
    // A person's rights come with their token: they are not known here, so that any of them may come back.
    const acts = principal.startsWith('key:') ? actsOfGrant(this.find(principal.slice('key:'.length))) : GRANTS;
    if (this.apiKeys.isBlocked(principal))
      await this.approvals.require({ acts, by, detail: { kind: 'unblock', principal } });
    await this.unblockNow(principal, actorOf(by));
  }

  private async unblockNow(principal: string, by: string): Promise<void> {
    await this.apiKeys.unblock(principal);
    await this.acts.record({ name: 'principal-unblocked', by, data: { principal } });
  }

  /** Does what was approved. Twice is the same as once. */
  private async perform({ detail, hidden, by }: ApprovedAct): Promise<void> {
    const grant = detail as unknown as ApprovedGrant;
    if (grant.kind !== 'unblock' && hidden === null)
      throw new ActImpossible('The key that was asked for cannot be opened any more: ask for it again.');
    const hash = Buffer.from(String(hidden?.['hash']), 'hex');
    try {
      switch (grant.kind) {
        case 'create':
          await this.createDrawn(grant, hash, by);
          return;
        case 'rotate':
          await this.rotateDrawn(grant, hash, by);
          return;
        case 'unblock':
          await this.unblockNow(grant.principal, by);
      }
    } catch (error) {
      throw error instanceof KeyRequestError ? new ActImpossible(error.message) : error;
    }
  }

  /** Asks whether a key of such rights may be handed out by one alone. Where it waits, the key is handed out with the answer: it is valid once it is approved. */
  private async require(
    detail: Exclude<ApprovedGrant, { kind: 'unblock' }>,
    grant: Grant,
    by: Principal,
    { text, hash }: DrawnKey,
  ): Promise<void> {
    try {
      await this.approvals.require({
        ...{ acts: actsOfGrant(grant), by, hidden: { hash: hash.toString('hex') } },
        detail: { ...detail },
      });
    } catch (error) {
      throw error instanceof ActRequested ? error.withKey(text) : error;
    }
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
