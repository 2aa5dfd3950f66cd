import { KeyStoreError } from '../key-store.js';

/** SQLSTATE 53100: the disk is full. */
const DISK_FULL = '53100';

/** What was asked of the database of the keys; what goes wrong is told in our words. */
export const asked = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw asKeyStoreError(error);
  });

/** Puts an error of the database into our words. */
export function asKeyStoreError(error: unknown): unknown {
  if (error instanceof KeyStoreError || error instanceof TypeError) return error;
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const cause = { cause: error };
  return code === DISK_FULL
    ? new KeyStoreError('full', 'The disk under the key store is full: make room and try again.', cause)
    : new KeyStoreError('unavailable', `The database of the keys does not serve us: ${message ?? code}.`, cause);
}
