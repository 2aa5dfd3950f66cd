import { rejectionOf } from '../append-rules.js';
import type { AppendItem, Verdict } from '../port.js';
import { APPEND_BYTES_MAX, sendable, sizeRejection, type Sendable } from './stored-event.js';

/** Events of one stream that are sent in one append, at most, and what they may take together. */
const GROUP_MAX = 500;
const GROUP_BYTES_MAX = APPEND_BYTES_MAX / 2;

/** An item with what is sent for it. */
export interface Prepared {
  /** Its place in the batch. */
  readonly index: number;
  readonly item: AppendItem;
  readonly sendable: Sendable;
}

/** The items that can be sent, and the verdicts on those that cannot, at their places. */
export function prepareEach(items: readonly AppendItem[]): {
  readonly prepared: readonly Prepared[];
  readonly verdicts: (Verdict | undefined)[];
} {
  const verdicts = new Array<Verdict | undefined>(items.length);
  const prepared: Prepared[] = [];
  items.forEach((item, index) => {
    const reason = rejectionOf(item);
    const one = reason === null ? { index, item, sendable: sendable(item.event) } : null;
    const rejection = one === null ? reason : sizeRejection(item, one.sendable.bytes);
    if (rejection !== null) verdicts[index] = { status: 'rejected', reason: rejection };
    else if (one !== null) prepared.push(one);
  });
  return { prepared, verdicts };
}

export const uuidsOf = (prepared: readonly Prepared[]): string[] => prepared.map(({ sendable: { uuid } }) => uuid);

/** The next items of a queue that may go in one append: those that join, as many as fit. At least one item. */
export function nextGroup<One extends Prepared>(
  queue: readonly One[],
  from: number,
  joins: (one: One) => boolean,
): readonly One[] {
  const group: One[] = [];
  let bytes = 0;
  for (let at = from; at < queue.length && group.length < GROUP_MAX; at += 1) {
    const one = queue[at] as One;
    const may = joins(one);
    bytes += one.sendable.bytes;
    if (group.length > 0 && (!may || bytes > GROUP_BYTES_MAX)) break;
    group.push(one);
    if (!may) break;
  }
  return group;
}

/** The verdicts on an append that is larger than a server takes; null when it is not. */
export function tooLargeTogether(prepared: readonly Prepared[]): readonly Verdict[] | null {
  const bytes = prepared.reduce((sum, one) => sum + one.sendable.bytes, 0);
  if (bytes <= APPEND_BYTES_MAX) return null;
  return prepared.map(({ item, sendable: one }) => ({
    status: 'rejected',
    reason:
      sizeRejection(item, one.bytes) ??
      `The ${prepared.length} events of this append take ${bytes} bytes together, at most ${APPEND_BYTES_MAX} go in one: append fewer at once.`,
  }));
}

/** Only its id tells whether it is on record. */
export const isUnguarded = ({ expected = 'any' }: AppendItem): boolean => expected === 'any' || expected === 'exists';
