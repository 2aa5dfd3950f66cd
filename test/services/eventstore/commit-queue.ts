/** How long a commit takes, in milliseconds, and how many appends it holds at most. */
export interface CommitPace {
  readonly everyMs: number;
  readonly atMost: number;
}

/** An append that came in whole. */
interface Job {
  commit(): void;
  /** Whether its call is gone: what has not been taken up by then is dropped. */
  gone(): boolean;
  /** How long the writer is at it before it is committed; what comes behind it waits. */
  readonly slowMs: number;
}

/**
 * The appends that wait for the one writer of a server (StorageWriterService): it takes them up in the order in which they came, of whatever call,
 * and commits them together, one group after the other. The only ones that it passes over are those whose call is gone.
 */
export class CommitQueue {
  readonly #waiting: Job[] = [];
  #busy = false;

  /** @param pace null: each append is committed at once */
  constructor(private readonly pace: CommitPace | null) {}

  add(commit: () => void, gone: () => boolean = () => false, slowMs = 0): void {
    if (this.pace === null && !this.#busy && slowMs === 0) {
      if (!gone()) commit();
      return;
    }
    this.#waiting.push({ commit, gone, slowMs });
    if (!this.#busy) this.#next();
  }

  #next(): void {
    while (this.#waiting[0]?.gone() === true) this.#waiting.shift();
    const first = this.#waiting.shift();
    this.#busy = first !== undefined;
    if (first === undefined) return;
    setTimeout(
      () => {
        first.commit();
        for (let more = (this.pace?.atMost ?? Number.POSITIVE_INFINITY) - 1; more > 0; more -= 1) {
          const next = this.#waiting[0];
          if (next === undefined || next.slowMs > 0) break;
          this.#waiting.shift();
          if (!next.gone()) next.commit();
        }
        this.#next();
      },
      first.slowMs + (this.pace?.everyMs ?? 0),
    );
  }
}
