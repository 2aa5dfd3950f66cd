import type { Positions, Verdict } from '../port.js';
import { verdictOnKnown, type Deduplication, type KnownIds } from './deduplication.js';
import type { GroupAppend } from './group-append.js';
import { isUnguarded, nextGroup, type Prepared } from './prepared.js';
import { streamQueues } from './stream-queues.js';

/** Appends the items of a batch, each by itself: streams side by side, and those of one stream in their order. */
export class EachAppend {
  constructor(
    private readonly groups: GroupAppend,
    private readonly deduplication: Deduplication,
  ) {}

  /**
   * Writes the verdicts at the places of the items.
   * @throws EventLogError `catching-up`, and nothing is stored
   */
  async run(
    prepared: readonly Prepared[],
    { known, floor }: KnownIds,
    verdicts: (Verdict | undefined)[],
    positions: Positions,
  ): Promise<void> {
    if (prepared.some(({ item, sendable: { uuid } }) => isUnguarded(item) && !known.has(uuid)))
      this.deduplication.mustHaveCaughtUp();
    const { queues, twinOf, awaited } = streamQueues(prepared);
    const here = new Map(known);
    const outcomes = new Map([...awaited].map((one) => [one, deferred()]));
    const settle = (one: Prepared, verdict: Verdict) => {
      verdicts[one.index] = verdict;
      if (verdict.status === 'accepted' && !here.has(one.sendable.uuid))
        here.set(one.sendable.uuid, { position: verdict.position, contentHash: one.item.event.contentHash });
      outcomes.get(one)?.resolve();
    };
    /** New ones that expect nothing go together. */
    const joins = (one: Prepared) =>
      (one.item.expected ?? 'any') === 'any' && !here.has(one.sendable.uuid) && !twinOf.has(one);

    /** One after the other, so that every expectation sees what came before it. */
    const run = async (queue: readonly Prepared[]) => {
      try {
        for (let next = 0; next < queue.length;) {
          const group = nextGroup(queue, next, joins);
          next += group.length;
          const [first] = group as readonly [Prepared];
          const twin = twinOf.get(first);
          if (twin !== undefined) await outcomes.get(twin)?.promise;
          const stands = here.get(first.sendable.uuid);
          if (group.length === 1 && stands !== undefined) settle(first, verdictOnKnown(stands, first.item));
          else {
            // A later item of the batch repeats one of these: its verdict names the place of the first.
            const needed = group.some((one) => awaited.has(one)) ? 'exact' : positions;
            for (const [one, verdict] of await this.groups.appendApart(group, floor, needed)) settle(one, verdict);
          }
        }
      } finally {
        // An item that waits for one of a queue that failed must not wait for ever.
        for (const one of queue) outcomes.get(one)?.resolve();
      }
    };
    for (const one of await Promise.allSettled(queues.map(run))) if (one.status === 'rejected') throw one.reason;
  }
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
