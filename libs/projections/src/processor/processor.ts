import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '#contracts';
import { instantText } from '#database';
import { FailureLog, Loop, type Backoff } from '#platform';
import { epochOf } from '../fitting/epoch.js';
import { foldDirtyAccounts } from '../accounts/fold-accounts.js';
import { foldDirty } from '../folding/fold-batch.js';
import { StandBy } from '../indexing/index-batch.js';
import { NotLive, ReadModelStore, type ProjectionContext } from '../read-models/read-model-store.js';
import { liveVersionNumber } from '../schema.js';
import type { RebuildOptions } from '../versions/build-beside.js';
import { BuildingElsewhere } from '../versions/build/build-run.js';
import { builderAtRest } from '../versions/build/builder-at-rest.js';
import { fitsThisProgram, findOrCreateLive, type Version } from '../versions/versions.js';
import { fireDeadlines, nextWake, noteClock } from './clock.js';
import { countDays } from './count-days.js';
import { fillAttributes } from './fill-attributes.js';
import { STAND_BY_MS, type Page, type Steps } from './steps.js';

/** What a projector does while it runs: index the log and fire deadlines, fold dirty customers, or both. */
export type ProjectorRole = 'indexer' | 'workers' | 'both';

export interface ProcessorOptions {
  readonly role: ProjectorRole;
  /** Called after customers were folded and committed: there may be messages in the outbox. */
  readonly onPublished: () => void;
  /** False while the clock is not to be trusted: then no deadline is fired. */
  readonly mayFire: () => boolean;
  /** Builds read models for this program, when the live ones were made by another version of it. */
  readonly rebuild: (processor: Processor, options: RebuildOptions) => Promise<unknown>;
  /** Empty read models beside a log of at least so many events are built before the log is followed. */
  readonly buildFrom: number;
}

/** The live version was built for other read models: an indexer must rebuild it. */
class NotFitting extends Error {
  constructor(why: string) {
    super(`The read models ${why}, and wait to be rebuilt by an indexer.`);
  }
}

/** An idle projector reads the clock this often, so that no deadline is later by more. */
const IDLE_MS_MAX = 1_000;
/** … and this often while a heavy customer waits to be folded. */
const WAITING_MS = 200;
/** A dirty mark is stale after so long, in a flood of events and at the head of the log. */
const STALE_MS_IN_FLOOD = 10_000;
const STALE_MS_AT_HEAD = 500;
/** Stale marks are searched for this often. */
const STALE_POLL_MS = 100;
/** After stale marks were folded, none are folded for so many times as long. */
const STALE_REST = 4;
/** A failed step is tried again after so long, then after twice as long each time. */
const BACKOFF: Backoff = { firstMs: 100, maxMs: 10_000 };

/**
 * The loop that keeps the live read models in step with the log and the clock. It asks "what next?" and takes one step at a time:
 *
 * - **Indexing**: the log has a page after the position. The page is indexed, and its customers are folded in the same transaction; in a
 *   flood of events they are only marked dirty. Between two pages, overdue deadlines are fired once a second, up to the instant at which the last
 *   indexed event was recorded, and customers that have been dirty for long are folded for a fifth of the time. In a flood no deadline is fired.
 * - **Standing by**: another process holds the indexing lock. The position follows that process, and the page is tried again.
 * - **Catching up**: the log has no page. Dirty customers are folded, batch by batch, those whose deadline has come beside those that have been
 *   dirty for longest; due deadlines mark customers dirty once a second, and when none is left.
 * - **Idle**: no customer is dirty and no deadline is due. The clock is noted, and the loop waits for an event, for the next deadline, or
 *   for a second. While the clock is not to be trusted, no deadline is fired and no clock noted: events are folded as of elapsed time.
 *
 * A step that fails is tried again with a growing delay, for ever. When another version went live, the loop goes on with that one; when
 * the live version does not fit this program, the loop rebuilds first. With the role `indexer` no customer is folded; with the role
 * `workers` dirty customers are folded and nothing else is done.
 *
 * Several processors may run on one PostgreSQL: one of them indexes at a time, all of them fold.
 */
export class Processor {
  #live: ReadModelStore;
  /** False: the live version was built for other read models than this program has. */
  #fits: boolean;
  #position: number;
  /** Once the customers were resynced, they need not be again in this epoch. */
  #mayNeedResync: boolean;
  /** Asked once: read models that begin with little follow it, however much comes later. */
  #mayBuildFirst = true;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #loop: Loop | null = null;
  #running = false;
  /** True after a step that found nothing to do: the next turn begins with waiting. */
  #idle = false;
  #nextWake: Instant | null = null;
  #staleAgainAt = 0;
  #dueAgainAt = 0;
  /** How many customers and accounts had been folded when `onPublished` was called last. */
  #foldedAtCall = 0;

  constructor(
    readonly context: ProjectionContext,
    readonly steps: Steps,
    live: Version,
    position: number,
    private readonly options: ProcessorOptions,
  ) {
    this.#position = position;
    this.#live = new ReadModelStore(context, live.schema, live.version, true);
    this.#fits = fitsThisProgram(live);
    this.#mayNeedResync = context.epoch.needsResync;
  }

  get role(): ProjectorRole {
    return this.options.role;
  }

  /** The live version. */
  get live(): ReadModelStore {
    return this.#live;
  }

  /** Whether the live version was built for the read models of this program. */
  get fits(): boolean {
    return this.#fits;
  }

  get position(): number {
    return this.#position;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Why the last step failed; null when it did not. */
  get failure(): string | null {
    return this.#loop?.failure ?? null;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#idle = false;
    const observer = new FailureLog(this.context.logger, 'The projector');
    this.#loop = new Loop((signal) => this.#turn(signal), { backoff: BACKOFF, observer });
    this.#loop.start();
  }

  /** Stops after the current step. */
  async stop(): Promise<void> {
    await this.#loop?.stop();
    this.#running = false;
  }

  /** Runs one piece of work at a time: a step of the loop, a caller that catches up, a switch of versions. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work).finally(() => this.#notify());
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  /** Catches up with the log as it is now, after a rebuild where the read models do not fit, or are empty beside a large log. */
  async catchUp(options: RebuildOptions = {}): Promise<{ readonly position: number; readonly clock: Instant }> {
    await this.rebuildUnlessFitting(options);
    const { position: upTo } = await this.context.log.head();
    return this.exclusively(() => this.settle(upTo));
  }

  /** Works on the live version until nothing is left to do. The caller has the turn. */
  async settle(upTo?: number): Promise<{ readonly position: number; readonly clock: Instant }> {
    const live = this.#live;
    const settled = await this.steps.settle(live, upTo);
    if (live === this.#live) this.#position = settled.position;
    return settled;
  }

  /**
   * Read models that another version of this program made are rebuilt before anything else is done; those that are empty beside a large log are built at once
   * from the whole of it, which takes a fraction of the time of following it page by page.
   */
  async rebuildUnlessFitting(options: RebuildOptions = {}, signal?: AbortSignal): Promise<void> {
    // Another process may have built them in the meantime.
    if (!this.#fits || this.#mayBuildFirst) await this.refresh();
    if (this.#fits && !(await this.#needsResync())) {
      const events = await this.#eventsToBuildFrom();
      if (events === 0) return;
      this.context.logger.info({ events }, `The read models are empty: they are built from about ${events} events.`);
    } else {
      const why = this.#fits ? 'begin a new epoch of publication' : 'were made by another version of this program';
      if (this.role === 'workers') throw new NotFitting(why);
      this.context.logger.warn({}, `The read models ${why}: they are rebuilt.`);
    }
    try {
      await this.options.rebuild(this, options);
    } catch (error) {
      if (!(error instanceof BuildingElsewhere)) throw error;
      this.context.logger.info({}, `${error.message} This one stands by.`);
      await builderAtRest(this.context.database, error.schema, signal);
      if (signal?.aborted !== true) await this.rebuildUnlessFitting(options, signal);
    }
  }

  /** About how many events a build of empty read models would read; 0 where they are not empty, or so few that they are followed. */
  async #eventsToBuildFrom(): Promise<number> {
    if (this.#position > 0 || !this.#mayBuildFirst || this.role === 'workers') return 0;
    const events = Math.round(await this.steps.eventsAbove(0));
    this.#mayBuildFirst = events >= this.options.buildFrom;
    return this.#mayBuildFirst ? events : 0;
  }

  /** Whether an epoch has begun in which the customers' current states are still to be published: a rebuild does it, at its switch. */
  async #needsResync(): Promise<boolean> {
    if (!this.#mayNeedResync) return false;
    this.#mayNeedResync = (await epochOf(this.context.database)).needsResync;
    return this.#mayNeedResync;
  }

  /** Goes on with a version that was made the live one. */
  async goLive(version: Version): Promise<void> {
    const live = new ReadModelStore(this.context, version.schema, version.version, true);
    this.#position = await live.position();
    this.#live = live;
    this.#fits = fitsThisProgram(version);
    this.#nextWake = null;
  }

  /** Goes on with the version that is live now, where another process switched. */
  async refresh(): Promise<void> {
    const number = await liveVersionNumber(this.context.database);
    if (number !== null && number !== this.#live.version) await this.#adoptLive();
  }

  async #adoptLive(): Promise<void> {
    const { database, now } = this.context;
    await this.exclusively(async () => this.goLive(await findOrCreateLive(database, now())));
  }

  /** One turn of the loop: waits if the last step found nothing to do, and takes the next step. */
  async #turn(signal: AbortSignal): Promise<number> {
    const waits = this.#idle;
    this.#idle = false;
    try {
      const page = waits ? await this.#wait(signal) : null;
      if (signal.aborted) return 0;
      await this.rebuildUnlessFitting({}, signal);
      if (signal.aborted) return 0;
      this.#idle = !(await this.exclusively(() => this.#next(page)));
    } catch (error) {
      if (error instanceof NotLive || error instanceof NotFitting) await this.#adoptLive().catch(() => undefined);
      throw error;
    }
    return 0;
  }

  /** Takes the next step; false when there is nothing to do. `ahead` is a page that was read already. */
  async #next(ahead: Page | null): Promise<boolean> {
    if (this.role === 'workers') return (await this.steps.fold(this.#live, false)) > 0;
    const pageSize = this.steps.pageSize;
    const indexed = await this.#indexNext(ahead);
    if (indexed !== null && indexed !== 'standing-by') {
      const atHead = indexed.events.length < pageSize;
      // A due deadline may depend on events that are still to come: those that were recorded before it are waited for, and in a flood the clock rests.
      const upTo = atHead ? Infinity : (indexed.events.at(-1)?.recordedAt ?? -Infinity);
      if (!this.steps.inFlood) await this.#fireBetweenPages(upTo);
      if (this.role === 'both') await this.#foldStale(atHead ? STALE_MS_AT_HEAD : STALE_MS_IN_FLOOD);
      return true;
    }
    if (this.role === 'both') {
      if (indexed === null) await this.#fireBetweenPages();
      if ((await this.steps.fold(this.#live, false)) > 0) return true;
    }
    if (indexed === 'standing-by') {
      await sleep(STAND_BY_MS);
      return true;
    }
    const now = this.context.now();
    this.#nextWake = await nextWake(this.#live);
    const due = this.#nextWake !== null && this.#nextWake <= now;
    if (!this.options.mayFire()) return false;
    if (due && (await fireDeadlines(this.#live, this.steps.foldBatchSize)) > 0) return true;
    if (await countDays(this.#live)) return true;
    if (await fillAttributes(this.#live)) return true;
    await noteClock(this.#live, now);
    return false;
  }

  /** Indexes the next page, if there is one and no other process indexes; returns it. */
  async #indexNext(ahead: Page | null): Promise<Page | null | 'standing-by'> {
    const page = ahead ?? (await this.steps.readPage(this.#position));
    if (page === null) return null;
    try {
      this.#position = await this.steps.index(this.#live, page);
      return page;
    } catch (error) {
      if (!(error instanceof StandBy)) throw error;
      // What the other process indexed need not be read again here.
      this.#position = await this.#live.position();
      return 'standing-by';
    }
  }

  /** Fires deadlines once a second, up to an instant if one is given, so that neither events that never cease nor a long queue stop the clock. */
  async #fireBetweenPages(upTo = Infinity): Promise<void> {
    if (performance.now() < this.#dueAgainAt || !this.options.mayFire()) return;
    await fireDeadlines(this.#live, this.steps.foldBatchSize, Math.min(upTo, this.context.now()));
    this.#dueAgainAt = performance.now() + IDLE_MS_MAX;
  }

  /**
   * Folds a batch of dirty customers where one has been dirty for long, so that none waits for the end of a flood. It takes a fifth of the
   * time at most: otherwise a flood would fold the same customers again and again.
   */
  async #foldStale(staleMs: number): Promise<void> {
    const begun = performance.now();
    if (begun < this.#staleAgainAt) return;
    this.#staleAgainAt = begun + STALE_POLL_MS;
    if (!(await this.#anyDirty(this.context.now() - staleMs))) return;
    await foldDirty(this.#live, this.steps.foldBatchSize, false);
    await foldDirtyAccounts(this.#live, this.steps.accountBatchSize, false);
    const ended = performance.now();
    this.#staleAgainAt = ended + (ended - begun) * STALE_REST;
  }

  /** Waits for the next event, the next deadline, or a second at most; returns the page that came. */
  async #wait(signal: AbortSignal): Promise<Page | null> {
    if (this.role === 'workers') {
      // Dirty marks are made by indexers: the log tells a worker nothing.
      await sleep(STAND_BY_MS, undefined, { signal }).catch(() => undefined);
      return null;
    }
    const untilWake = this.#untilWake();
    const waiting = (await this.#anyDirty()) ? WAITING_MS : IDLE_MS_MAX;
    const quiet = AbortSignal.any([signal, AbortSignal.timeout(Math.min(untilWake, waiting, IDLE_MS_MAX))]);
    return this.steps.awaitPage(this.#position, quiet);
  }

  /** Until the next deadline. One that is due, and that another process fires or that belongs to a parked customer, is polled for. */
  #untilWake(): number {
    if (this.#nextWake === null) return IDLE_MS_MAX;
    const wait = this.#nextWake - this.context.now();
    return wait > 0 ? wait : WAITING_MS;
  }

  /** Whether a customer or an account is dirty, since before an instant if one is given; one whose first event is still to come is not. */
  async #anyDirty(before = Infinity): Promise<boolean> {
    const { database, now } = this.context;
    const marked = (table: string): string =>
      `EXISTS (SELECT 1 FROM ${this.#live.schema}.${table}
                WHERE since < $1::timestamptz AND (not_before IS NULL OR not_before <= $2::timestamptz))`;
    const [row] = await database.query<{ any: boolean }>(
      `SELECT ${marked('dirty')} OR ${marked('dirty_accounts')} AS any`,
      [before === Infinity ? 'infinity' : instantText(before), instantText(now())],
    );
    return row?.any === true;
  }

  #notify(): void {
    const folded = this.context.counters.folded + this.context.counters.accounts;
    if (folded === this.#foldedAtCall) return;
    this.#foldedAtCall = folded;
    this.options.onPublished();
  }
}
