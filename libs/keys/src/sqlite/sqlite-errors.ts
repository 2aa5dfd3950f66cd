import { KeyStoreError } from '../key-store.js';

const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
/** The small file beside a WAL cannot grow: so SQLite says that there is no room left. */
const SQLITE_IOERR_SHMSIZE = 10 | (19 << 8);
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** Puts an error of SQLite into our words; anything else is given back as it is. Told by its code: the class may stem from another realm. */
export function asKeyStoreError(error: unknown): unknown {
  const { code, errcode = 0, message } = error as { code?: unknown; errcode?: number; message?: string };
  const cause = { cause: error };
  if (code === 'ENOSPC' || (code === 'ERR_SQLITE_ERROR' && errcode === SQLITE_IOERR_SHMSIZE))
    return new KeyStoreError('full', 'The disk under the key store is full: make room and try again.', cause);
  if (code !== 'ERR_SQLITE_ERROR') return error;
  switch (errcode & 0xff) {
    case SQLITE_FULL:
      return new KeyStoreError('full', 'The disk under the key store is full: make room and try again.', cause);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new KeyStoreError(
        'torn',
        `The key store is torn: ${message}. Stop the engine and put back its newest copy; keys made since cannot be made again.`,
        cause,
      );
    case SQLITE_BUSY:
      return new KeyStoreError('unavailable', `The key store is held by somebody else: ${message}.`, cause);
    case SQLITE_IOERR:
      return new KeyStoreError('unavailable', `The disk under the key store failed: ${message}.`, cause);
    default:
      return error;
  }
}
