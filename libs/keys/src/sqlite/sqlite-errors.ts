import { KeyStoreError } from '../key-store.js';

const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
/** The small file beside a WAL cannot grow: SQLite's code for a full disk there. */
const SQLITE_IOERR_SHMSIZE = 10 | (19 << 8);
const SQLITE_FULL = 13;
const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** An error that is met while rows are read comes without its number: its words are SQLite's own, and fixed. */
const NUMBER_OF: readonly (readonly [words: string, errcode: number])[] = [
  ['disk image is malformed', SQLITE_CORRUPT],
  ['malformed database schema', SQLITE_CORRUPT],
  ['file is not a database', SQLITE_NOTADB],
  ['database or disk is full', SQLITE_FULL],
  ['disk I/O error', SQLITE_IOERR],
  ['database is locked', SQLITE_BUSY],
];

/** An error of SQLite as `KeyStoreError`; any other error as it is. Recognised by its code, since its class may come from another realm. */
export function asKeyStoreError(error: unknown): unknown {
  if (error instanceof KeyStoreError) return error;
  const { code, message = '', ...rest } = error as { code?: unknown; errcode?: number; message?: string };
  const errcode = rest.errcode ?? NUMBER_OF.find(([words]) => message.includes(words))?.[1] ?? 0;
  const cause = { cause: error };
  if (code === 'ENOSPC' || (code === 'ERR_SQLITE_ERROR' && errcode === SQLITE_IOERR_SHMSIZE))
    return new KeyStoreError('full', 'The disk under the key store is full: free some space and try again.', cause);
  if (code !== 'ERR_SQLITE_ERROR') return error;
  switch (errcode & 0xff) {
    case SQLITE_FULL:
      return new KeyStoreError('full', 'The disk under the key store is full: free some space and try again.', cause);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new KeyStoreError(
        'torn',
        `The file of the key store is corrupt: ${message}. Stop the engine and restore its newest copy; keys made since are lost.`,
        cause,
      );
    case SQLITE_BUSY:
      return new KeyStoreError('unavailable', `Another process locks the key store: ${message}.`, cause);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new KeyStoreError(
        'unavailable',
        `The file of the key store cannot be opened for writing: ${message}. See that keys.db is a file, and that this user may write to it and to its folder.`,
        cause,
      );
    case SQLITE_IOERR:
      return new KeyStoreError('unavailable', `The disk under the key store failed: ${message}.`, cause);
    default:
      return error;
  }
}
