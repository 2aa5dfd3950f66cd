import {
  actorOf,
  PERMISSIONS,
  presentPermissions,
  scopesOf,
  type Clock,
  type GivenRates,
  type GivenScopes,
  type Permission,
  type Principal,
  type Role,
} from '#platform';
import type { AccessRows, ApiKeyRow, ApiKeyTable } from './api-key-row.js';
import { Blocks } from './blocks.js';
import { KeyUse } from './key-use.js';
import { grantedScopes, permissionsOf } from './grants.js';
import { drawKey, isSecret, readKey, type DrawnKey } from './key-text.js';

/** An API key as it may be shown: never the key itself. */
export interface ApiKeyRecord extends Omit<ApiKeyRow, 'hash' | 'permissions'> {
  /** All that the key may do: what its role allows, and what it was granted beside it. */
  readonly permissions: readonly Permission[];
  /** When its principal was blocked; null: it is not. */
  readonly blockedAt: number | null;
}

/** What a new key gets beside single permissions. */
export interface ApiKeyOptions {
  readonly role?: Role | null;
  /** Scopes that are absent are those of the role, or else unlimited. */
  readonly scopes?: GivenScopes;
  readonly rate?: GivenRates;
  readonly standingPurpose?: string;
  /** UTC milliseconds; null, the default: never. */
  readonly expiresAt?: number | null;
  /** A key that was drawn before, and handed out already. */
  readonly drawn?: Pick<DrawnKey, 'id' | 'hash'>;
}

export interface CreatedKey {
  readonly key: string;
  readonly record: ApiKeyRecord;
  /** Show the key only after this has resolved: then it survives a restart. It cannot be shown again. */
  readonly stored: Promise<void>;
}

interface KnownKey {
  readonly row: ApiKeyRow;
  readonly principal: Principal;
  /** Whether its principal is blocked, or that of a key that it replaces or is replaced by. */
  isBlocked: boolean;
}

/** Called with the id of a known key that came with a wrong secret. */
export type WrongSecretListener = (id: string) => void;

const ADMIN = 'admin';

/** The API keys, in memory: every request asks for one. Only a hash of each secret is kept. */
export class ApiKeys {
  private readonly known = new Map<string, KnownKey>();
  private readonly blocks: Blocks;
  private readonly use: KeyUse;
  /** Set by what records it. */
  onWrongSecret: WrongSecretListener = () => undefined;

  private constructor(
    private readonly table: ApiKeyTable,
    private readonly clock: Clock,
  ) {
    this.use = new KeyUse((lastUsed) => table.used(lastUsed));
    this.blocks = new Blocks();
  }

  /** Reads the stored keys, and from then on follows the changes of other processes. */
  static async open(table: ApiKeyTable, clock: Clock): Promise<ApiKeys> {
    const keys = new ApiKeys(table, clock);
    const merge = (rows: AccessRows): void => keys.merge(rows);
    merge(await table.readAll());
    table.onPolled(merge);
    return keys;
  }

  create(name: string, permissions: readonly Permission[], options: ApiKeyOptions = {}): CreatedKey {
    const { key, row } = this.draw(name, permissions, options);
    const stored = this.table.insert(row);
    this.remember(row);
    return { key, record: this.recordOf(row), stored };
  }

  /** Creates the admin key where no key exists yet: at the first start. Null afterwards. */
  async createAdminOnce(): Promise<string | null> {
    if (this.known.size > 0) return null;
    const { key, row } = this.draw(ADMIN, PERMISSIONS, {});
    if (!(await this.table.insertFirst(row))) return null;
    this.remember(row);
    return key;
  }

  /** All keys, revoked and expired ones too, oldest first. */
  list(): ApiKeyRecord[] {
    return [...this.known.values()]
      .map(({ row }) => this.recordOf(row))
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** Revokes a key from now on; null where no key has this id. Twice is the same as once. */
  async revoke(id: string): Promise<ApiKeyRecord | null> {
    const known = this.known.get(id);
    if (known === undefined) return null;
    if (known.row.revokedAt !== null) return this.recordOf(known.row);
    const row = { ...known.row, revokedAt: this.clock.now() };
    // Rejected from this moment on, even if storing the revocation fails.
    this.known.set(id, { ...known, row });
    await this.table.revoke(id, row.revokedAt);
    return this.recordOf(row);
  }

  /**
   * Creates a key to take the place of another: with the same rights and an expiry as far away. The old key stays valid for the overlap, so that
   * both work while the new one is rolled out. Null where the old one is unknown, or no longer valid.
   */
  rotate(id: string, overlapMs: number, drawn: Pick<DrawnKey, 'id' | 'hash'> = drawKey()): CreatedKey | null {
    const old = this.known.get(id)?.row;
    const now = this.clock.now();
    if (old === undefined || !isValid(old, now)) return null;
    const expiresAt = old.expiresAt === null ? null : now + (old.expiresAt - old.createdAt);
    const { key, row } = this.draw(old.name, old.permissions, { ...old, expiresAt, drawn }, id);
    const until = now + overlapMs;
    const stored = this.table.insert(row).then(() => this.table.expire(id, until));
    this.remember(row);
    this.remember({ ...old, expiresAt: until });
    this.markBlocked();
    return { key, record: this.recordOf(row), stored };
  }

  /** The key that replaces this one and is still valid; null where there is none. */
  successorOf(id: string): ApiKeyRecord | null {
    const now = this.clock.now();
    for (const { row } of this.known.values()) if (row.replaces === id && isValid(row, now)) return this.recordOf(row);
    return null;
  }

  /** One key; null where no key has this id. */
  find(id: string): ApiKeyRecord | null {
    const known = this.known.get(id);
    return known === undefined ? null : this.recordOf(known.row);
  }

  /** Locks a principal out from now on, whatever key it shows; a key is locked out with those that it replaces and is replaced by. */
  async block(principal: string, by: string): Promise<void> {
    if (this.blocks.isBlocked(principal)) return;
    const row = { principal, at: this.clock.now(), by, liftedAt: null };
    this.blocks.add(row);
    this.markBlocked();
    await this.table.block(row);
  }

  /** Lets a principal act again. */
  async unblock(principal: string): Promise<void> {
    const at = this.clock.now();
    await this.table.unblock(principal, at);
    this.blocks.lift(principal, at);
    this.markBlocked();
  }

  /** Whether a principal is locked out: `person:…`, or the key itself as `key:…`. */
  isBlocked(principal: string): boolean {
    return this.blocks.isBlocked(principal);
  }

  /** The principal of a key; null for a key that is unknown, malformed, expired or revoked, or whose principal is blocked. */
  authenticate(key: string): Principal | null {
    const read = readKey(key);
    const known = read === null ? undefined : this.known.get(read.id);
    if (read === null || known === undefined) return null;
    const { row, principal, isBlocked } = known;
    if (!isSecret(read.secret, row.hash)) {
      this.onWrongSecret(read.id);
      return null;
    }
    const now = this.clock.now();
    if (isBlocked || !isValid(row, now)) return null;
    this.use.note(row.id, now);
    return principal;
  }

  /** The principal of a key that was shown before, as it is now; null once the key is expired or revoked, or its principal is blocked. */
  principalById(id: string): Principal | null {
    const known = this.known.get(id);
    const now = this.clock.now();
    if (known === undefined || known.isBlocked || !isValid(known.row, now)) return null;
    this.use.note(id, now);
    return known.principal;
  }

  /** Writes what is still to be written of the keys' use. */
  async close(): Promise<void> {
    await this.use.flush();
  }

  private draw(
    name: string,
    permissions: readonly Permission[],
    { role = null, scopes = {}, rate = {}, standingPurpose, expiresAt = null, drawn = drawKey() }: ApiKeyOptions,
    replaces: string | null = null,
  ): { readonly key: string; readonly row: ApiKeyRow } {
    const { id, hash } = drawn;
    const row = {
      ...{ id, name, hash, role },
      permissions: PERMISSIONS.filter((each) => permissions.includes(each)),
      scopes: grantedScopes({ role, scopes }),
      rate,
      ...(standingPurpose === undefined ? {} : { standingPurpose }),
      ...{ createdAt: this.clock.now(), expiresAt, replaces, lastUsedAt: null, revokedAt: null },
    };
    return { key: 'text' in drawn ? String(drawn.text) : '', row };
  }

  private merge({ keys, blocks }: AccessRows): void {
    for (const row of keys) this.remember(row);
    for (const row of blocks) this.blocks.add(row);
    this.markBlocked();
  }

  /** What this process has changed holds, even if the row was read a moment before: a revocation is final, and an expiry only comes nearer. */
  private remember(stored: ApiKeyRow): void {
    const before = this.known.get(stored.id)?.row;
    const row = {
      ...stored,
      permissions: presentPermissions(stored.permissions),
      revokedAt: before?.revokedAt ?? stored.revokedAt,
      expiresAt: earlier(before?.expiresAt ?? null, stored.expiresAt),
      lastUsedAt: later(before?.lastUsedAt ?? null, stored.lastUsedAt),
    };
    this.known.set(row.id, { row, principal: principalOf(row), isBlocked: this.known.get(row.id)?.isBlocked ?? false });
  }

  /** Marks the keys of blocked principals: once for each change, so that a request looks nothing up. */
  private markBlocked(): void {
    const blocked = new Set<string>();
    if (this.blocks.standing.size > 0)
      for (const { row } of this.known.values())
        if (this.blocks.isBlocked(principalIdOf(row))) blocked.add(this.firstOf(row.id));
    for (const known of this.known.values())
      known.isBlocked = blocked.size > 0 && blocked.has(this.firstOf(known.row.id));
  }

  /** The first key of the row of keys that replaced each other, up to this one. */
  private firstOf(id: string): string {
    for (let first = id; ;) {
      const before = this.known.get(first)?.row.replaces ?? null;
      if (before === null) return first;
      first = before;
    }
  }

  private recordOf({ hash: _, ...row }: ApiKeyRow): ApiKeyRecord {
    return {
      ...row,
      permissions: permissionsOf(row),
      lastUsedAt: later(row.lastUsedAt, this.use.lastUsed(row.id)),
      blockedAt: this.blocks.standing.get(principalIdOf(row)) ?? null,
    };
  }
}

const isValid = ({ revokedAt, expiresAt }: ApiKeyRow, now: number): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > now);

const principalIdOf = ({ id }: Pick<ApiKeyRow, 'id'>): string => actorOf({ kind: 'key', id });

const principalOf = (row: ApiKeyRow): Principal => ({
  id: row.id,
  kind: 'key',
  name: row.name,
  roles: row.role === null ? [] : [row.role],
  permissions: new Set(permissionsOf(row)),
  scopes: scopesOf(row.scopes),
  rate: row.rate,
  ...(row.standingPurpose === undefined ? {} : { standingPurpose: row.standingPurpose }),
});

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const later = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
