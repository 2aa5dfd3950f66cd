import type pg from 'pg';
import { translated } from './postgres-errors.js';
import type { SessionHead, SessionRow, SessionTable } from '../sessions/session-row.js';

const INSERT = `INSERT INTO perennial_keys.sessions (hash, principal, issuer_session, sealed, begun_at, last_seen_at, ends_at)
  VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000), to_timestamp($6::float8 / 1000), to_timestamp($7::float8 / 1000))`;

const FIND = `SELECT hash, principal, issuer_session AS "issuerSession", sealed, begun_at AS "begunAt",
  last_seen_at AS "lastSeenAt", ends_at AS "endsAt" FROM perennial_keys.sessions WHERE hash = $1`;

const LIST = `SELECT hash, principal, begun_at AS "begunAt", last_seen_at AS "lastSeenAt", ends_at AS "endsAt"
  FROM perennial_keys.sessions ORDER BY begun_at, hash`;

const SEEN = `UPDATE perennial_keys.sessions SET last_seen_at = greatest(last_seen_at, to_timestamp($2::float8 / 1000))
  WHERE hash = $1`;

const REMOVE_ENDED = `DELETE FROM perennial_keys.sessions
  WHERE ends_at <= to_timestamp($1::float8 / 1000) OR last_seen_at <= to_timestamp($2::float8 / 1000)`;

type Times = 'begunAt' | 'lastSeenAt' | 'endsAt';
type Stored = Omit<SessionRow, Times> & Readonly<Record<Times, Date>>;
type StoredHead = Omit<SessionHead, Times> & Readonly<Record<Times, Date>>;

const withInstants = <Row extends Readonly<Record<Times, Date>>>({ begunAt, lastSeenAt, endsAt, ...row }: Row) => ({
  ...row,
  ...{ begunAt: begunAt.getTime(), lastSeenAt: lastSeenAt.getTime(), endsAt: endsAt.getTime() },
});

/** The sessions beside the API keys in PostgreSQL, which all processes share. */
export function postgresSessions(pool: pg.Pool): SessionTable {
  const run = async (sql: string, values: readonly unknown[]): Promise<number> =>
    (await translated(pool.query(sql, [...values]))).rowCount ?? 0;
  return {
    insert: async ({ hash, principal, issuerSession, sealed, begunAt, lastSeenAt, endsAt }) => {
      await run(INSERT, [hash, principal, issuerSession, Buffer.from(sealed), begunAt, lastSeenAt, endsAt]);
    },
    find: async (hash) => {
      const { rows } = await translated(pool.query<Stored>(FIND, [hash]));
      const [row] = rows;
      return row === undefined ? null : withInstants(row);
    },
    list: async () => (await translated(pool.query<StoredHead>(LIST))).rows.map(withInstants),
    seen: async (hash, at) => {
      await run(SEEN, [hash, at]);
    },
    remove: async (hash) => {
      await run('DELETE FROM perennial_keys.sessions WHERE hash = $1', [hash]);
    },
    removeOf: (selection) =>
      'principal' in selection
        ? run('DELETE FROM perennial_keys.sessions WHERE principal = $1', [selection.principal])
        : run('DELETE FROM perennial_keys.sessions WHERE issuer_session = $1', [selection.issuerSession]),
    removeEnded: async ({ endsAt, lastSeenAt }) => {
      await run(REMOVE_ENDED, [endsAt, lastSeenAt]);
    },
  };
}
