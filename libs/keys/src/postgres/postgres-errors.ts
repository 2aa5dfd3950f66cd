import { KeyStoreError } from '../key-store.js';

/** SQLSTATE 53100: the disk is full. */
const DISK_FULL = '53100';

/** The answer of a statement, with errors of the database as `KeyStoreError`. */
export const translated = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw asKeyStoreError(error);
  });

/** An error of the database as `KeyStoreError`. */
export function asKeyStoreError(error: unknown): unknown {
  if (error instanceof KeyStoreError || error instanceof TypeError) return error;
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const cause = { cause: error };
  return code === DISK_FULL
    ? new KeyStoreError('full', 'The disk under the key store is full: free some space and try again.', cause)
    : new KeyStoreError('unavailable', `The database at KEYS_URL does not answer: ${message ?? code}.`, cause);
}
