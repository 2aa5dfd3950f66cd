/** A session of a browser as it is stored: without its cookie it opens nothing. All instants are UTC milliseconds. */
export interface SessionRow {
  /** SHA-256 of the secret in the cookie, in hex. */
  readonly hash: string;
  /** `person:…` or `key:…`, as acts name it. */
  readonly principal: string;
  /** A keyed hash of the session at the identity provider, in hex; null where it names none. */
  readonly issuerSession: string | null;
  /** Who it is and what they may do, sealed under a key that is derived from the secret in the cookie. */
  readonly sealed: Uint8Array;
  readonly begunAt: number;
  /** Exact to a minute or so. */
  readonly lastSeenAt: number;
  /** It ends then in any case. */
  readonly endsAt: number;
}

/** What is listed of a session. */
export type SessionHead = Pick<SessionRow, 'hash' | 'principal' | 'begunAt' | 'lastSeenAt' | 'endsAt'>;

/** Whose sessions end: those of a principal, or those of one session at the identity provider. */
export type SessionSelection = { readonly principal: string } | { readonly issuerSession: string };

/** The table of sessions, in the store that keeps the API keys. Each request reads it, so an end holds in all processes at once. */
export interface SessionTable {
  /** Resolves when the row is durable. */
  insert(row: SessionRow): Promise<void>;
  find(hash: string): Promise<SessionRow | null>;
  /** All of them, the oldest first. */
  list(): Promise<readonly SessionHead[]>;
  /** Records that the session was used. */
  seen(hash: string, at: number): Promise<void>;
  remove(hash: string): Promise<void>;
  /** Resolves with how many were removed. */
  removeOf(selection: SessionSelection): Promise<number>;
  /** Removes the sessions that end at or before the instant, or were last seen at or before the other one. */
  removeEnded(until: { readonly endsAt: number; readonly lastSeenAt: number }): Promise<void>;
}
