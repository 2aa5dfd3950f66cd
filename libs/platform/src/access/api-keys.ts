import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Clock } from '../clock.js';
import { PERMISSIONS, type Permission, type Principal } from './permissions.js';

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
  readonly record: ApiKeyRecord;
  readonly hash: Buffer;
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

  constructor(
    private readonly db: DatabaseSyncInstance,
    private readonly clock: Clock,
  ) {
    db.exec(`CREATE TABLE IF NOT EXISTS api_keys (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, permissions TEXT NOT NULL,
      created_at INTEGER NOT NULL, revoked_at INTEGER) WITHOUT ROWID`);
    for (const row of db.prepare('SELECT * FROM api_keys').all() as Record<string, unknown>[]) {
      this.hold(
        {
          id: row['id'] as string,
          name: row['name'] as string,
          permissions: JSON.parse(row['permissions'] as string) as Permission[],
          createdAt: row['created_at'] as number,
          revokedAt: row['revoked_at'] as number | null,
        },
        Buffer.from(row['hash'] as Uint8Array),
      );
    }
  }

  /** Makes a key; `key` is shown to the person who asked, and never again. */
  create(name: string, permissions: readonly Permission[]): { readonly key: string; readonly record: ApiKeyRecord } {
    const id = randomBytes(6).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const record: ApiKeyRecord = {
      id,
      name,
      permissions: PERMISSIONS.filter((each) => permissions.includes(each)),
      createdAt: this.clock.now(),
      revokedAt: null,
    };
    const hash = hashOf(secret);
    this.db
      .prepare('INSERT INTO api_keys (id, name, hash, permissions, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(id, name, hash, JSON.stringify(record.permissions), record.createdAt);
    this.hold(record, hash);
    return { key: `pk_${id}_${secret}`, record };
  }

  /** Makes the admin key where there is no key yet: the first start. Null afterwards. */
  createAdminOnce(): string | null {
    return this.held.size > 0 ? null : this.create(ADMIN, PERMISSIONS).key;
  }

  /** All keys, revoked ones too, oldest first. */
  list(): ApiKeyRecord[] {
    return [...this.held.values()]
      .map(({ record }) => record)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** Revokes a key from now on; null where there is none of that id. Twice is the same as once. */
  revoke(id: string): ApiKeyRecord | null {
    const held = this.held.get(id);
    if (held === undefined) return null;
    if (held.record.revokedAt !== null) return held.record;
    const revokedAt = this.clock.now();
    this.db.prepare('UPDATE api_keys SET revoked_at = ? WHERE id = ?').run(revokedAt, id);
    const record = { ...held.record, revokedAt };
    this.held.set(id, { ...held, record });
    return record;
  }

  /** Whose key this is, or null for one that is unknown, malformed or revoked. */
  authenticate(key: string): Principal | null {
    const match = KEY.exec(key);
    if (match === null) return null;
    const held = this.held.get(match[1] as string);
    if (held === undefined || held.record.revokedAt !== null) return null;
    return timingSafeEqual(hashOf(match[2] as string), held.hash) ? held.principal : null;
  }

  private hold(record: ApiKeyRecord, hash: Buffer): void {
    const principal = { id: record.id, name: record.name, permissions: new Set(record.permissions) };
    this.held.set(record.id, { record, hash, principal });
  }
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
