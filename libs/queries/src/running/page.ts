import type { Key } from './cursor.js';

/** Cuts rows, of which one more than `limit` was read, to a page and the key after which the next page begins. */
export function pageOf<R>(
  rows: readonly R[],
  limit: number,
  keyOf: (last: R) => Key,
): { rows: readonly R[]; next: Key | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}
