import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs, type Backoff } from './backoff.js';
import { describeError } from './describe-error.js';

const BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000 };

/** Called as the turns of a loop succeed or fail. */
export interface LoopObserver {
  /** A turn failed; the next begins in `retryInMs`. */
  failed?(error: unknown, retryInMs: number): void;
  /** A turn succeeded. */
  succeeded?(): void;
}

export interface LoopOptions {
  /** How long it waits after failures in a row. Default: 0.5 s, up to 30 s. */
  readonly backoff?: Backoff;
  /** False: its waits do not keep the process alive. Default true. */
  readonly keepsProcessAlive?: boolean;
  readonly observer?: LoopObserver;
}

/**
 * Work that goes on until it is stopped. One turn follows the other, never two at a time. A turn returns for how many milliseconds there is
 * nothing to do: 0 begins the next at once. A turn that throws is followed by another after a wait that doubles with each failure.
 *
 * States: idle (made, not started) -> running (`start`) <-> waiting (for time, or for `wake`) -> stopped (`stop`, final).
 */
export class Loop {
  /** Why the last turn failed; null when it succeeded. */
  failure: string | null = null;
  readonly #stopping = new AbortController();
  #waking = new AbortController();
  #running: Promise<void> | null = null;

  constructor(
    /** The signal aborts when the loop is stopped. */
    private readonly turn: (signal: AbortSignal) => Promise<number>,
    private readonly options: LoopOptions = {},
  ) {}

  /** Begins, if it has not begun before. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Begins the next turn at once, instead of when its wait is over; during a turn, begins another one right after it. The wait after a
   * failure is not cut short: what failed may be overloaded.
   */
  wake(): void {
    this.#waking.abort();
  }

  /** Aborts the signal, waits until the turn under way has ended, and begins no other. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { backoff = BACKOFF, keepsProcessAlive: ref = true, observer } = this.options;
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      // Renewed before the turn, so that a call of `wake` during the turn is not lost.
      this.#waking = new AbortController();
      try {
        const idleMs = await this.turn(signal);
        failures = 0;
        this.failure = null;
        observer?.succeeded?.();
        if (idleMs > 0) await wait(idleMs, { signal: this.#waking.signal, ref });
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const retryInMs = backoffMs(failures, backoff);
        this.failure = describeError(error);
        observer?.failed?.(error, retryInMs);
        await wait(retryInMs, { signal, ref });
      }
    }
  }
}

/** Resolves after the time, or when the signal aborts. */
async function wait(ms: number, options: { readonly signal: AbortSignal; readonly ref: boolean }): Promise<void> {
  await sleep(ms, undefined, options).catch(() => undefined);
}
