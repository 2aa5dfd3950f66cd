import { describeError } from './describe-error.js';

const REPEAT_MS = 60_000;
/** Causes of one outage that are logged at once; where an error names something else each time, it counts as one of them. */
const CAUSES_MAX = 8;

/** The part of a logger that failures are written to. */
export interface FailureLogger {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

/**
 * Logs work that fails again and again without flooding the log: a new cause at once, the failure once a minute, and one line when
 * the work succeeds again.
 */
export class FailureLog {
  #failures = 0;
  #since = 0;
  #loggedAt = 0;
  #last = '';
  readonly #causes = new Set<string>();

  constructor(
    private readonly logger: FailureLogger,
    /** What fails, as the subject of a sentence: `The relay`. */
    private readonly subject: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param retryInMs when it is tried again, where that is known */
  failed(error: unknown, retryInMs?: number): void {
    const now = this.now();
    if (this.#failures === 0) this.#since = now;
    this.#failures += 1;
    this.#last = describeError(error);
    const known = this.#causes.has(this.#last) || this.#causes.size === CAUSES_MAX;
    if (known && now - this.#loggedAt < REPEAT_MS) return;
    if (!known) this.#causes.add(this.#last);
    this.#log(retryInMs);
  }

  /** Time passed and nothing was tried, or nothing has ended: the cause is logged again where a minute is over. */
  goesOn(): void {
    if (this.#failures > 0 && this.now() - this.#loggedAt >= REPEAT_MS) this.#log();
  }

  /** @param at when it did, by the clock of this log; now by default */
  succeeded(at = this.now()): void {
    if (this.#failures === 0) return;
    const facts = { failures: this.#failures, failedForMs: Math.round(at - this.#since) };
    this.#failures = 0;
    this.#causes.clear();
    this.logger.info(facts, `${this.subject} works again.`);
  }

  #log(retryInMs?: number): void {
    this.#loggedAt = this.now();
    const facts = { cause: this.#last, failures: this.#failures };
    this.logger.warn(
      retryInMs === undefined ? facts : { ...facts, retryInMs },
      `${this.subject} failed, and tries again.`,
    );
  }
}
