import { BACKWARDS, END, type ResolvedEvent } from '@eventstore/db-client';
import type { Instant } from '#contracts';
import type { Place } from './checkpoints.js';
import { drained } from './call.js';
import type { Connection } from './connection.js';
import type { Duplicates } from './duplicates.js';
import { newestBelow } from './filtered-all.js';
import { positionOf, recordedEvent } from './stored-event.js';

/** How many events of the whole server are looked at for the last one of ours, at first and then. */
const STEPS = [1, 16, 128, 1_024];
/** How many of ours the server is asked for when it looks for the last one: the newest may be repetitions. */
const OURS_AT_ONCE = 16;

type PlacedEvent = NonNullable<ResolvedEvent['event']>;

/** The last event of ours on the server: looked for from its end backwards, as far as it was not looked through before. */
export class LogHead {
  /** The last event of ours that was seen, and how far the server's log was looked through for a later one. */
  #seen: { readonly position: number; readonly recordedAt: Instant; readonly lookedUpTo: number } = {
    position: 0,
    recordedAt: 0,
    lookedUpTo: 0,
  };

  constructor(
    private readonly connection: Connection,
    private readonly prefix: string,
    private readonly duplicates: Duplicates,
  ) {}

  /** As it was when it was read last: the log reaches as far, and maybe further. */
  get known(): number {
    return this.#seen.position;
  }

  /** After the event at it was found to be gone. */
  forget(): void {
    this.#seen = { ...this.#seen, position: 0, lookedUpTo: 0 };
  }

  async read(): Promise<{ readonly position: number; readonly recordedAt: Instant }> {
    const { lookedUpTo } = this.#seen;
    let highest = 0;
    let from: typeof END | Place = END;
    for (let step = 0; ; step += 1) {
      // The first time the server looks, where we would have to look through all that others ever wrote.
      const searched = lookedUpTo === 0 && step >= STEPS.length;
      const maxCount = searched ? OURS_AT_ONCE : (STEPS[Math.min(step, STEPS.length - 1)] as number);
      const fromPosition = from;
      const page: ResolvedEvent[] =
        searched && fromPosition !== END
          ? await this.connection.reading(
              (client, call) => newestBelow(client, this.prefix, fromPosition, maxCount, call),
              this.connection.timeouts.callMs,
            )
          : await this.connection.reading((client, call) =>
              drained(client.readAll({ direction: BACKWARDS, fromPosition, maxCount, requiresLeader: true }), call),
            );
      highest = Math.max(highest, ...page.map(({ event }) => (event === undefined ? 0 : positionOf(event))));
      const ours = page.map((each) => recordedEvent(each, this.prefix)).filter((event) => event !== null);
      const [last] = await this.duplicates.without(ours);
      const lowest: PlacedEvent | undefined = page.at(-1)?.event;
      const done = lowest === undefined || page.length < maxCount || positionOf(lowest) <= lookedUpTo;
      if (last !== undefined || done) {
        const { position, recordedAt } = last !== undefined && last.position > this.#seen.position ? last : this.#seen;
        this.#seen = {
          position,
          recordedAt: Math.max(recordedAt, this.#seen.recordedAt),
          lookedUpTo: Math.max(highest, this.#seen.lookedUpTo),
        };
        return { position: this.#seen.position, recordedAt: this.#seen.recordedAt };
      }
      // With both numbers: events of one transaction, as older clients wrote them, share the first.
      from = whereStands(lowest);
    }
  }
}

function whereStands(event: PlacedEvent): Place {
  const commit = BigInt(positionOf(event));
  return { commit, prepare: event.position?.prepare ?? commit };
}
