/** What one side can be ahead of the other at most. */
const AHEAD_MS_MAX = 250;

/**
 * The line in front of the one connection. Those who keep the tables go before those who only ask, unless they have had more
 * than half of the time lately: many who ask cannot keep the tables from going on, nor the other way round.
 */
export class FairQueue {
  readonly #keeping: (() => Promise<void>)[] = [];
  readonly #asking: (() => Promise<void>)[] = [];
  /** How much more time the ones have had than the others while both wanted it, in milliseconds. */
  #ahead = 0;
  #busy = false;

  constructor(private readonly now = () => performance.now()) {}

  /** Whether somebody waits who only asks. */
  get isAskedFor(): boolean {
    return this.#asking.length > 0;
  }

  turn<T>(work: () => Promise<T>, asking: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      (asking ? this.#asking : this.#keeping).push(() => Promise.resolve().then(work).then(resolve, reject));
      if (!this.#busy) void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    this.#busy = true;
    for (;;) {
      const keeping = this.#keeping.length > 0 && (this.#ahead <= 0 || this.#asking.length === 0);
      const next = (keeping ? this.#keeping : this.#asking).shift();
      if (next === undefined) break;
      // Whoever has it while nobody else wants it owes nothing for that.
      const wanted = (keeping ? this.#asking : this.#keeping).length > 0;
      const begun = this.now();
      await next();
      const took = this.now() - begun;
      const ahead = wanted ? this.#ahead + (keeping ? took : -took) : this.#ahead;
      this.#ahead = Math.max(-AHEAD_MS_MAX, Math.min(AHEAD_MS_MAX, ahead));
    }
    this.#busy = false;
  }
}
