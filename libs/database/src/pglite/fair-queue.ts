/** The most that one side can be ahead of the other. */
const AHEAD_MS_MAX = 250;

/**
 * The queue of tasks for the one connection. Writers go before readers, unless the writers have had more than half of the time
 * lately: so many readers cannot stop the indexing, nor the other way round.
 */
export class FairQueue {
  readonly #writers: (() => Promise<void>)[] = [];
  readonly #readers: (() => Promise<void>)[] = [];
  /** How much more time writers have had than readers while both waited, in milliseconds. */
  #ahead = 0;
  #busy = false;

  constructor(private readonly now = () => performance.now()) {}

  /** Whether a reader waits. */
  get hasReader(): boolean {
    return this.#readers.length > 0;
  }

  turn<T>(work: () => Promise<T>, reading: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      (reading ? this.#readers : this.#writers).push(() => Promise.resolve().then(work).then(resolve, reject));
      if (!this.#busy) void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    this.#busy = true;
    for (;;) {
      const writing = this.#writers.length > 0 && (this.#ahead <= 0 || this.#readers.length === 0);
      const next = (writing ? this.#writers : this.#readers).shift();
      if (next === undefined) break;
      // Time that no other task waited for does not count.
      const wanted = (writing ? this.#readers : this.#writers).length > 0;
      const begun = this.now();
      await next();
      const took = this.now() - begun;
      const ahead = wanted ? this.#ahead + (writing ? took : -took) : this.#ahead;
      this.#ahead = Math.max(-AHEAD_MS_MAX, Math.min(AHEAD_MS_MAX, ahead));
    }
    this.#busy = false;
  }
}
