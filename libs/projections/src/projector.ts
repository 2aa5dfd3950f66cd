import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { createVersion, listVersions, lockSchemas, migrate, type Version } from './control/migrate.js';
import type { Database } from './database.js';
import { Follower, OutOfStep, StandBy, type Counters, type FollowerParts } from './following/follower.js';
import { describe } from './folding/fold-customers.js';
import { MODEL } from './read-models.js';
import { StepTimes, type Step } from './step-times.js';

/** What the projector says aloud; a pino logger fits. */
export interface ProjectorLogger {
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

export interface ProjectorOptions {
  readonly database: Database;
  readonly log: EventLog;
  readonly clock: { now(): Instant };
  readonly logger?: ProjectorLogger;
  /** Events taken in at once. Default 1,000. */
  readonly pageSize?: number;
  /** Customers folded at once. Default 500. */
  readonly sliceSize?: number;
  /**
   * With more events than this still to come, customers are only marked while the log is read, and folded once at
   * its end: an import folds each customer once, not once a page. Default 5,000.
   */
  readonly bulkLag?: number;
}

export interface ProjectorStatus {
  /** The version that is live. */
  readonly version: number;
  readonly position: number;
  /** Events of the log that are not indexed yet. */
  readonly lag: number;
  readonly dirty: number;
  readonly parked: number;
  /** Every deadline up to here is persisted; null before the first catching up. */
  readonly clock: Instant | null;
  /** When the next deadline falls due. */
  readonly nextWake: Instant | null;
  readonly running: boolean;
  /** Why the last step failed; null when it did not. */
  readonly failure: string | null;
  readonly counters: Readonly<Counters>;
  /** Time spent on each step since the process began, in milliseconds. */
  readonly stepMs: Readonly<Record<Step, number>>;
}

const SILENT: ProjectorLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** An idle projector looks at the clock this often, so that a deadline is never late by more. */
const IDLE_MS_MAX = 1_000;
/** … and this often while a heavy customer waits to be folded. */
const WAITING_MS = 200;
/** After a failure it tries again, first after so long, then twice as long each time. */
const BACKOFF_MS_FIRST = 100;
const BACKOFF_MS_MAX = 10_000;

/**
 * Follows the log, keeps the read models, fires the clock. One plain loop owns the order, the transactions and the checkpoint.
 * Several may run on one PostgreSQL: one of them indexes at a time, all of them fold.
 */
export class Projector {
  readonly #parts: FollowerParts;
  readonly #logger: ProjectorLogger;
  readonly #pageSize: number;
  readonly #sliceSize: number;
  readonly #bulkLag: number;
  #follower: Follower;
  #position: number;
  #turn: Promise<unknown> = Promise.resolve();
  #running: { readonly stopped: Promise<void>; readonly abort: AbortController } | null = null;
  #failure: string | null = null;
  #nextWake: Instant | null = null;

  private constructor(options: ProjectorOptions, follower: Follower, parts: FollowerParts, position: number) {
    this.#parts = parts;
    this.#follower = follower;
    this.#position = position;
    this.#logger = options.logger ?? SILENT;
    this.#pageSize = options.pageSize ?? 1_000;
    this.#sliceSize = options.sliceSize ?? 500;
    this.#bulkLag = options.bulkLag ?? 5_000;
  }

  /** Brings the schemas up to date and finds the live version, or makes the first one. */
  static async open(options: ProjectorOptions): Promise<Projector> {
    await migrate(options.database);
    const parts: FollowerParts = {
      database: options.database,
      log: options.log,
      now: () => options.clock.now(),
      times: new StepTimes(),
      counters: { events: 0, folded: 0, published: 0, parked: 0, transitionsDue: 0 },
    };
    const live = await liveVersion(options.database, options.clock.now());
    const follower = new Follower(parts, live.schema, live.version, true);
    return new Projector(options, follower, parts, await follower.position());
  }

  /** Begins to follow the log and the clock. */
  start(): void {
    if (this.#running !== null) return;
    const abort = new AbortController();
    this.#running = { abort, stopped: this.#run(abort.signal) };
  }

  /** Stops after the step under way. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    running.abort.abort();
    await running.stopped;
    this.#running = null;
  }

  /**
   * Works until the log as it is now is indexed, nobody is left to be folded and no deadline is overdue; returns the
   * position and the clock's instant at which that was so. Works whether or not the projector is running.
   *
   * @throws whatever the database or the log throws
   */
  async catchUp(): Promise<{ readonly position: number; readonly clock: Instant }> {
    for (;;) {
      const done = await this.#exclusively(() => this.#catchUpStep());
      if (done !== null) return done;
    }
  }

  /** Takes a customer out of parking; she is folded again from the beginning. False when she was not parked. */
  async release(customerId: string): Promise<boolean> {
    return this.#exclusively(() => this.#follower.release(customerId));
  }

  async status(): Promise<ProjectorStatus> {
    const { schema, version } = this.#follower;
    const [row] = await this.#parts.database.query<{
      position: number;
      clock: Instant | null;
      dirty: number;
      parked: number;
    }>(`SELECT position, clock, (SELECT count(*)::int FROM ${schema}.dirty) AS dirty,
               (SELECT count(*)::int FROM ${schema}.parked) AS parked FROM ${schema}.checkpoint`);
    const head = await this.#parts.log.head();
    const position = row?.position ?? 0;
    return {
      version,
      position,
      lag: Math.max(0, head.position - position),
      dirty: row?.dirty ?? 0,
      parked: row?.parked ?? 0,
      clock: row?.clock ?? null,
      nextWake: await this.#follower.nextWake(),
      running: this.#running !== null,
      failure: this.#failure,
      counters: { ...this.#parts.counters },
      stepMs: { ...this.#parts.times.ms },
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    let wait = BACKOFF_MS_FIRST;
    let ahead: readonly RecordedEvent[] | null = null;
    while (!signal.aborted) {
      try {
        const page: readonly RecordedEvent[] | null = ahead;
        ahead = null;
        const worked = await this.#exclusively(() => this.#step(page));
        this.#failure = null;
        wait = BACKOFF_MS_FIRST;
        if (!worked) ahead = await this.#idle(signal);
      } catch (error) {
        if (error instanceof StandBy) {
          await sleep(WAITING_MS, undefined, { signal }).catch(() => undefined);
          continue;
        }
        this.#failure = describe(error);
        this.#logger.error({ error, retryInMs: wait }, 'The projector failed at a step and will try it again.');
        await sleep(wait, undefined, { signal }).catch(() => undefined);
        wait = Math.min(wait * 2, BACKOFF_MS_MAX);
      }
    }
  }

  /** One step of the running projector: a page if there is one, else a slice of marked customers, else the clock. */
  async #step(ahead: readonly RecordedEvent[] | null): Promise<boolean> {
    if (await this.#indexNext(ahead)) {
      // A customer marked in a flood of events does not wait for its end for ever.
      if (await this.#staleMarks()) await this.#follower.foldMarked(this.#sliceSize, false);
      return true;
    }
    if ((await this.#follower.foldMarked(this.#sliceSize, false)) > 0) return true;
    const now = this.#parts.now();
    this.#nextWake = await this.#follower.nextWake();
    if (this.#nextWake === null || this.#nextWake > now) {
      await this.#follower.noteClock(now);
      return false;
    }
    return (await this.#follower.markDue(this.#sliceSize)) > 0;
  }

  async #catchUpStep(): Promise<{ position: number; clock: Instant } | null> {
    if (await this.#indexNext(null)) return null;
    if ((await this.#follower.foldMarked(this.#sliceSize, true)) > 0) return null;
    const clock = this.#parts.now();
    if ((await this.#follower.markDue(this.#sliceSize)) > 0) return null;
    await this.#follower.noteClock(clock);
    return { position: this.#position, clock };
  }

  /** Takes the next page in, if there is one. */
  async #indexNext(ahead: readonly RecordedEvent[] | null): Promise<boolean> {
    const page = ahead ?? (await this.#parts.times.of('read', () => this.#nextPage()));
    if (page === null || page.length === 0) return false;
    const bulk = page.length >= this.#pageSize && (await this.#behind()) > this.#bulkLag;
    try {
      this.#position = await this.#follower.applyPage(page, !bulk);
    } catch (error) {
      if (error instanceof OutOfStep) {
        this.#position = error.position;
        return true;
      }
      if (error instanceof StandBy || bulk) throw error;
      // Somebody on this page cannot be written: mark all of them, so that the folders find out who it is.
      this.#logger.warn(
        { error: describe(error) },
        'A page could not be folded at once; its customers are folded one by one.',
      );
      this.#position = await this.#follower.applyPage(page, false);
    }
    return true;
  }

  async #nextPage(): Promise<readonly RecordedEvent[] | null> {
    for await (const page of this.#parts.log.readAll(this.#position, { pageSize: this.#pageSize })) return page;
    return null;
  }

  async #behind(): Promise<number> {
    return (await this.#parts.log.head()).position - this.#position;
  }

  async #staleMarks(): Promise<boolean> {
    const [row] = await this.#parts.database.query<{ stale: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM ${this.#follower.schema}.dirty WHERE since < $1::timestamptz) AS stale`,
      [new Date(this.#parts.now() - 10_000).toISOString()],
    );
    return row?.stale === true;
  }

  /** Waits for the next event, the next deadline, or a second at most; an event that came is handed on. */
  async #idle(signal: AbortSignal): Promise<readonly RecordedEvent[] | null> {
    const now = this.#parts.now();
    const untilWake = this.#nextWake === null ? IDLE_MS_MAX : Math.max(1, this.#nextWake - now);
    const waiting = (await this.#anyMarked()) ? WAITING_MS : IDLE_MS_MAX;
    const quiet = AbortSignal.any([signal, AbortSignal.timeout(Math.min(untilWake, waiting, IDLE_MS_MAX))]);
    try {
      for await (const page of this.#parts.log.follow(this.#position, { pageSize: this.#pageSize, signal: quiet }))
        return page;
    } catch (error) {
      if (!quiet.aborted) throw error;
    }
    return null;
  }

  async #anyMarked(): Promise<boolean> {
    const [row] = await this.#parts.database.query<{ any: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM ${this.#follower.schema}.dirty) AS any`,
    );
    return row?.any === true;
  }

  /** One step at a time, whoever asks for it: the loop, somebody catching up, a switch of versions. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

async function liveVersion(database: Database, now: Instant): Promise<Version> {
  return database.transaction(async (tx) => {
    await lockSchemas(tx);
    const live = (await listVersions(tx)).find((version) => version.status === 'live');
    return live ?? createVersion(tx, 'live', now);
  });
}

/** Whether a version was built for the read models that this program has. */
export function fits(version: Version): boolean {
  return version.model === MODEL;
}
