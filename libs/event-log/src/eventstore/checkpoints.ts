/** A place in $all as the server names it: in front of a record its second number is lower than its first. */
export interface Place {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export function placeOf(position: number): Place {
  return { commit: BigInt(position), prepare: BigInt(position) };
}

const POSITION_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * What the checkpoints of a filtered subscription are good for: to begin again later in the log than at the last event of ours,
 * so that the server need not look through again what others wrote. They are not taken for more:
 *
 * - Before 24.10.5 a checkpoint may be 2^64 - 1, which is no position.
 * - In 25.0.0 one may lie where the next event will stand. So the last one is never used, but the one before it: a checkpoint lies
 *   no higher than the next event of ours, and the one before lies lower than that.
 * - Nothing is dropped, and nothing taken for read, because of a checkpoint.
 */
export class Checkpoints {
  #last: Place | null = null;
  #before: Place | null = null;

  /** To be called once every event that came before the checkpoint was taken. */
  note(checkpoint: Place): void {
    const { commit, prepare } = checkpoint;
    if (commit > POSITION_MAX || prepare > commit) return;
    if (this.#last !== null && commit <= this.#last.commit) return;
    this.#before = this.#last;
    this.#last = checkpoint;
  }

  /** The place above the last event taken where a subscription may begin again; null where only that event itself will do. */
  above(taken: number): Place | null {
    return this.#before !== null && this.#before.commit > BigInt(taken) ? this.#before : null;
  }

  /** After a server rejected one as a place where no record begins, or has a shorter log. */
  forget(): void {
    this.#last = null;
    this.#before = null;
  }
}
