import { describeError } from './describe-error.js';

const REPEAT_MS = 60_000;

/** The part of a logger that failures are written to. */
export interface FailureLogger {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

/**
 * Logs work that fails again and again without flooding the log: a new cause at once, the same cause once a minute, and one line when
 * the work succeeds again.
 */
export class FailureLog {
  #failures = 0;
  #since = 0;
  #loggedAt = 0;
  #cause: string | null = null;

  constructor(
    private readonly logger: FailureLogger,
    /** What fails, as the subject of a sentence: `The relay`. */
    private readonly subject: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  failed(error: unknown, retryInMs: number): void {
    const now = this.now();
    const cause = describeError(error);
    if (this.#failures === 0) this.#since = now;
    this.#failures += 1;
    if (cause === this.#cause && now - this.#loggedAt < REPEAT_MS) return;
    this.#cause = cause;
    this.#loggedAt = now;
    this.logger.warn({ cause, failures: this.#failures, retryInMs }, `${this.subject} failed, and tries again.`);
  }

  succeeded(): void {
    if (this.#failures === 0) return;
    const facts = { failures: this.#failures, failedForMs: Math.round(this.now() - this.#since) };
    this.#failures = 0;
    this.#cause = null;
    this.logger.info(facts, `${this.subject} works again.`);
  }
}
