import type { AppendItem, Expected, Verdict } from './port.js';
import { rejectionOf } from './rejection.js';

/** What the log holds under an event's (source, id): null when nothing. */
export type Found = { readonly position: number; readonly sameContent: boolean } | null;

/** Whether a stream whose last revision is `actual` (null: no stream) is where `expected` says. */
export function meets(expected: Expected, actual: number | null): boolean {
  switch (expected) {
    case 'any':
      return true;
    case 'no-stream':
      return actual === null;
    case 'exists':
      return actual !== null;
    default:
      return actual === expected;
  }
}

/** The verdict on an event whose name is on record already. */
export function verdictOnFound(found: NonNullable<Found>): Verdict {
  return { status: found.sameContent ? 'duplicate' : 'id-reused', position: found.position };
}

/**
 * Judges an append of all or nothing. Null: store all of them. Else nothing is stored, and these are the verdicts.
 * `find` looks up what is on record; it and `lastRevision` are asked only about events that could be stored.
 */
export function decideWhole(
  items: readonly AppendItem[],
  expected: Expected,
  lastRevision: () => number | null,
  find: (item: AppendItem) => Found,
): readonly Verdict[] | null {
  const rejections = items.map((item) => rejectionOf({ ...item, expected }));
  if (rejections.some((reason) => reason !== null))
    return withNeighbours(
      rejections.map((reason) => (reason === null ? null : { status: 'rejected', reason })),
      'was rejected',
    );

  const found = items.map(find);
  if (found.every((one) => one !== null && one.sameContent))
    return found.map((one) => verdictOnFound(one as NonNullable<Found>));

  const firstOf = new Map<string, number>();
  const culprits = items.map(({ event }, index): Verdict | null => {
    const known = found[index];
    if (known) return verdictOnFound(known);
    const name = JSON.stringify([event.source, event.id]);
    const twin = firstOf.get(name);
    if (twin === undefined) {
      firstOf.set(name, index);
      return null;
    }
    return { status: 'rejected', reason: `It names the same event as item ${twin} of the same append: leave one out.` };
  });
  if (culprits.some((verdict) => verdict !== null)) return withNeighbours(culprits, 'is on record or named twice');

  const actual = lastRevision();
  if (!meets(expected, actual)) return items.map(() => ({ status: 'wrong-revision', expected, actual }));
  return null;
}

function withNeighbours(culprits: readonly (Verdict | null)[], what: string): Verdict[] {
  const culprit = culprits.findIndex((verdict) => verdict !== null);
  const reason = `Not stored, because item ${culprit} of the same append ${what}: append the rest without it.`;
  return culprits.map((verdict) => verdict ?? { status: 'rejected', reason });
}
