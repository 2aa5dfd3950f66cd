import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '#contracts';
import type { ReadOptions, RecordedEvent } from '#event-log';
import { describeError } from '#platform';
import { foldDirtyAccounts } from '../accounts/fold-accounts.js';
import { foldDirty } from '../folding/fold-batch.js';
import { indexBatch, OutOfStep, readTurn, selectTurn, StandBy } from '../indexing/index-batch.js';
import type { ProjectionContext, ReadModelStore } from '../read-models/read-model-store.js';
import { fireDeadlines, noteClock } from './clock.js';
import { countDays } from './count-days.js';
import { fillAttributes } from './fill-attributes.js';
import { Maintenance } from './maintenance.js';

/** Events of the log, all that follow a position: positions may have gaps, so they do not tell what lies between two of them. */
export interface Page {
  readonly after: number;
  readonly events: readonly RecordedEvent[];
}

export interface StepOptions {
  readonly pageSize: number;
  readonly foldBatchSize: number;
  /** With more events than this still to come, a page only marks its customers dirty. */
  readonly bulkLag: number;
  readonly vacuumAfter: number;
  /** False: a page only marks its customers dirty, since other processes fold them. */
  readonly foldsPages: boolean;
}

/** Another process indexes, or folds the last dirty customers: try again after so long. */
export const STAND_BY_MS = 50;

/** So many accounts are folded at once, at most. */
const ACCOUNTS_MAX = 100;
/** While customers stay dirty, a batch of accounts is folded beside one of so many batches of customers. */
const ACCOUNTS_EVERY = 4;

/** A page has so many events while there is no flood of them, and more while more are waiting, since much of its cost is per page. */
const LIVE_PAGE = 200;
const LIVE_PAGE_MAX = 500;

/**
 * The steps that bring a version of the read models, live or not, closer to the log and the clock. Each is one transaction, opened here;
 * what happens in it is one function of the transaction and its batch.
 */
export class Steps {
  readonly foldBatchSize: number;
  /** An account may have many members: fewer of them are folded at once. */
  readonly accountBatchSize: number;
  readonly pageSizeMax: number;
  readonly bulkLag: number;
  readonly #maintenance: Maintenance;
  /** In a flood of events a whole page, else less, so that queries do not wait long for their turn. */
  #pageSize: number;
  #inFlood = false;
  /** Batches of customers since accounts were folded last. */
  #sinceAccounts = 0;

  constructor(
    readonly context: ProjectionContext,
    private readonly options: StepOptions,
  ) {
    this.foldBatchSize = options.foldBatchSize;
    this.accountBatchSize = Math.min(options.foldBatchSize, ACCOUNTS_MAX);
    this.pageSizeMax = options.pageSize;
    this.bulkLag = options.bulkLag;
    this.#maintenance = new Maintenance(options.vacuumAfter);
    this.#pageSize = Math.min(options.pageSize, LIVE_PAGE);
  }

  /** So many events at most are in the next page. */
  get pageSize(): number {
    return this.#pageSize;
  }

  /** Whether so many events were still to come behind the last page that it only marked its customers dirty. */
  get inFlood(): boolean {
    return this.#inFlood;
  }

  /** The next page of the log after a position, up to another one; null when there is none. */
  async readPage(after: number, upTo?: number, pageSize = this.#pageSize): Promise<Page | null> {
    const { log, times } = this.context;
    const options = { ...this.#readOptions, pageSize, ...(upTo === undefined ? {} : { upTo }) };
    return times.of('read', async () => {
      for await (const events of log.readAll(after, options)) if (events.length > 0) return { after, events };
      return null;
    });
  }

  /** About how many events lie above a position. */
  async eventsAbove(after: number): Promise<number> {
    const head = (await this.context.log.head()).position;
    if (head <= after) return 0;
    const page = await this.readPage(after, undefined, this.pageSizeMax);
    if (page === null || page.events.length < this.pageSizeMax) return page?.events.length ?? 0;
    return eventsBetween(after, head, page);
  }

  /** Waits for the next page after a position; null when the signal came first. */
  async awaitPage(after: number, signal: AbortSignal): Promise<Page | null> {
    try {
      for await (const events of this.context.log.follow(after, { ...this.#readOptions, signal }))
        return { after, events };
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return null;
  }

  /**
   * Indexes a page, with its customers folded at once unless so much is still to come that marking them dirty pays. Returns the position that
   * was reached.
   *
   * @throws StandBy
   */
  async index(store: ReadModelStore, page: Page): Promise<number> {
    const behind =
      page.events.length < this.#pageSize
        ? 0
        : eventsBetween(page.after, (await this.context.log.head()).position, page);
    const bulk = behind > this.options.bulkLag;
    this.#inFlood = bulk;
    const waiting = Math.round(behind) - page.events.length;
    const next = bulk ? Infinity : Math.min(LIVE_PAGE_MAX, Math.max(LIVE_PAGE, waiting));
    this.#pageSize = Math.min(this.options.pageSize, next);
    await this.#maintenance.changed(store, page.events.length);
    try {
      return await this.indexPage(store, page, !bulk && this.options.foldsPages);
    } catch (error) {
      if (error instanceof OutOfStep) return error.position;
      if (error instanceof StandBy || bulk) throw error;
      // The rows of some customer on this page cannot be written: all are marked dirty, and folding them finds out which.
      this.context.logger.warn(
        { error: describeError(error) },
        'A page could not be folded at once; its customers are folded apart.',
      );
      return this.indexPage(store, page, false);
    }
  }

  /** Indexes a page in one transaction; returns the position that was reached. */
  indexPage(store: ReadModelStore, page: Page, foldNow: boolean): Promise<number> {
    return store.transaction((tx, turn) => indexBatch(tx, { ...page, ...readTurn(turn), foldNow }, store), {
      byKeys: true,
      first: selectTurn(store),
    });
  }

  /**
   * Folds a batch of dirty customers, and when none is dirty, or some have been folded without them, a batch of dirty accounts; returns how many.
   * Without `all`, heavy ones wait until folding them pays.
   */
  async fold(store: ReadModelStore, all: boolean): Promise<number> {
    const customers = await foldDirty(store, this.foldBatchSize, all);
    this.#sinceAccounts += 1;
    const accountsToo = customers === 0 || this.#sinceAccounts >= ACCOUNTS_EVERY;
    if (accountsToo) this.#sinceAccounts = 0;
    const accounts = accountsToo ? await foldDirtyAccounts(store, this.accountBatchSize, all) : 0;
    const folded = customers + accounts;
    await this.#maintenance.changed(store, folded);
    return folded;
  }

  /**
   * Works until the log is indexed (to its head, or `upTo`), no customer is dirty and no deadline is overdue; returns the position and
   * the instant at which that was so.
   */
  async settle(
    store: ReadModelStore,
    upTo?: number,
    now = this.context.now,
  ): Promise<{ readonly position: number; readonly clock: Instant }> {
    let position = await store.position();
    for (;;) {
      const page = await this.readPage(position, upTo);
      if (page !== null) {
        try {
          position = await this.index(store, page);
        } catch (error) {
          if (!(error instanceof StandBy)) throw error;
          await sleep(STAND_BY_MS);
          position = await store.position();
        }
        continue;
      }
      if ((await this.fold(store, true)) > 0) continue;
      const clock = now();
      if ((await fireDeadlines(store, this.foldBatchSize)) > 0) continue;
      if (await countDays(store)) continue;
      if (await fillAttributes(store)) continue;
      if (await noteClock(store, clock)) return { position, clock };
      await sleep(STAND_BY_MS);
    }
  }

  get #readOptions(): ReadOptions {
    return { pageSize: this.#pageSize, ...(this.context.ids === null ? {} : { with: 'contentHash' }) };
  }
}

/**
 * About how many events lie between two positions, if they lie as densely as those of a page: the exact number where positions count events,
 * an estimate where they count bytes.
 */
export function eventsBetween(after: number, upTo: number, page: Page): number {
  const last = page.events.at(-1)?.position ?? page.after;
  const places = Math.max(1, last - page.after);
  return ((upTo - after) * page.events.length) / places;
}
