import { BACKWARDS, END, FORWARDS, type ResolvedEvent } from '@eventstore/db-client';
import type { Connection } from './connection.js';
import { positionOf } from './stored-event.js';
import { streamPage } from './stream-page.js';

const PAGE_SIZE = 1_000;
/** So many events of the end of a stream are read first: what came since a customer was folded is mostly less. */
const TAIL_SIZE = 20;

/** Reads single streams of one log, by as few round trips as each needs. */
export class LogStreams {
  constructor(
    private readonly connection: Connection,
    private readonly prefix: string,
  ) {}

  /** A stream from its beginning to a position, and what stands with it on its last page. */
  async upTo(stream: string, upTo: number): Promise<ResolvedEvent[]> {
    const events: ResolvedEvent[] = [];
    for (let next = 0; ;) {
      const page = await this.page(stream, { from: next, maxCount: PAGE_SIZE, direction: FORWARDS });
      for (const event of page) events.push(event);
      const last = page.at(-1)?.event;
      if (last === undefined || page.length < PAGE_SIZE || positionOf(last) > upTo) return events;
      next = Number(last.revision) + 1;
    }
  }

  /** The end of a stream above a position, and what stands with it on its first page: from the end, since it is a small part of most streams. */
  async above(stream: string, above: number): Promise<ResolvedEvent[]> {
    const events: ResolvedEvent[] = [];
    for (let before: number | typeof END = END, size = TAIL_SIZE; ; size = PAGE_SIZE) {
      const page = await this.page(stream, { from: before, maxCount: size, direction: BACKWARDS });
      for (const event of page) events.push(event);
      const first = page.at(-1)?.event;
      if (first === undefined || page.length < size || positionOf(first) <= above || first.revision === 0n)
        return events;
      before = Number(first.revision) - 1;
    }
  }

  page(stream: string, which: Parameters<typeof streamPage>[2]): Promise<ResolvedEvent[]> {
    return streamPage(this.connection, `${this.prefix}${stream}`, which);
  }
}
