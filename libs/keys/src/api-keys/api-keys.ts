import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#platform';
import type { ApiKeyRow, ApiKeyTable } from './api-key-table.js';
import { PERMISSIONS, type Permission, type Principal } from '#platform';

/** A key as it may be shown: never the key itself. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** UTC milliseconds. */
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

interface Held {
  readonly row: ApiKeyRow;
  readonly principal: Principal;
}

const KEY = /^pk_([0-9a-f]{12})_([\w-]{43})$/;
const ADMIN = 'admin';

/**
 * The API keys: `pk_<id>_<secret>`, shown once when made. Only a hash of the secret is kept: it has 256 bits of chance,
 * so a plain hash cannot be turned back.
 */
export class ApiKeys {
  private readonly held = new Map<string, Held>();

  private constructor(
    private readonly table: ApiKeyTable,
    private readonly clock: Clock,
  ) {}

  /** Reads what keys there are, and from then on follows what other processes change. */
  static async open(table: ApiKeyTable, clock: Clock): Promise<ApiKeys> {
    const keys = new ApiKeys(table, clock);
    for (const row of await table.readAll()) keys.hold(row);
    table.onLooked((rows) => {
      for (const row of rows) keys.hold(row);
    });
    return keys;
  }

  /**
   * Makes a key; `key` is shown to the person who asked, and never again. Show it once `kept` has resolved: then it will be
   * there after a restart.
   */
  create(
    name: string,
    permissions: readonly Permission[],
  ): { readonly key: string; readonly record: ApiKeyRecord; readonly kept: Promise<void> } {
    const { key, row } = this.make(name, permissions);
    const kept = this.table.insert(row);
    this.hold(row);
    return { key, record: recordOf(row), kept };
  }

  /** Makes the admin key where there is no key yet: the first start. Null afterwards. */
  async createAdminOnce(): Promise<string | null> {
    if (this.held.size > 0) return null;
    const { key, row } = this.make(ADMIN, PERMISSIONS);
    if (!(await this.table.insertFirst(row))) return null;
    this.hold(row);
    return key;
  }

  /** All keys, revoked ones too, oldest first. */
  list(): ApiKeyRecord[] {
    return [...this.held.values()]
      .map(({ row }) => recordOf(row))
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** Revokes a key from now on; null where there is none of that id. Twice is the same as once. */
  async revoke(id: string): Promise<ApiKeyRecord | null> {
    const held = this.held.get(id);
    if (held === undefined) return null;
    if (held.row.revokedAt !== null) return recordOf(held.row);
    const row = { ...held.row, revokedAt: this.clock.now() };
    // Rejected from this moment on, whatever becomes of writing it down.
    this.held.set(id, { ...held, row });
    await this.table.revoke(id, row.revokedAt);
    return recordOf(row);
  }

  /** Whose key this is, or null for one that is unknown, malformed or revoked. */
  authenticate(key: string): Principal | null {
    const match = KEY.exec(key);
    if (match === null) return null;
    const held = this.held.get(match[1] as string);
    if (held === undefined || held.row.revokedAt !== null) return null;
    return timingSafeEqual(hashOf(match[2] as string), held.row.hash) ? held.principal : null;
  }

  private make(name: string, permissions: readonly Permission[]): { readonly key: string; readonly row: ApiKeyRow } {
    const id = randomBytes(6).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const row = {
      id,
      name,
      hash: hashOf(secret),
      permissions: PERMISSIONS.filter((each) => permissions.includes(each)),
      createdAt: this.clock.now(),
      revokedAt: null,
    };
    return { key: `pk_${id}_${secret}`, row };
  }

  private hold(row: ApiKeyRow): void {
    // What was revoked here stays so, even if it was read elsewhere a moment before.
    if ((this.held.get(row.id)?.row.revokedAt ?? null) !== null) return;
    const principal = { id: row.id, name: row.name, permissions: new Set(row.permissions) };
    this.held.set(row.id, { row, principal });
  }
}

const recordOf = ({ id, name, permissions, createdAt, revokedAt }: ApiKeyRow): ApiKeyRecord => ({
  id,
  name,
  permissions,
  createdAt,
  revokedAt,
});

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
