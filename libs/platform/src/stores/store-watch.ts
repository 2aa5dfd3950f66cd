import { describeError } from '../loops/describe-error.js';
import { FailureLog, type FailureLogger } from '../loops/failure-log.js';

/** A store on a server, for which the process waits while it does not answer. */
export type WatchedStore = 'event-log' | 'read-models' | 'keys';

/** What is done with a store, and how it is called in a sentence: `Appending to the event log`. */
export interface WatchedWork {
  readonly store: WatchedStore;
  /** A label of the metrics: `append`. */
  readonly work: string;
  readonly subject: string;
}

/** Counts the failures of each kind of work; `begun` is called once for each. */
export interface StoreFailureCounter {
  begun(work: WatchedWork): void;
  failed(work: WatchedWork): void;
}

export interface StoreWatchOptions {
  readonly logger: FailureLogger;
  /** Milliseconds that never go back. Default: `performance.now`. */
  readonly now?: () => number;
}

/** A store that fails within so long after an answer was never back. */
const STEADY_MS = 1_000;
/** How often a wait looks whether its minute is over. */
const REMIND_MS = 5_000;
/** A store that is being opened for so long is named. */
const OPENING_MS = 1_500;

/**
 * All waiting of one process for its stores. Every component that tries a call again until its store answers tells it here, so that an outage
 * is logged (the cause at once, then once a minute, then how long it took), counted, seen by health, and ended when the process is to end.
 */
export class StoreWatch {
  readonly #waits = new Map<string, StoreWait>();
  readonly #ending = new AbortController();
  readonly #now: () => number;
  #counter: StoreFailureCounter | null = null;

  constructor(private readonly options: StoreWatchOptions) {
    this.#now = options.now ?? (() => performance.now());
  }

  /** A watch that logs nothing: for tools and specs. */
  static silent(): StoreWatch {
    return new StoreWatch({ logger: { warn: () => undefined, info: () => undefined } });
  }

  /** The waiting of one kind of work; the same object for the same work. */
  of(watched: WatchedWork): StoreWait {
    const name = `${watched.store} ${watched.work}`;
    let wait = this.#waits.get(name);
    if (wait === undefined) {
      this.#counter?.begun(watched);
      wait = new StoreWait(watched, {
        log: new FailureLog(this.options.logger, watched.subject, this.#now),
        now: this.#now,
        count: () => this.#counter?.failed(watched),
      });
      this.#waits.set(name, wait);
    }
    return wait;
  }

  /** Every kind of work that was watched so far. */
  get waits(): Iterable<StoreWait> {
    return this.#waits.values();
  }

  /** Counts what fails from now on. */
  countedBy(counter: StoreFailureCounter): void {
    this.#counter = counter;
    for (const { watched } of this.#waits.values()) counter.begun(watched);
  }

  /** Aborts when the process is to end: what waits for a store that does not answer gives up. Calls that are answered go on. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** The process is to end. */
  end(): void {
    this.#ending.abort();
  }

  /** What has failed without an answer for so long, in a sentence; null where nothing has. */
  failingFor(ms: number): string | null {
    for (const wait of this.#waits.values()) {
      const { failingForMs, watched, cause } = wait;
      if (failingForMs < ms || failingForMs === 0) continue;
      return `${watched.subject} has failed for ${Math.round(failingForMs / 1_000)} s: ${cause}`;
    }
    return null;
  }

  /** Opens a store; where that takes long, says what the process waits for. */
  async opening<T>(what: string, open: () => Promise<T>): Promise<T> {
    const timer = setTimeout(
      () => this.options.logger.warn({}, `The process waits for ${what}, which has not answered yet.`),
      OPENING_MS,
    );
    try {
      return await open();
    } finally {
      clearTimeout(timer);
    }
  }
}

interface WaitOptions {
  readonly log: FailureLog;
  readonly now: () => number;
  readonly count: () => void;
}

/**
 * The waiting of one kind of work for one store. States: answering -> failing (`failed`) -> answered, not steady yet (`answered`) -> answering
 * after a second, or failing again.
 */
export class StoreWait {
  /** Why the last call failed. */
  cause = '';
  #since: number | null = null;
  #reminder: NodeJS.Timeout | undefined;
  #steady: NodeJS.Timeout | undefined;

  constructor(
    readonly watched: WatchedWork,
    private readonly options: WaitOptions,
  ) {}

  /** How long calls have failed without an answer; 0 while they are answered. */
  get failingForMs(): number {
    return this.#since === null ? 0 : Math.max(1, this.options.now() - this.#since);
  }

  /** A call failed because the store did not answer, and is tried again. */
  failed(error: unknown): void {
    const { log, now, count } = this.options;
    count();
    this.cause = describeError(error);
    clearTimeout(this.#steady);
    this.#steady = undefined;
    if (this.#since === null) {
      this.#since = now();
      this.#reminder = setInterval(() => log.goesOn(), REMIND_MS).unref();
    }
    log.failed(error);
  }

  /** A call was answered. */
  answered(): void {
    if (this.#since === null || this.#steady !== undefined) return;
    const at = this.options.now();
    this.#steady = setTimeout(() => {
      clearInterval(this.#reminder);
      this.#steady = undefined;
      this.#since = null;
      this.options.log.succeeded(at);
    }, STEADY_MS).unref();
  }
}
