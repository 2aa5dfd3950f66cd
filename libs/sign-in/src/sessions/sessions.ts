import { createHash, randomBytes } from 'node:crypto';
import { MINUTE } from '#contracts';
import type { SessionSelection, SessionTable } from '#keys';
import type { Clock } from '#platform';
import type { Person } from '../people/directory.js';
import { SealedDocuments } from './sealed-documents.js';

const SECRET_BYTES = 32;
const SECRET = /^[\w-]{43}$/;
/** The last use is written at most so often. */
const SEEN_MS = MINUTE;

export interface SessionLimits {
  /** It ends so long after its last request. */
  readonly idleMs: number;
  /** It ends so long after it began. */
  readonly lifeMs: number;
}

/** What a session knows of its person. */
export interface PersonContent {
  readonly person: Person;
  /** Shown to the identity provider when the person signs out. */
  readonly idToken: string;
}

/** What a session knows that began with an API key: its rights are those of the key, whenever it is used. */
export interface KeyContent {
  readonly keyId: string;
}

/** It is stored sealed: only the cookie opens it. */
export type SessionContent = PersonContent | KeyContent;

export type OpenSession = SessionContent & {
  readonly endsAt: number;
  /** When it ends without another request. */
  readonly idleEndsAt: number;
};

/** The sessions of browsers. The cookie holds a secret of 256 bits; the table holds its hash, and what only the secret opens. */
export class Sessions {
  constructor(
    private readonly table: SessionTable,
    private readonly clock: Clock,
    private readonly limits: SessionLimits,
  ) {}

  /** Begins a session under a new secret; resolves with it when the session is durable. Those that have ended are removed. */
  async begin(
    content: SessionContent,
    { principal, issuerSession }: { readonly principal: string; readonly issuerSession: string | null },
  ): Promise<string> {
    const now = this.clock.now();
    await this.table.removeEnded({ endsAt: now, lastSeenAt: now - this.limits.idleMs });
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    await this.table.insert({
      ...{ hash: hashOf(secret), principal, issuerSession, sealed: documentsOf(secret).seal(content) },
      ...{ begunAt: now, lastSeenAt: now, endsAt: now + this.limits.lifeMs },
    });
    return secret;
  }

  /** The session of a cookie, which is used now; null where there is none, or where it has ended. */
  async use(secret: string): Promise<OpenSession | null> {
    if (!SECRET.test(secret)) return null;
    const hash = hashOf(secret);
    const row = await this.table.find(hash);
    if (row === null) return null;
    const now = this.clock.now();
    const content = documentsOf(secret).open(row.sealed) as SessionContent | null;
    if (content === null || now >= row.endsAt || now >= row.lastSeenAt + this.limits.idleMs) {
      await this.table.remove(hash);
      return null;
    }
    if (now - row.lastSeenAt >= SEEN_MS) await this.table.seen(hash, now);
    return { ...content, endsAt: row.endsAt, idleEndsAt: Math.min(row.endsAt, now + this.limits.idleMs) };
  }

  /** Ends a session. Twice is the same as once. */
  async end(secret: string): Promise<void> {
    if (SECRET.test(secret)) await this.table.remove(hashOf(secret));
  }

  async endAll(selection: SessionSelection): Promise<number> {
    return this.table.removeOf(selection);
  }
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const documentsOf = (secret: string): SealedDocuments =>
  new SealedDocuments(Buffer.from(secret, 'base64url'), 'session');
