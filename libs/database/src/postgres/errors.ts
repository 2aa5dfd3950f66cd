import { DatabaseError } from '../port.js';

/** The server, the database and the role that an error message names. Never the password. */
export interface Where {
  readonly host: string;
  readonly database: string;
  readonly user: string;
}

/** The oldest PostgreSQL that the engine works on. */
const MAJOR_MIN = 15;

/** Codes of the operating system and of `pg` that mean: the server did not answer. */
const UNREACHABLE = /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ENOENT)$/;
const UNREACHABLE_WORDS = /connection terminated|connection timeout|timeout expired|not queryable|ended without/i;

/** How to fix an error of the server, by SQLSTATE. Errors with other codes keep the server's message. */
const HINTS: Readonly<Record<string, (where: Where) => string>> = {
  '28P01': ({ user }) => `correct the password of "${user}" in POSTGRES_URL`,
  '28000': ({ user, host }) => `create the role "${user}", or allow it in pg_hba.conf on ${host}`,
  '3D000': ({ database, user }) => `create it: CREATE DATABASE "${database}" OWNER "${user}"`,
  '42501': ({ database, user }) =>
    `let "${user}" own what it works on: ALTER DATABASE "${database}" OWNER TO "${user}", or GRANT CREATE ON DATABASE "${database}" TO "${user}"`,
  '53300': () => 'raise max_connections on the server, or give each process fewer (?connections=… in POSTGRES_URL)',
  '53100': () => 'free space on the disk of the server',
  '57P03': () => 'wait until it has started',
  '57P01': () => 'nothing, when it is being restarted: the work is tried again',
  '57014': () =>
    'look for what it waits for in pg_stat_activity; ?statement_timeout=… (milliseconds) in POSTGRES_URL gives it longer',
  '55P03': () => 'look for who holds the lock in pg_stat_activity and pg_locks',
  '25P03': () => 'look for what blocked the process: its transaction was ended so that others could go on',
  '25006': ({ host }) => `give POSTGRES_URL the server that takes writes: ${host} is a read-only one`,
};

/** An error of a server in the form of all errors: what is wrong, where, how to fix it. */
export function describePostgresError(error: unknown, where: Where): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { message = String(error), code = '', errors } = error as { message?: string; code?: string; errors?: unknown };
  // A name with several addresses fails with the failures of all of them.
  const inner = Array.isArray(errors) ? (errors[0] as { message?: string; code?: string } | undefined) : undefined;
  const reason = message === '' ? (inner?.message ?? code) : message;
  const at = `PostgreSQL at ${where.host}, database "${where.database}", user "${where.user}"`;
  if (UNREACHABLE.test(code) || UNREACHABLE.test(inner?.code ?? '') || UNREACHABLE_WORDS.test(reason))
    return new DatabaseError(
      `${at} cannot be reached (${reason}): see that it runs and that POSTGRES_URL names it.`,
      '',
      { cause: error },
    );
  const hint = HINTS[code];
  if (hint === undefined) return new DatabaseError(reason, code, { cause: error });
  return new DatabaseError(`${at}: ${reason}. To fix it, ${hint(where)}.`, code, { cause: error });
}

/** Whether the server was not reached, is starting or stopping, or broke the connection: the same call may succeed later. */
export const isAway = ({ code, cause }: DatabaseError): boolean =>
  (code === '' && cause !== undefined) || /^(?:08|57P0[123])/.test(code);

/**
 * Rejects a server that is too old.
 *
 * @param number as in `server_version_num`: 150018 is 15.18
 * @throws DatabaseError
 */
export function checkVersion(number: number, where: Where): void {
  const major = Math.floor(number / 10_000);
  if (major < MAJOR_MIN)
    throw new DatabaseError(
      `PostgreSQL at ${where.host} is version ${major}, and ${MAJOR_MIN} is the oldest supported: upgrade it, or give POSTGRES_URL another server.`,
      '',
    );
}

/** The place that an address names, without its password. */
export function whereOf(url: string): Where {
  try {
    const { host, pathname, username } = new URL(url);
    const user = decodeURIComponent(username) || 'postgres';
    return { host: host || 'localhost', database: decodeURIComponent(pathname.slice(1)) || user, user };
  } catch {
    throw new DatabaseError(
      'POSTGRES_URL is not a valid address: write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters percent-encoded.',
      '',
    );
  }
}
