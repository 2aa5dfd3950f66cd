/** Whether an error is about a full disk, by the code of the event log, the file system or a database (SQLSTATE). */
export function isFull(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code } = error as { readonly code?: unknown };
  return code === 'full' || code === 'ENOSPC' || code === '53100';
}
