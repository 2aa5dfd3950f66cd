import type { Prepared } from './prepared.js';

/** A batch, taken apart by streams: they go side by side, each in its order. */
export interface StreamQueues {
  /** The items of each stream, in their order. */
  readonly queues: readonly (readonly Prepared[])[];
  /** Of an item that repeats an event id of the batch the last one before it, in whichever stream: its outcome decides on this one. */
  readonly twinOf: ReadonlyMap<Prepared, Prepared>;
  /** The items on whose outcome a later one waits. */
  readonly awaited: ReadonlySet<Prepared>;
}

export function streamQueues(prepared: readonly Prepared[]): StreamQueues {
  const twinOf = new Map<Prepared, Prepared>();
  const lastOf = new Map<string, Prepared>();
  const streams = new Map<string, Prepared[]>();
  for (const one of prepared) {
    const twin = lastOf.get(one.sendable.uuid);
    if (twin !== undefined) twinOf.set(one, twin);
    lastOf.set(one.sendable.uuid, one);
    const queue = streams.get(one.item.stream);
    if (queue === undefined) streams.set(one.item.stream, [one]);
    else queue.push(one);
  }
  return { queues: [...streams.values()], twinOf, awaited: new Set(twinOf.values()) };
}
