import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Instant } from '#contracts';
import type { Database, Row, Transaction } from '#database';
import type { EventLog } from '#event-log';
import type { SealedOpener } from '#platform';
import type { DatabaseIdTable } from '../../indexing/event-ids/id-table.js';
import type { StepTimes } from '../../processor/step-times.js';
import { advance, type BuildState } from './build-state.js';
import type { Customer } from './components.js';
import type { KeptTouchpoints } from './touchpoints/kept-touchpoints.js';

/** How far a build has come. */
export interface BuildProgress {
  readonly phase:
    | 'links'
    | 'components'
    | 'touchpoints'
    | 'sorting'
    | 'customers'
    | 'indexes'
    | 'attributes'
    | 'catching-up'
    | 'switching';
  /**
   * What is done of `total`: positions of the log in `links`, `touchpoints`, `attributes` and `catching-up` (events, or bytes where the log counts bytes), steps of
   * resolving customers in `components`, touchpoints in `sorting`, folded customers in `customers`, created indexes in `indexes`, and steps of the
   * switch in `switching`.
   */
  readonly done: number;
  readonly total: number;
  /** What was done so far, counted: events that were read where `done` is a position of the log, else as `done`. */
  readonly items: number;
  /** Items per second, since this process began the phase. */
  readonly rate: number;
  readonly secondsLeft: number | null;
}

export interface BuildOptions {
  readonly database: Database;
  readonly log: EventLog;
  /** Null where the log finds repeated event ids by itself. */
  readonly ids: DatabaseIdTable | null;
  readonly schema: string;
  /** Nothing above this position is read. A build that is resumed keeps the one it began with. */
  readonly upTo: number;
  readonly asOf: Instant;
  readonly times: StepTimes;
  /** Customers in the first batch. The next batches are sized by their number of events, with ten times as many customers at most. */
  readonly foldBatchSize: number;
  /** A long history leaves a snapshot every so many events. */
  readonly snapshotEvery: number;
  /**
   * A log that takes about so much memory or less is read once and held. Of a larger one the touchpoints are kept in a temporary file, where reading
   * a stream costs a round trip, and else read again. Default 512 MiB, but no more than a quarter of what the process may use.
   */
  readonly heldBytesMax?: number;
  /** Where that file is. */
  readonly temporaryFolder: string;
  /** Opens what sources state of filterable attributes. */
  readonly open: SealedOpener | null;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

/** The build works so long before it lets other work of this thread run. */
const TURN_MS = 10;

/** The state in the database is not the one that this process left there: another one goes on with the same build. */
export class BuildingElsewhere extends Error {
  constructor(readonly schema: string) {
    super(`Another process is building ${schema}.`);
  }
}

/** What the phases of one build share: its state in the database, its progress, and what it holds in memory. */
export class BuildRun {
  /** The touchpoints, where the log was read for them in this process; null when they are read from their streams. */
  kept: KeptTouchpoints | null = null;
  /** All customers, when they are in memory; null when they are selected from the database. */
  customers: Customer[] | null = null;
  #begun = { done: 0, items: 0 };
  #begunAt = 0;
  #turnEndsAt = 0;

  constructor(
    readonly options: BuildOptions,
    public state: BuildState,
  ) {}

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return transactionOn(this.options, work);
  }

  /** Writes the next state, in the transaction of what it describes. The caller sets `state` after the commit. */
  async advance(tx: Transaction, next: BuildState): Promise<void> {
    const { sql, params } = advance(this.state, next);
    this.assertStillOwner(await tx.query(sql, params));
  }

  /**
   * To be called first in a transaction that writes before it calls `advance`, or without it: until its end no other process can go on with the build.
   * @throws BuildingElsewhere
   */
  async own(tx: Transaction): Promise<void> {
    this.assertStillOwner(
      await tx.query('SELECT 1 AS own FROM checkpoint WHERE build = $1::text::jsonb FOR UPDATE', [
        JSON.stringify(this.state),
      ]),
    );
  }

  /** @param advanced the rows of `advance`: none when the state in the database is not the one that this build left */
  assertStillOwner(advanced: readonly Row[] | undefined): void {
    if (advanced?.length !== 1) throw new BuildingElsewhere(this.options.schema);
  }

  /** Lets answers of the database and requests in, when this thread has worked for a while. */
  async pause(): Promise<void> {
    if (performance.now() < this.#turnEndsAt) return;
    await nextTurn();
    this.#turnEndsAt = performance.now() + TURN_MS;
  }

  beginPhase(done: number, items = done): void {
    this.#begun = { done, items };
    this.#begunAt = performance.now();
  }

  report(phase: BuildProgress['phase'], done: number, total: number, items = done): void {
    const seconds = (performance.now() - this.#begunAt) / 1_000;
    const perSecond = (count: number): number => (seconds > 0 ? count / seconds : 0);
    const speed = perSecond(done - this.#begun.done);
    const secondsLeft = speed > 0 ? (total - done) / speed : null;
    this.options.onProgress?.({ phase, done, total, items, rate: perSecond(items - this.#begun.items), secondsLeft });
  }
}

/** Runs work in a transaction that sees the tables of the version. */
export function transactionOn<T>(
  { database, schema }: BuildOptions,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return database.transaction(
    async (tx) => {
      await tx.query("SELECT set_config('search_path', $1, true)", [`${schema}, perennial`]);
      return work(tx);
    },
    { long: true },
  );
}
