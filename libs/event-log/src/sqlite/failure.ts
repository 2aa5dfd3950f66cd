import { EventLogError } from '../port.js';

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
/** An error met while rows are read comes without its number: its words are SQLite's own, and fixed. */
const NUMBER_OF: readonly (readonly [words: string, errcode: number])[] = [
  ['disk image is malformed', SQLITE_CORRUPT],
  ['file is not a database', SQLITE_NOTADB],
  ['disk is full', SQLITE_FULL],
  ['disk I/O error', SQLITE_IOERR],
  ['database is locked', SQLITE_BUSY],
];

/** Puts an error of SQLite into the words of the port; anything else is given back as it is. */
export function asEventLogError(error: unknown, file: string): unknown {
  if (!isOfSqlite(error)) return error;
  const cause = { cause: error };
  const errcode = error.errcode ?? NUMBER_OF.find(([words]) => error.message.includes(words))?.[1] ?? 0;
  switch (errcode & 0xff) {
    case SQLITE_FULL:
      return full(file, cause);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new EventLogError(
        'torn',
        `The event log ${file} is torn: ${error.message}. Stop the engine and put back the newest copy of ${file} ` +
          `together with its -wal file; nothing was written to it since the damage was seen.`,
        cause,
      );
    case SQLITE_BUSY:
      return new EventLogError('locked', `The event log ${file} is held by another process: ${error.message}.`, cause);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new EventLogError(
        'unavailable',
        `The event log ${file} cannot be opened: ${error.message}. See that its folder exists and may be written by this user.`,
        cause,
      );
    case SQLITE_IOERR:
      return new EventLogError(
        'unavailable',
        `The disk under the event log ${file} failed: ${error.message}. Whether the last append was stored is unknown: look its event ids up.`,
        cause,
      );
    default:
      return error;
  }
}

/** By its code, not by its class: an error of native code may stem from another realm than ours. */
function isOfSqlite(error: unknown): error is { readonly errcode?: number; readonly message: string } {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}

function full(file: string, cause: ErrorOptions): EventLogError {
  return new EventLogError(
    'full',
    `The disk under the event log ${file} is full: nothing of this append was stored, and nothing before it is lost. ` +
      `Make room and append again.`,
    cause,
  );
}
