import type { Instant } from '#contracts';
import type { Database, Row, Statement, Transaction } from '#database';
import type { EventLog } from '#event-log';
import type { SealedOpener } from '#platform';
import type { Epoch } from '../fitting/epoch.js';
import type { DatabaseIdTable } from '../indexing/event-ids/id-table.js';
import type { ProjectorLogger } from '../processor/projector-logger.js';
import type { StepTimes } from '../processor/step-times.js';
import { isLive } from '../schema.js';
import { loadPolicies, type KnownPolicies } from './policies/load-policies.js';

/** How much work was done since the process began. */
export interface Counters {
  events: number;
  folded: number;
  /** Accounts that were folded. */
  accounts: number;
  published: number;
  parked: number;
  transitionsDue: number;
  /** How often a table was vacuumed or analyzed. */
  vacuumed: number;
}

/** What indexing and folding work with, whichever version they work on. */
export interface ProjectionContext {
  readonly database: Database;
  readonly log: EventLog;
  /** The clock's instant. */
  readonly now: () => Instant;
  readonly times: StepTimes;
  readonly counters: Counters;
  readonly logger: ProjectorLogger;
  /** In which epoch is published. */
  readonly epoch: Epoch;
  /** Where repeated event ids are found, if the log does not find them itself: then pages carry content hashes. */
  readonly ids: DatabaseIdTable | null;
  /** A long history leaves a snapshot every so many events; above so many it is heavy. */
  readonly snapshotEvery: number;
  /** Where a rebuild of a large log keeps its temporary file. */
  readonly temporaryFolder: string;
  /** Opens what sources state of filterable attributes; null where this process has no keys: then it keeps none of them. */
  readonly open: SealedOpener | null;
}

/** Another version became the live one: what works on this one must stop. */
export class NotLive extends Error {
  constructor(version: number) {
    super(`Version ${version} of the read models is no longer the live one.`);
  }
}

export interface TransactionOptions {
  /** The work finds all its rows by their keys. */
  readonly byKeys?: boolean;
  /** Statements that are sent together with those that every transaction begins with. */
  readonly first?: readonly Statement[];
}

/**
 * One version of the read models in the database, which is one schema. It opens the transactions in which batches are indexed and
 * folded, and keeps the policies that were loaded last. It decides nothing about when: the processor and the rebuild do.
 */
export class ReadModelStore {
  #policies: KnownPolicies | null = null;

  constructor(
    readonly context: ProjectionContext,
    readonly schema: string,
    readonly version: number,
    /** False while this version is built beside the live one: then nothing is published. */
    readonly isLive: boolean,
  ) {}

  /**
   * Runs work in a transaction that sees this version's tables. The work also receives the rows of the `first` statements.
   *
   * @throws NotLive when this version was the live one and another is live now
   */
  transaction<T>(
    work: (tx: Transaction, first: readonly Row[][]) => Promise<T>,
    { byKeys = false, first = [] }: TransactionOptions = {},
  ): Promise<T> {
    return this.context.database.transaction(async (tx) => {
      // PGlite keeps the plans that it made and does not notice that a table has grown since: it must not make a plan that
      // scans an empty table where rows are found by their keys.
      const scanning = byKeys && this.context.database.kind === 'pglite' ? 'off' : 'on';
      const enter: Statement = {
        sql: `SELECT set_config('search_path', $1, true), set_config('enable_seqscan', $3, true),
                     ${isLive('version', '$2')} AS live`,
        params: [`${this.schema}, perennial`, this.version, scanning],
      };
      const [entered = [], ...found] = await tx.batch([enter, ...first]);
      if (this.isLive && entered[0]?.['live'] !== true) throw new NotLive(this.version);
      return work(tx, found);
    });
  }

  /** The policies; loaded again when another number of them was published than when they were loaded last. */
  async policies(tx: Transaction, published: number): Promise<KnownPolicies> {
    if (this.#policies === null || this.#policies.count !== published) this.#policies = await loadPolicies(tx);
    return this.#policies;
  }

  /** Up to where the log is indexed, and up to when every deadline is persisted. */
  async checkpoint(): Promise<{ readonly position: number; readonly clock: Instant | null }> {
    const [row] = await this.context.database.query<{ position: number; clock: Instant | null }>(
      `SELECT position, clock FROM ${this.schema}.checkpoint`,
    );
    return { position: row?.position ?? 0, clock: row?.clock ?? null };
  }

  /** Up to where the log is indexed. */
  async position(): Promise<number> {
    return (await this.checkpoint()).position;
  }
}
