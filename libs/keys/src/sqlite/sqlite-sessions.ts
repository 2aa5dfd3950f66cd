import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { SessionHead, SessionRow, SessionTable } from '../sessions/session-row.js';

const FIND = `SELECT hash, principal, issuer_session AS "issuerSession", sealed, begun_at AS "begunAt",
  last_seen_at AS "lastSeenAt", ends_at AS "endsAt" FROM sessions WHERE hash = ?`;

const LIST = `SELECT hash, principal, begun_at AS "begunAt", last_seen_at AS "lastSeenAt", ends_at AS "endsAt"
  FROM sessions ORDER BY begun_at, hash`;

/** The sessions in the SQLite file of the keys. */
export function sqliteSessions(db: DatabaseSyncInstance): SessionTable {
  const run = (sql: string, ...values: readonly (string | number | null | Uint8Array)[]): number =>
    Number(db.prepare(sql).run(...values).changes);
  return {
    insert: async ({ hash, principal, issuerSession, sealed, begunAt, lastSeenAt, endsAt }) => {
      run(
        'INSERT INTO sessions (hash, principal, issuer_session, sealed, begun_at, last_seen_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ...[hash, principal, issuerSession, sealed, begunAt, lastSeenAt, endsAt],
      );
    },
    find: async (hash) => (db.prepare(FIND).get(hash) as SessionRow | undefined) ?? null,
    list: async () => db.prepare(LIST).all() as unknown as readonly SessionHead[],
    seen: async (hash, at) => {
      run('UPDATE sessions SET last_seen_at = max(last_seen_at, ?) WHERE hash = ?', at, hash);
    },
    remove: async (hash) => {
      run('DELETE FROM sessions WHERE hash = ?', hash);
    },
    removeOf: async (selection) =>
      'principal' in selection
        ? run('DELETE FROM sessions WHERE principal = ?', selection.principal)
        : run('DELETE FROM sessions WHERE issuer_session = ?', selection.issuerSession),
    removeEnded: async ({ endsAt, lastSeenAt }) => {
      run('DELETE FROM sessions WHERE ends_at <= ? OR last_seen_at <= ?', endsAt, lastSeenAt);
    },
  };
}
