import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '#contracts';
import type { EventLog, ReadOptions, RecordedEvent } from '#event-log';
import { createVersion, listVersions, lockSchemas, migrate, type Version } from '../versions/migrate.js';
import type { Database } from '#database';
import { compareStages, compareVersions, type StageMove, type TableDifference } from '../versions/differences.js';
import { digestTables, type Digest } from '../versions/digest.js';
import { Follower, NotLive, OutOfStep, StandBy, type Counters, type FollowerDependencies } from './follower.js';
import { describe } from '../folding/fold-customers.js';
import type { DatabaseIdTable } from '../indexing/event-ids/id-table.js';
import { deduplicateUpTo } from '../indexing/event-ids/deduplicate.js';
import { MODEL } from '../read-models/registry.js';
import { liveVersionNumber } from '../schema.js';
import { build, type BuildProgress } from '../versions/build.js';
import { dropOldVersions, dropVersion, switchTo, versionToBuild } from '../versions/versions.js';
import { StepTimes, type Step } from './step-times.js';

/** What the projector says aloud; a pino logger fits. */
export interface ProjectorLogger {
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

/** What a projector does while it runs: follow the log and the clock, fold customers, or both. */
export type ProjectorRole = 'indexer' | 'folders' | 'both';

export interface ProjectorOptions {
  readonly database: Database;
  readonly log: EventLog;
  readonly clock: { now(): Instant };
  readonly logger?: ProjectorLogger;
  /** Default both. */
  readonly role?: ProjectorRole;
  /** Where names are judged, if the log cannot tell them apart over its whole length (EventStoreDB). */
  readonly ids?: DatabaseIdTable;
  /** Events taken in at once. Default 1,000. */
  readonly pageSize?: number;
  /** Customers folded at once. Default 500. */
  readonly foldBatchSize?: number;
  /**
   * With more events than this still to come, customers are only marked while the log is read, and folded once at
   * its end: an import folds each customer once, not once a page. Default 5,000.
   */
  readonly bulkLag?: number;
  /**
   * After so many events and folds it is looked whether one of PGlite's tables needs sweeping: whether as many of its rows
   * are dead, beside a share of its size. Default 1,000.
   */
  readonly vacuumAfter?: number;
  /** Told when customers were folded, after it was committed: something may have been said of them. */
  readonly onPublished?: () => void;
}

export interface ProjectorStatus {
  /** The version that is live. */
  readonly version: number;
  readonly position: number;
  /** How far the head of the log is above, in what `lagUnit` says. 0: all of it is indexed. */
  readonly lag: number;
  readonly lagUnit: 'events' | 'bytes';
  /** How much later the last event of the log was recorded than the last that is indexed; 0 where all is. */
  readonly lagMs: number;
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

export interface RebuildOptions {
  readonly onProgress?: (progress: BuildProgress) => void;
  /** Stops between two steps; calling again goes on from there. */
  readonly signal?: AbortSignal;
  /** As in `BuildOptions`: how much of a log a rebuild may hold in memory. */
  readonly heldBytesMax?: number;
}

export interface Rebuilt {
  /** The version that is live now. */
  readonly version: number;
  readonly position: number;
  /** Events that were read to build it; none where it had been built before and only waited to be switched to. */
  readonly events: number;
  readonly stepMs: Readonly<Record<Step, number>>;
  readonly elapsedMs: number;
}

/** Whether the live read models are what the log gives. */
export interface Verification {
  readonly equal: boolean;
  readonly live: Digest;
  readonly rebuilt: Digest;
  readonly differences: readonly TableDifference[];
}

/** What a rebuild would change. */
export interface DryRunResult {
  /** True: nothing. */
  readonly equal: boolean;
  /** Both versions stand at this position of the log. */
  readonly position: number;
  readonly differences: readonly TableDifference[];
  /** How many customers would stand in another phase. */
  readonly stages: readonly StageMove[];
}

/** Events of the log, all that follow a position: what lies between two positions cannot be told from their numbers. */
interface Page {
  readonly after: number;
  readonly events: readonly RecordedEvent[];
}

/** The live version was built for other read models; whoever indexes rebuilds it. */
class NotFitting extends Error {
  constructor() {
    super('The read models were made by another version of this program, and wait to be rebuilt by an indexer.');
  }
}

const SILENT: ProjectorLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** An idle projector looks at the clock this often, so that a deadline is never late by more. */
const IDLE_MS_MAX = 1_000;
/** … and this often while a heavy customer waits to be folded. */
const WAITING_MS = 200;
/** Somebody else is indexing, or folding the last of those who are marked: look again after so long. */
const STAND_BY_MS = 50;
/** A mark is stale after so long, while a flood of events is taken in, and at the head of the log. */
const STALE_MS_IN_FLOOD = 10_000;
const STALE_MS_AT_HEAD = 500;
/** Events taken in at once while there is no flood of them: more where more are waiting, since much of what a page costs it costs once. */
const LIVE_PAGE = 200;
const LIVE_PAGE_MAX = 500;
/** Whether there are any is looked at this often. */
const STALE_LOOK_MS = 100;
/** Folding stale marks is followed by so many times as long without it. */
const STALE_REST = 4;
/** After a failure it tries again, first after so long, then twice as long each time. */
const BACKOFF_MS_FIRST = 100;
const BACKOFF_MS_MAX = 10_000;

/**
 * Follows the log, keeps the read models, fires the clock. One plain loop owns the order, the transactions and the checkpoint.
 * Several may run on one PostgreSQL: one of them indexes at a time, all of them fold.
 */
export class Projector {
  readonly #parts: FollowerDependencies;
  readonly #logger: ProjectorLogger;
  readonly #pageSize: number;
  /** How much is taken in at once at this moment: in a flood a whole page, else less, so that nobody who asks waits long. */
  #pageNow: number;
  readonly #foldBatchSize: number;
  readonly #bulkLag: number;
  readonly #vacuumAfter: number;
  readonly #role: ProjectorRole;
  readonly #onPublished: (() => void) | undefined;
  /** Customers folded when it was last told. */
  #toldAt = 0;
  #changesSinceVacuum = 0;
  #follower: Follower;
  #position: number;
  #turn: Promise<unknown> = Promise.resolve();
  #running: { readonly stopped: Promise<void>; readonly abort: AbortController } | null = null;
  #failure: string | null = null;
  #nextWake: Instant | null = null;
  #staleAgainAt = 0;
  #dueAgainAt = 0;
  /** False: the live version was built for other read models than this program has. */
  #fits: boolean;

  private constructor(
    options: ProjectorOptions,
    follower: Follower,
    parts: FollowerDependencies,
    position: number,
    itFits: boolean,
  ) {
    this.#fits = itFits;
    this.#parts = parts;
    this.#follower = follower;
    this.#position = position;
    this.#logger = options.logger ?? SILENT;
    this.#pageSize = options.pageSize ?? 1_000;
    this.#pageNow = Math.min(this.#pageSize, LIVE_PAGE);
    this.#foldBatchSize = options.foldBatchSize ?? 500;
    this.#bulkLag = options.bulkLag ?? 5_000;
    this.#vacuumAfter = options.vacuumAfter ?? 1_000;
    this.#role = options.role ?? 'both';
    this.#onPublished = options.onPublished;
  }

  /** Brings the schemas up to date and finds the live version, or makes the first one. */
  static async open(options: ProjectorOptions): Promise<Projector> {
    await migrate(options.database);
    const parts: FollowerDependencies = {
      database: options.database,
      log: options.log,
      now: () => options.clock.now(),
      times: new StepTimes(),
      ids: options.ids ?? null,
      counters: { events: 0, folded: 0, published: 0, parked: 0, transitionsDue: 0, vacuumed: 0 },
    };
    const live = await liveVersion(options.database, options.clock.now());
    const follower = new Follower(parts, live.schema, live.version, true);
    const position = await follower.position();
    // Read models may be older than the need to judge.
    if (parts.ids !== null) await deduplicateUpTo(parts.database, parts.log, position, parts.ids);
    return new Projector(options, follower, parts, position, fits(live));
  }

  get role(): ProjectorRole {
    return this.#role;
  }

  /** Why the last step failed; null when it did not. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Looks at the version that is live now: another process may have switched. One that runs finds out by itself. */
  async refresh(): Promise<void> {
    const live = await liveVersionNumber(this.#parts.database);
    if (live !== null && live !== this.#follower.version) await this.#takeUpLive();
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
    await this.#fit();
    const { position: upTo } = await this.#parts.log.head();
    return this.#exclusively(() => this.#settle(this.#follower, upTo));
  }

  /** Takes a customer out of parking; they are folded again from the beginning. False when they were not parked. */
  async release(customerId: string): Promise<boolean> {
    return this.#exclusively(() => this.#follower.release(customerId));
  }

  /**
   * Builds the read models again beside the live ones and switches to them. The live ones go on in the meantime. A build that was
   * killed goes on where it was. What the new version believes otherwise than what was published is said after the switch.
   */
  async rebuild(options: RebuildOptions = {}): Promise<Rebuilt> {
    const begun = performance.now();
    const times = new StepTimes();
    const version = await versionToBuild(this.#parts.database, this.#parts.now());
    const read = { links: 0, 'catching-up': 0 };
    const counting: RebuildOptions = {
      ...options,
      onProgress: (progress) => {
        if (progress.phase === 'links' || progress.phase === 'catching-up') read[progress.phase] = progress.items;
        options.onProgress?.(progress);
      },
    };
    await this.#build(version, (await this.#parts.log.head()).position, this.#parts.now(), times, counting);
    const copy = new Follower({ ...this.#parts, times }, version.schema, version.version, false);
    await this.#follow(copy, counting);
    await this.#exclusively(() => this.#switchTo(version, copy, counting));
    await dropOldVersions(this.#parts.database);
    return {
      version: version.version,
      position: this.#position,
      events: read.links + read['catching-up'],
      stepMs: times.ms,
      elapsedMs: performance.now() - begun,
    };
  }

  /**
   * Goes back (or forth) to a version that is still kept: it is brought up to date and made live. Without a number, to the one that was
   * live last; returns the one that is live now.
   *
   * @throws RangeError when there is no such version, or it was built for other read models than this program has
   */
  async rollback(number?: number, options: RebuildOptions = {}): Promise<Version> {
    const versions = await this.versions();
    const version = number === undefined ? lastLive(versions) : versions.find((one) => one.version === number);
    if (version === undefined || version.status === 'building')
      throw new RangeError(
        number === undefined ? 'There is no older version to go back to.' : `There is no version ${number} to go to.`,
      );
    if (version.status === 'live') return version;
    if (!fits(version))
      throw new RangeError(`Version ${version.version} was built for other read models: rebuild instead.`);
    const copy = new Follower(this.#parts, version.schema, version.version, false);
    await this.#follow(copy, options);
    await this.#exclusively(() => this.#switchTo(version, copy, options));
    return version;
  }

  /** The versions of the read models that there are, the oldest first. */
  versions(): Promise<readonly Version[]> {
    return listVersions(this.#parts.database);
  }

  /**
   * Tries a rebuild out: builds beside, says what would change, drops the copy. Nothing is switched and nothing said. Where the live version
   * was made by another version of this program, what both have is compared, at the position and instant at which the live one stands.
   */
  async dryRun(options: RebuildOptions = {}): Promise<DryRunResult> {
    if (this.#fits) await this.catchUp();
    const at = await this.#follower.standing();
    const version = await versionToBuild(this.#parts.database, this.#parts.now(), true);
    try {
      await this.#build(version, at.position, at.clock ?? this.#parts.now(), new StepTimes(), options);
      const copy = new Follower(this.#parts, version.schema, version.version, false);
      const { schema } = this.#follower;
      if (!this.#fits) {
        const differences = await copy.transaction((tx) => compareVersions(tx, schema, copy.schema));
        const stages = await copy.transaction((tx) => compareStages(tx, schema, copy.schema));
        return { equal: differences.length === 0, position: at.position, differences, stages };
      }
      await this.#follow(copy, options);
      return await this.#exclusively(async () => {
        const { equal, live, differences } = await this.#compare(copy);
        const stages = equal ? [] : await copy.transaction((tx) => compareStages(tx, schema, copy.schema));
        return { equal, position: live.position, differences, stages };
      });
    } finally {
      await this.#parts.database.transaction((tx) => dropVersion(tx, version));
    }
  }

  /** What the live read models say, in a few characters, after catching up. */
  async digest(): Promise<Digest> {
    await this.#fit();
    const { position: upTo } = await this.#parts.log.head();
    return this.#exclusively(async () => {
      await this.#settle(this.#follower, upTo);
      return this.#follower.transaction(digestTables);
    });
  }

  /** Rebuilds beside, compares, says where and how the two differ, and drops the copy. */
  async verify(options: RebuildOptions = {}): Promise<Verification> {
    const live = await this.digest();
    const version = await versionToBuild(this.#parts.database, this.#parts.now());
    try {
      const asOf = live.clock ?? this.#parts.now();
      await this.#build(version, live.position, asOf, new StepTimes(), options);
      const copy = new Follower(this.#parts, version.schema, version.version, false);
      const rebuilt = await copy.transaction(digestTables);
      if (rebuilt.position === live.position && rebuilt.clock === live.clock && rebuilt.overall === live.overall)
        return { equal: true, live, rebuilt, differences: [] };
      // Either they differ, or the build was one taken up from before: both are brought to one moment and compared by row.
      return await this.#exclusively(() => this.#compare(copy));
    } finally {
      await this.#parts.database.transaction((tx) => dropVersion(tx, version));
    }
  }

  async status(): Promise<ProjectorStatus> {
    const { schema, version } = this.#follower;
    const [row] = await this.#parts.database.query<{
      position: number;
      recorded_at: Instant | null;
      clock: Instant | null;
      dirty: number;
      parked: number;
    }>(`SELECT position, recorded_at, clock, (SELECT count(*)::int FROM ${schema}.dirty) AS dirty,
               (SELECT count(*)::int FROM ${schema}.parked) AS parked FROM ${schema}.checkpoint`);
    const head = await this.#parts.log.head();
    const position = row?.position ?? 0;
    return {
      version,
      position,
      lag: Math.max(0, head.position - position),
      lagUnit: this.#parts.log.counts ?? 'events',
      lagMs: head.position <= position ? 0 : Math.max(0, head.recordedAt - (row?.recorded_at ?? head.recordedAt)),
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

  async #build(
    version: Version,
    upTo: number,
    asOf: Instant,
    times: StepTimes,
    options: RebuildOptions,
  ): Promise<void> {
    const { database, log, ids } = this.#parts;
    if (version.status !== 'building') return;
    // Only what was judged can be built from.
    if (ids !== null) await deduplicateUpTo(database, log, upTo, ids);
    await build({
      ...options,
      database,
      log,
      schema: version.schema,
      upTo,
      asOf,
      times,
      foldBatchSize: this.#foldBatchSize,
    });
  }

  /** Brings a version that is not live near the head of the log, without holding up the live one. */
  async #follow(copy: Follower, { onProgress, signal }: RebuildOptions): Promise<void> {
    const from = await copy.position();
    const begun = performance.now();
    let items = 0;
    for (let position = from; ;) {
      signal?.throwIfAborted();
      const head = (await this.#parts.log.head()).position;
      const page = await this.#pageAfter(position, undefined, this.#pageSize);
      if (page === null || page.events.length < this.#pageSize) return;
      const fold = eventsBetween(position, head, page) <= this.#bulkLag;
      position = await copy.applyPage(page.events, position, fold);
      items += page.events.length;
      const seconds = (performance.now() - begun) / 1_000;
      const [done, total] = [position - from, head - from];
      const secondsLeft = done > 0 ? ((total - done) / done) * seconds : null;
      onProgress?.({ phase: 'catching-up', done, total, items, rate: items / Math.max(seconds, 1e-3), secondsLeft });
    }
  }

  async #switchTo(version: Version, copy: Follower, { onProgress }: RebuildOptions): Promise<void> {
    await this.#settle(copy);
    const next = new Follower(this.#parts, version.schema, version.version, true);
    const begun = performance.now();
    const onStep = (done: number, total: number): void => {
      const perSecond = done / Math.max((performance.now() - begun) / 1_000, 1e-3);
      onProgress?.({ phase: 'switching', done, total, items: done, rate: perSecond, secondsLeft: null });
    };
    await this.#parts.database.transaction((tx) => switchTo(tx, version, this.#parts.now(), onStep), { long: true });
    this.#follower = next;
    this.#fits = true;
    this.#position = await next.position();
    this.#nextWake = null;
    this.#logger.info(
      { version: version.version, position: this.#position },
      'Another version of the read models is live.',
    );
    await this.#settle(next);
  }

  async #compare(copy: Follower): Promise<Verification> {
    // Both stand at one instant: the clock is held while they are compared.
    const held = this.#parts.now();
    const now = () => held;
    const { schema, version } = this.#follower;
    const live = new Follower({ ...this.#parts, now }, schema, version, true);
    const rebuilt = new Follower({ ...this.#parts, now }, copy.schema, copy.version, false);
    const upTo = (await this.#parts.log.head()).position;
    for (const one of [live, rebuilt]) await this.#settle(one, upTo, now);
    const digests = {
      live: await live.transaction(digestTables),
      rebuilt: await rebuilt.transaction(digestTables),
    };
    if (digests.live.overall === digests.rebuilt.overall) return { equal: true, ...digests, differences: [] };
    const differences = await live.transaction((tx) => compareVersions(tx, schema, copy.schema));
    return { equal: false, ...digests, differences };
  }

  /** Works on a version until the log is indexed (to its head, or `upTo`), nobody is marked and nothing is due. */
  async #settle(
    follower: Follower,
    upTo?: number,
    now = this.#parts.now,
  ): Promise<{ position: number; clock: Instant }> {
    let position = await follower.position();
    for (;;) {
      const page = await this.#pageAfter(position, upTo);
      if (page !== null) {
        try {
          position = await this.#apply(follower, page);
        } catch (error) {
          if (!(error instanceof StandBy)) throw error;
          await sleep(STAND_BY_MS);
          position = await follower.position();
        }
        continue;
      }
      const folded = await follower.foldMarked(this.#foldBatchSize, true);
      await this.#worked(follower, folded);
      if (folded > 0) continue;
      const clock = now();
      if ((await follower.markDue(this.#foldBatchSize)) > 0) continue;
      if (!(await follower.noteClock(clock))) {
        await sleep(STAND_BY_MS);
        continue;
      }
      if (follower === this.#follower) this.#position = position;
      return { position, clock };
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    let wait = BACKOFF_MS_FIRST;
    let ahead: Page | null = null;
    while (!signal.aborted) {
      try {
        await this.#fit();
        const page: Page | null = ahead;
        ahead = null;
        const worked = await this.#exclusively(() => this.#step(page));
        this.#failure = null;
        wait = BACKOFF_MS_FIRST;
        if (!worked) ahead = await this.#idle(signal);
      } catch (error) {
        if (error instanceof NotLive || error instanceof NotFitting) await this.#takeUpLive().catch(() => undefined);
        this.#failure = describe(error);
        this.#logger.error({ error, retryInMs: wait }, 'The projector failed at a step and will try it again.');
        await sleep(wait, undefined, { signal }).catch(() => undefined);
        wait = Math.min(wait * 2, BACKOFF_MS_MAX);
      }
    }
  }

  /** One step of the running projector: a page if there is one, else a slice of marked customers, else the clock. */
  async #step(ahead: Page | null): Promise<boolean> {
    if (this.#role === 'folders') return this.#foldNext();
    const wanted = this.#pageNow;
    const taken = await this.#indexNext(ahead);
    if (typeof taken === 'number' && taken > 0) {
      const atHead = taken < wanted;
      if (atHead) await this.#markDueBetween();
      if (this.#role === 'both') await this.#foldStale(atHead ? STALE_MS_AT_HEAD : STALE_MS_IN_FLOOD);
      return true;
    }
    if (this.#role === 'both' && (await this.#foldNext())) return true;
    if (taken === 'standing-by') {
      await sleep(STAND_BY_MS);
      return true;
    }
    const now = this.#parts.now();
    this.#nextWake = await this.#follower.nextWake();
    if (this.#nextWake === null || this.#nextWake > now) {
      await this.#follower.noteClock(now);
      return false;
    }
    return (await this.#follower.markDue(this.#foldBatchSize)) > 0;
  }

  async #foldNext(): Promise<boolean> {
    const folded = await this.#follower.foldMarked(this.#foldBatchSize, false);
    await this.#worked(this.#follower, folded);
    return folded > 0;
  }

  /** Counts work, and has a table swept when there was much of it. */
  async #worked(follower: Follower, much: number): Promise<void> {
    this.#changesSinceVacuum += much;
    if (this.#changesSinceVacuum < this.#vacuumAfter) return;
    this.#changesSinceVacuum = 0;
    await follower.vacuum(this.#vacuumAfter);
  }

  /** Takes the next page in, if there is one and nobody else is indexing; returns how many events it held. */
  async #indexNext(ahead: Page | null): Promise<number | 'standing-by'> {
    const page = ahead ?? (await this.#pageAfter(this.#position));
    if (page === null) return 0;
    try {
      this.#position = await this.#apply(this.#follower, page);
      return page.events.length;
    } catch (error) {
      if (!(error instanceof StandBy)) throw error;
      // What another takes in need not be read again here.
      this.#position = await this.#follower.position();
      return 'standing-by';
    }
  }

  /** Events that never cease must not stop the clock. In a flood it rests: what is due may hang on events still to come. */
  async #markDueBetween(): Promise<void> {
    if (performance.now() < this.#dueAgainAt) return;
    await this.#follower.markDue(this.#foldBatchSize);
    this.#dueAgainAt = performance.now() + IDLE_MS_MAX;
  }

  /**
   * Folds a slice of the customers that have been marked for long: while events go on coming, nobody waits for their end.
   * It takes a part of the time only, or a flood would fold everybody again and again instead of coming to its end.
   */
  async #foldStale(staleMs: number): Promise<void> {
    const begun = performance.now();
    if (begun < this.#staleAgainAt) return;
    this.#staleAgainAt = begun + STALE_LOOK_MS;
    if (!(await this.#staleMarks(staleMs))) return;
    await this.#follower.foldMarked(this.#foldBatchSize, false);
    const ended = performance.now();
    this.#staleAgainAt = ended + (ended - begun) * STALE_REST;
  }

  /** Takes a page in: with its customers folded at once, unless so much is still to come that marking them pays. */
  async #apply(follower: Follower, page: Page): Promise<number> {
    const { events, after } = page;
    const behind =
      events.length < this.#pageNow ? 0 : eventsBetween(after, (await this.#parts.log.head()).position, page);
    const bulk = behind > this.#bulkLag;
    const next = bulk ? Infinity : Math.min(LIVE_PAGE_MAX, Math.max(LIVE_PAGE, Math.round(behind) - events.length));
    this.#pageNow = Math.min(this.#pageSize, next);
    await this.#worked(follower, events.length);
    try {
      return await follower.applyPage(events, after, !bulk && this.#role !== 'indexer');
    } catch (error) {
      if (error instanceof OutOfStep) return error.position;
      if (error instanceof StandBy || bulk) throw error;
      // Somebody on this page cannot be written: mark all of them, so that the folders find out who it is.
      this.#logger.warn(
        { error: describe(error) },
        'A page could not be folded at once; its customers are folded apart.',
      );
      return follower.applyPage(events, after, false);
    }
  }

  /** How the log is read to be indexed. */
  get #pages(): ReadOptions {
    return { pageSize: this.#pageNow, ...(this.#parts.ids !== null ? { with: 'contentHash' } : {}) };
  }

  async #pageAfter(after: number, upTo?: number, pageSize = this.#pageNow): Promise<Page | null> {
    const options = { ...this.#pages, pageSize, ...(upTo === undefined ? {} : { upTo }) };
    return this.#parts.times.of('read', async () => {
      for await (const events of this.#parts.log.readAll(after, options))
        if (events.length > 0) return { after, events };
      return null;
    });
  }

  /** Read models that this program does not have, or has otherwise, are built again before anything else is done. */
  async #fit(): Promise<void> {
    if (this.#fits) return;
    if (this.#role === 'folders') throw new NotFitting();
    this.#logger.warn({}, 'The read models were made by another version of this program: they are rebuilt.');
    await this.rebuild();
  }

  /** Another process switched versions: go on with the one that is live now. */
  async #takeUpLive(): Promise<void> {
    await this.#exclusively(async () => {
      const live = await liveVersion(this.#parts.database, this.#parts.now());
      this.#follower = new Follower(this.#parts, live.schema, live.version, true);
      this.#fits = fits(live);
      this.#position = await this.#follower.position();
      this.#nextWake = null;
    });
  }

  async #staleMarks(staleMs: number): Promise<boolean> {
    const [row] = await this.#parts.database.query<{ stale: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM ${this.#follower.schema}.dirty WHERE since < $1::timestamptz) AS stale`,
      [new Date(this.#parts.now() - staleMs).toISOString()],
    );
    return row?.stale === true;
  }

  /** Waits for the next event, the next deadline, or a second at most; an event that came is handed on. */
  async #idle(signal: AbortSignal): Promise<Page | null> {
    if (this.#role === 'folders') {
      // Whoever indexes marks; the log tells a folder nothing.
      await sleep(STAND_BY_MS, undefined, { signal }).catch(() => undefined);
      return null;
    }
    const untilWake = this.#untilWake();
    const waiting = (await this.#anyMarked()) ? WAITING_MS : IDLE_MS_MAX;
    const quiet = AbortSignal.any([signal, AbortSignal.timeout(Math.min(untilWake, waiting, IDLE_MS_MAX))]);
    try {
      const after = this.#position;
      for await (const events of this.#parts.log.follow(after, { ...this.#pages, signal: quiet }))
        return { after, events };
    } catch (error) {
      if (!quiet.aborted) throw error;
    }
    return null;
  }

  /** Until the next deadline; one that is due, and that another is seeing to, is waited for like a mark. */
  #untilWake(): number {
    if (this.#nextWake === null) return IDLE_MS_MAX;
    const wait = this.#nextWake - this.#parts.now();
    return wait > 0 ? wait : WAITING_MS;
  }

  async #anyMarked(): Promise<boolean> {
    const [row] = await this.#parts.database.query<{ any: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM ${this.#follower.schema}.dirty) AS any`,
    );
    return row?.any === true;
  }

  #tell(): void {
    const { folded } = this.#parts.counters;
    if (folded === this.#toldAt) return;
    this.#toldAt = folded;
    this.#onPublished?.();
  }

  /** One step at a time, whoever asks for it: the loop, somebody catching up, a switch of versions. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work).finally(() => this.#tell());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/**
 * About how many events lie between two positions, if they lie as densely as those of a page: exactly so many where positions count events,
 * and a fair guess where they count bytes.
 */
export function eventsBetween(after: number, upTo: number, page: Page): number {
  const last = page.events.at(-1)?.position ?? page.after;
  const places = Math.max(1, last - page.after);
  return ((upTo - after) * page.events.length) / places;
}

async function liveVersion(database: Database, now: Instant): Promise<Version> {
  return database.transaction(async (tx) => {
    await lockSchemas(tx);
    const live = (await listVersions(tx)).find((version) => version.status === 'live');
    return live ?? createVersion(tx, 'live', now);
  });
}

/** The version that was live before the one that is. */
function lastLive(versions: readonly Version[]): Version | undefined {
  const old = versions.filter((version) => version.status === 'old');
  return old.sort((a, b) => (b.switchedAt ?? 0) - (a.switchedAt ?? 0) || b.version - a.version)[0];
}

/** Whether a version was built for the read models that this program has. */
function fits(version: Version): boolean {
  return version.model === MODEL;
}
