/** SQLSTATE: the disk is full. */
export const DISK_FULL = '53100';
/** SQLSTATE: a file could not be read or written. */
export const IO_ERROR = '58030';

/** The numbers by which PGlite's file system says what the machine's rejected: those of WASI. */
const REJECTIONS: Readonly<Record<number, string>> = {
  2: 'access to a file of it is not allowed',
  29: 'reading or writing a file of it failed',
  33: 'this process has too many files open',
  51: 'there is no space left on its disk',
  69: 'its disk can only be read',
};
const NO_SPACE = 51;

/** What failed in PGlite's thread, in words and a SQLSTATE: its file system throws a number and no message. */
export function failureOf(error: unknown): { readonly message: string; readonly code: string } {
  // Anything can be thrown, nothing at all too.
  const { message, code, errno } = (error ?? {}) as { message?: unknown; code?: unknown; errno?: unknown };
  if (typeof message === 'string' && message !== '') return { message, code: typeof code === 'string' ? code : '' };
  if (typeof errno !== 'number') return { message: String(error), code: '' };
  const rejection = REJECTIONS[errno] ?? `its file system rejected (errno ${errno})`;
  return {
    message: `The embedded database could not go on: ${rejection}.`,
    code: errno === NO_SPACE ? DISK_FULL : IO_ERROR,
  };
}
