/** How long a commit takes, in milliseconds, and how many appends it holds at most. */
export interface CommitPace {
  readonly everyMs: number;
  readonly atMost: number;
}

/** The appends that wait for the disk of a server: they are committed together, one group after the other, in the order in which they came. */
export class CommitQueue {
  #waiting: (() => void)[] = [];
  #busy = false;

  /** @param pace null: each append is committed at once */
  constructor(private readonly pace: CommitPace | null) {}

  add(commit: () => void): void {
    if (this.pace === null) return commit();
    this.#waiting.push(commit);
    if (!this.#busy) this.#next(this.pace);
  }

  #next(pace: CommitPace): void {
    this.#busy = this.#waiting.length > 0;
    if (!this.#busy) return;
    setTimeout(() => {
      const group = this.#waiting.slice(0, pace.atMost);
      this.#waiting = this.#waiting.slice(pace.atMost);
      for (const commit of group) commit();
      this.#next(pace);
    }, pace.everyMs);
  }
}
