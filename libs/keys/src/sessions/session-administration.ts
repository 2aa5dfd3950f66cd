import { actorOf, type Acts, type Clock, type Principal } from '#platform';
import type { ApiKeys } from '../api-keys/api-keys.js';
import type { SessionHead, SessionTable } from './session-row.js';

const ID_LENGTH = 16;

/** A session as it may be shown: its cookie stands in no store, so nothing of it can be shown. */
export interface SessionRecord extends Omit<SessionHead, 'hash'> {
  readonly id: string;
  /** The name of the key that signed in; null for people, whose names are sealed. */
  readonly name: string | null;
}

/** Lists the sessions of browsers and ends them. */
export class SessionAdministration {
  constructor(
    private readonly table: SessionTable,
    private readonly apiKeys: Pick<ApiKeys, 'find'>,
    private readonly clock: Clock,
    private readonly acts: Acts,
    /** A session that was not used for so long has ended. */
    private readonly idleMs: number,
  ) {}

  /** Those that have not ended, the oldest first. */
  async list(): Promise<readonly SessionRecord[]> {
    const now = this.clock.now();
    const rows = await this.table.list();
    return rows
      .filter(({ endsAt, lastSeenAt }) => endsAt > now && lastSeenAt + this.idleMs > now)
      .map(({ hash, principal, ...times }) => ({
        id: sessionIdOf(hash),
        principal,
        name: principal.startsWith('key:') ? (this.apiKeys.find(principal.slice('key:'.length))?.name ?? null) : null,
        ...times,
      }));
  }

  /** Ends a session in all processes at once; false where there is none of this id. */
  async end(id: string, caller: Principal): Promise<boolean> {
    const row = (await this.table.list()).find(({ hash }) => sessionIdOf(hash) === id);
    if (row === undefined) return false;
    await this.table.remove(row.hash);
    const { principal, begunAt } = row;
    await this.acts.record({ name: 'session-ended', by: actorOf(caller), data: { session: id, principal, begunAt } });
    return true;
  }
}

/** What a session is called: the beginning of the hash of its cookie, from which the cookie cannot be found. */
export const sessionIdOf = (hash: string): string => hash.slice(0, ID_LENGTH);
