import {
  actorOf,
  PERMISSIONS,
  presentPermissions,
  scopesOf,
  type Clock,
  type GivenScopes,
  type Permission,
  type Principal,
  type Role,
} from '#platform';
import type { AccessRows, ApiKeyRow, ApiKeyTable, BlockRow } from './api-key-row.js';
import { grantedScopes, permissionsOf } from './grants.js';
import { drawKey, isSecret, readKey } from './key-text.js';

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
  /** UTC milliseconds; null, the default: never. */
  readonly expiresAt?: number | null;
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
}

const ADMIN = 'admin';

/** The API keys, in memory: every request asks for one. Only a hash of each secret is kept. */
export class ApiKeys {
  private readonly known = new Map<string, KnownKey>();
  /** By principal and instant. */
  private readonly blocks = new Map<string, BlockRow>();
  private blocked: ReadonlyMap<string, number> = new Map();

  private constructor(
    private readonly table: ApiKeyTable,
    private readonly clock: Clock,
  ) {}

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

  /** The principal of a key; null for a key that is unknown, malformed, expired or revoked, or whose principal is blocked. */
  authenticate(key: string): Principal | null {
    const read = readKey(key);
    const known = read === null ? undefined : this.known.get(read.id);
    if (read === null || known === undefined || known.row.revokedAt !== null) return null;
    const { row, principal } = known;
    if (row.expiresAt !== null && row.expiresAt <= this.clock.now()) return null;
    if (this.blocked.size > 0 && this.blocked.has(actorOf(principal))) return null;
    return isSecret(read.secret, row.hash) ? principal : null;
  }

  private draw(
    name: string,
    permissions: readonly Permission[],
    { role = null, scopes = {}, expiresAt = null }: ApiKeyOptions,
  ): { readonly key: string; readonly row: ApiKeyRow } {
    const { id, text, hash } = drawKey();
    const row = {
      ...{ id, name, hash, role },
      permissions: PERMISSIONS.filter((each) => permissions.includes(each)),
      scopes: grantedScopes({ role, scopes }),
      ...{ createdAt: this.clock.now(), expiresAt, replaces: null, lastUsedAt: null, revokedAt: null },
    };
    return { key: text, row };
  }

  private merge({ keys, blocks }: AccessRows): void {
    for (const row of keys) this.remember(row);
    for (const row of blocks) this.rememberBlock(row);
    this.deriveBlocked();
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
    this.known.set(row.id, { row, principal: principalOf(row) });
  }

  private rememberBlock(stored: BlockRow): void {
    const key = `${stored.principal} ${stored.at}`;
    this.blocks.set(key, { ...stored, liftedAt: this.blocks.get(key)?.liftedAt ?? stored.liftedAt });
  }

  private deriveBlocked(): void {
    const standing = [...this.blocks.values()].filter(({ liftedAt }) => liftedAt === null);
    this.blocked = new Map(standing.map(({ principal, at }) => [principal, at]));
  }

  private recordOf({ hash: _, ...row }: ApiKeyRow): ApiKeyRecord {
    return {
      ...row,
      permissions: permissionsOf(row),
      blockedAt: this.blocked.get(actorOf({ kind: 'key', id: row.id })) ?? null,
    };
  }
}

const principalOf = (row: ApiKeyRow): Principal => ({
  id: row.id,
  kind: 'key',
  name: row.name,
  roles: row.role === null ? [] : [row.role],
  permissions: new Set(permissionsOf(row)),
  scopes: scopesOf(row.scopes),
});

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const later = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
