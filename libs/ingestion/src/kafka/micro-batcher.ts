/** A unit of work, with its size in events. */
export interface Sized {
  readonly size: number;
}

interface Waiting<Unit, Result> {
  readonly unit: Unit;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** While one batch waits for the disk, the next is prepared. */
const CONCURRENT_BATCHES = 2;

/**
 * Joins the units that several partitions bring at the same time into one batch: while batches are in progress, units wait, and all that wait go
 * into the next one. So a commit costs the same for one partition and for many, and no unit waits for a timer.
 */
export class MicroBatcher<Unit extends Sized, Result> {
  private waiting: Waiting<Unit, Result>[] = [];
  private running = 0;

  constructor(
    /** Runs a batch, and returns the result of each unit, in their order. */
    private readonly run: (units: readonly Unit[]) => Promise<readonly Result[]>,
    /** The size of one batch; a unit that is larger by itself is a batch of its own. */
    private readonly sizeMax: number,
  ) {}

  /** Resolves with the result of the unit once its batch is done. Rejects where the unit fails by itself. */
  add(unit: Unit): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ unit, resolve, reject });
      this.start();
    });
  }

  private start(): void {
    while (this.running < CONCURRENT_BATCHES && this.waiting.length > 0) {
      let length = 0;
      let size = 0;
      for (const { unit } of this.waiting) {
        if (length > 0 && size + unit.size > this.sizeMax) break;
        length += 1;
        size += unit.size;
      }
      this.running += 1;
      void this.runTogether(this.waiting.splice(0, length)).finally(() => {
        this.running -= 1;
        this.start();
      });
    }
  }

  private async runTogether(batch: readonly Waiting<Unit, Result>[]): Promise<void> {
    try {
      const results = await this.run(batch.map(({ unit }) => unit));
      for (const [at, { resolve }] of batch.entries()) resolve(results[at] as Result);
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      // One partition may be the cause: each unit is run alone, so that it does not hold up the others.
      else for (const one of batch) await this.runTogether([one]);
    }
  }
}
