import type { GivenRates, GivenScopes, Permission, Role } from '#platform';

/** An API key as it is stored: never the key itself. All instants are UTC milliseconds. */
export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret. */
  readonly hash: Buffer;
  readonly role: Role | null;
  /** Granted one by one, beside those of the role. */
  readonly permissions: readonly Permission[];
  readonly scopes: GivenScopes;
  /** Its own rates: those that are absent are those of its role. */
  readonly rate: GivenRates;
  /** The purpose for which it opens personal data where a request states none; absent: it opens nothing then. */
  readonly standingPurpose?: string;
  readonly createdAt: number;
  /** From then on the key is rejected; null: never. */
  readonly expiresAt: number | null;
  /** The id of the key that this one was created to replace. */
  readonly replaces: string | null;
  /** When it was last used, exact to a minute or so; null: never, as far as is known. */
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

/** A principal was locked out, whatever key or token it shows. A row is never deleted, so that processes can merge what they read. */
export interface BlockRow {
  /** `key:5f0c3a9b1d2e`, as acts name it. */
  readonly principal: string;
  readonly at: number;
  /** Who blocked it. */
  readonly by: string;
  /** From then on it may act again; null: it is blocked. */
  readonly liftedAt: number | null;
}

/** What processes share about keys and blocks. */
export interface AccessRows {
  readonly keys: readonly ApiKeyRow[];
  readonly blocks: readonly BlockRow[];
}

/** The tables of API keys and blocked principals, in the store that keeps the subject keys. */
export interface ApiKeyTable {
  readAll(): Promise<AccessRows>;
  /** Resolves when the row is durable. */
  insert(row: ApiKeyRow): Promise<void>;
  /** Inserts into an empty table; false where the table has a row. */
  insertFirst(row: ApiKeyRow): Promise<boolean>;
  revoke(id: string, at: number): Promise<void>;
  /** Brings the expiry of a key forward; a later instant than the stored one changes nothing. */
  expire(id: string, at: number): Promise<void>;
  /** Records when keys were last used; an earlier instant than the stored one changes nothing. */
  used(lastUsed: ReadonlyMap<string, number>): Promise<void>;
  block(row: BlockRow): Promise<void>;
  /** Lifts every block of the principal. */
  unblock(principal: string, at: number): Promise<void>;
  /** Inserts the rows, or replaces those of the same ids; all or none. */
  upsertAll(rows: AccessRows): Promise<void>;
  /** Calls the listener with all rows, at every poll, where other processes may have changed them. */
  onPolled(listener: (rows: AccessRows) => void): void;
  close(): void;
}
