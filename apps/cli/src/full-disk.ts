/** Whether an error says that a disk is full: in the words of the event log, of the file system, or of a database (SQLSTATE). */
export function isFull(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code } = error as { readonly code?: unknown };
  return code === 'full' || code === 'ENOSPC' || code === '53100';
}
