import type { IngestItem, ItemResult } from '../pipeline/item.js';

/** Takes, and tells of those that were not accepted. */
type Take = (items: readonly IngestItem[]) => Promise<readonly ItemResult[]>;

/** What is to be taken: read when its turn has come, so that not everything that waits stands in memory in its parts. */
export type Reading = () => readonly IngestItem[];

interface Offer {
  readonly read: Reading;
  /** About how many events it holds. */
  readonly size: number;
  readonly resolve: (exceptions: readonly ItemResult[]) => void;
  readonly reject: (error: unknown) => void;
}

/** While one take waits for the disk, the next is made ready. */
const TAKES_AT_ONCE = 2;

/**
 * Makes one take of what several partitions bring at the same time: while takes are under way, offers wait, and all that wait go into the next
 * one. So a commit costs the same for one partition and for many, and nobody waits for a timer.
 */
export class MicroBatcher {
  private waiting: Offer[] = [];
  private running = 0;

  constructor(
    private readonly take: Take,
    /** Events in one take, about; an offer that is larger by itself is taken whole. */
    private readonly eventsMax: number,
  ) {}

  /** Resolves once the outcomes of all items are durable, with the results of those that were not accepted. Rejects where that is not known. */
  offer(read: Reading, size: number): Promise<readonly ItemResult[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ read, size, resolve, reject });
      this.begin();
    });
  }

  private begin(): void {
    while (this.running < TAKES_AT_ONCE && this.waiting.length > 0) {
      const together: Offer[] = [];
      let events = 0;
      for (const offer of this.waiting) {
        if (together.length > 0 && events + offer.size > this.eventsMax) break;
        together.push(offer);
        events += offer.size;
      }
      this.waiting = this.waiting.slice(together.length);
      this.running += 1;
      void this.takeTogether(together).finally(() => {
        this.running -= 1;
        this.begin();
      });
    }
  }

  private async takeTogether(offers: readonly Offer[]): Promise<void> {
    try {
      const items: IngestItem[] = [];
      const ends: number[] = [];
      for (const { read } of offers) {
        for (const item of read()) items.push(item);
        ends.push(items.length);
      }
      const exceptions = await this.take(items);
      for (const [at, { resolve }] of offers.entries()) {
        const start = ends[at - 1] ?? 0;
        const own = exceptions.filter(({ index }) => index >= start && index < (ends[at] ?? 0));
        resolve(own.map((result) => ({ ...result, index: result.index - start })));
      }
    } catch (error) {
      if (offers.length === 1) offers[0]?.reject(error);
      // It may be one partition's doing: then the others are not held up by it.
      else for (const offer of offers) await this.takeTogether([offer]);
    }
  }
}
