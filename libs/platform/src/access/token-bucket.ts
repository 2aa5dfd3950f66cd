/** A bucket holds what is refilled in so many milliseconds. */
const HOLDS_MS = 10_000;
const MINUTE_MS = 60_000;

/**
 * Tokens that are refilled steadily, up to ten seconds' worth. It may owe: what a request turns out to hold is taken after it was let in, and the
 * next ones wait until the debt is paid. All times are monotonic milliseconds.
 */
export class TokenBucket {
  readonly capacity: number;
  private readonly perMs: number;
  private level: number;
  private at: number;

  /** @param perMinute how many tokens are refilled in a minute; at least 1 */
  constructor(
    readonly perMinute: number,
    now: number,
  ) {
    this.perMs = perMinute / MINUTE_MS;
    this.capacity = Math.max(1, Math.floor(this.perMs * HOLDS_MS));
    this.level = this.capacity;
    this.at = now;
  }

  /** In how many whole seconds an empty bucket is full. */
  get windowS(): number {
    return Math.ceil(this.capacity / this.perMs / 1_000);
  }

  /** The tokens that are there; below zero: what is owed. */
  tokens(now: number): number {
    if (now > this.at) {
      this.level = Math.min(this.capacity, this.level + (now - this.at) * this.perMs);
      this.at = now;
    }
    return this.level;
  }

  /** Takes tokens, whether they are there or not. */
  take(count: number): void {
    this.level -= count;
  }

  /** In how many milliseconds so many tokens are there; 0 where they are. */
  waitMs(count: number, now: number): number {
    return Math.max(0, (count - this.tokens(now)) / this.perMs);
  }
}
