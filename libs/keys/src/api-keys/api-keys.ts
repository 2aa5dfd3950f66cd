import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { PERMISSIONS, presentPermissions, type Clock, type Permission, type Principal } from '#platform';
import type { ApiKeyRow, ApiKeyTable } from './api-key-table.js';

/** An API key as it may be shown: never the key itself. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** UTC milliseconds. */
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

interface KnownKey {
  readonly row: ApiKeyRow;
  readonly principal: Principal;
}

const KEY = /^pk_([0-9a-f]{12})_([\w-]{43})$/;
const ADMIN = 'admin';

/**
 * The API keys: `pk_<id>_<secret>`, shown once on creation. Only a hash of the secret is stored: the secret has 256 random bits, so a plain
 * hash cannot be reversed.
 */
export class ApiKeys {
  private readonly known = new Map<string, KnownKey>();

  private constructor(
    private readonly table: ApiKeyTable,
    private readonly clock: Clock,
  ) {}

  /** Reads the stored keys, and from then on follows the changes of other processes. */
  static async open(table: ApiKeyTable, clock: Clock): Promise<ApiKeys> {
    const keys = new ApiKeys(table, clock);
    for (const row of await table.readAll()) keys.remember(row);
    table.onPolled((rows) => {
      for (const row of rows) keys.remember(row);
    });
    return keys;
  }

  /** Creates a key. Show `key` only after `stored` has resolved: then the key survives a restart. It cannot be shown again. */
  create(
    name: string,
    permissions: readonly Permission[],
  ): { readonly key: string; readonly record: ApiKeyRecord; readonly stored: Promise<void> } {
    const { key, row } = this.draw(name, permissions);
    const stored = this.table.insert(row);
    this.remember(row);
    return { key, record: recordOf(row), stored };
  }

  /** Creates the admin key where no key exists yet: at the first start. Null afterwards. */
  async createAdminOnce(): Promise<string | null> {
    if (this.known.size > 0) return null;
    const { key, row } = this.draw(ADMIN, PERMISSIONS);
    if (!(await this.table.insertFirst(row))) return null;
    this.remember(row);
    return key;
  }

  /** All keys, revoked ones too, oldest first. */
  list(): ApiKeyRecord[] {
    return [...this.known.values()]
      .map(({ row }) => recordOf(row))
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** Revokes a key from now on; null where no key has this id. Twice is the same as once. */
  async revoke(id: string): Promise<ApiKeyRecord | null> {
    const known = this.known.get(id);
    if (known === undefined) return null;
    if (known.row.revokedAt !== null) return recordOf(known.row);
    const row = { ...known.row, revokedAt: this.clock.now() };
    // Rejected from this moment on, even if storing the revocation fails.
    this.known.set(id, { ...known, row });
    await this.table.revoke(id, row.revokedAt);
    return recordOf(row);
  }

  /** The principal of a key; null for a key that is unknown, malformed or revoked. */
  authenticate(key: string): Principal | null {
    const match = KEY.exec(key);
    if (match === null) return null;
    const known = this.known.get(match[1] as string);
    if (known === undefined || known.row.revokedAt !== null) return null;
    return timingSafeEqual(hashOf(match[2] as string), known.row.hash) ? known.principal : null;
  }

  private draw(name: string, permissions: readonly Permission[]): { readonly key: string; readonly row: ApiKeyRow } {
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

  private remember(stored: ApiKeyRow): void {
    // A key revoked by this process stays revoked, even if the row was read a moment before.
    if ((this.known.get(stored.id)?.row.revokedAt ?? null) !== null) return;
    const row = { ...stored, permissions: presentPermissions(stored.permissions) };
    const principal = { id: row.id, name: row.name, permissions: new Set(row.permissions) };
    this.known.set(row.id, { row, principal });
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
