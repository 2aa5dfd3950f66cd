import { tmpdir } from 'node:os';
import type { Instant } from '#contracts';
import type { Database } from '#database';
import type { EventLog } from '#event-log';
import type { SealedOpener } from '#platform';
import { SNAPSHOT_EVERY } from '../folding/fold-one.js';
import { epochOf } from '../fitting/epoch.js';
import { checkpointProblem } from '../fitting/fit-read-models.js';
import { release } from '../folding/park.js';
import { deduplicateUpTo } from '../indexing/event-ids/deduplicate.js';
import type { DatabaseIdTable } from '../indexing/event-ids/id-table.js';
import { ReadModelStore, type ProjectionContext } from '../read-models/read-model-store.js';
import type { RebuildOptions } from '../versions/build-beside.js';
import { digestLive, type Digest } from '../versions/digest.js';
import { dryRun, type DryRunResult } from '../versions/dry-run.js';
import { logProgress } from '../versions/log-progress.js';
import { migrate } from '../versions/migrate.js';
import { policyDryRun, type PolicyDraft, type PolicyDryRun } from '../versions/policy-dry-run.js';
import { rebuild, type Rebuilt } from '../versions/rebuild.js';
import { rollback } from '../versions/rollback.js';
import { verify, type Verification } from '../versions/verify.js';
import { findOrCreateLive, listVersions, type Version } from '../versions/versions.js';
import { Processor, type ProjectorRole } from './processor.js';
import { SILENT, type ProjectorLogger } from './projector-logger.js';
import { refold, type Refolded } from './refold.js';
import { statusOf, type ProjectorStatus } from './status.js';
import { Steps } from './steps.js';
import { StepTimes } from './step-times.js';

export interface ProjectorOptions {
  readonly database: Database;
  readonly log: EventLog;
  readonly clock: { now(): Instant };
  readonly logger?: ProjectorLogger;
  /** Default both. */
  readonly role?: ProjectorRole;
  /** Where repeated event ids are found, if the log does not find them over its whole length (EventStoreDB). */
  readonly ids?: DatabaseIdTable;
  /** Events indexed at once. Default 1,000. */
  readonly pageSize?: number;
  /** Customers folded at once. Default 500. */
  readonly foldBatchSize?: number;
  /**
   * With more events than this still to come, customers are only marked dirty while the log is read, and folded once at its end: an import
   * folds each customer once, not once a page. Default 5,000.
   */
  readonly bulkLag?: number;
  /**
   * Read models that are empty beside a log of at least so many events are built from the whole of it before it is followed. Default 10,000: of fewer, one
   * way is as quick as the other.
   */
  readonly buildFrom?: number;
  /** A long history leaves a snapshot every so many events. Default 256. */
  readonly snapshotEvery?: number;
  /**
   * After so many events and folds, a table of PGlite is vacuumed if as many of its rows, and a share of its size, are dead. Default 1,000.
   */
  readonly vacuumAfter?: number;
  /** Where a rebuild of a large log keeps its temporary file. Default: where the system keeps such files. */
  readonly temporaryFolder?: string;
  /** Opens what sources state of filterable attributes. Without it, the read models hold none of them. */
  readonly open?: SealedOpener;
  /** Called after customers were folded and committed: there may be messages in the outbox. */
  readonly onPublished?: () => void;
  /** False while the clock is not to be trusted: then no deadline is fired. Default true. */
  readonly mayFire?: () => boolean;
}

/**
 * The read models of one database: the processor that keeps them in step with the log and the clock, and what an operator may do with
 * their versions. Each operation is one function in `versions/`.
 */
export class Projector {
  private constructor(private readonly processor: Processor) {}

  /** Brings the schemas up to date and finds the live version, or creates the first one. */
  static async open(options: ProjectorOptions): Promise<Projector> {
    const { database, log, clock, ids = null, role = 'both' } = options;
    await migrate(database);
    const context: ProjectionContext = {
      database,
      log,
      ids,
      now: () => clock.now(),
      logger: options.logger ?? SILENT,
      epoch: await epochOf(database),
      times: new StepTimes(),
      counters: { events: 0, folded: 0, accounts: 0, published: 0, parked: 0, transitionsDue: 0, vacuumed: 0 },
      snapshotEvery: options.snapshotEvery ?? SNAPSHOT_EVERY,
      temporaryFolder: options.temporaryFolder ?? tmpdir(),
      open: options.open ?? null,
    };
    const live = await findOrCreateLive(database, clock.now());
    const position = await new ReadModelStore(context, live.schema, live.version, true).position();
    // The read models may be older than the id table.
    if (ids !== null) await deduplicateUpTo(database, log, position, ids);
    const steps = new Steps(context, {
      pageSize: options.pageSize ?? 1_000,
      foldBatchSize: options.foldBatchSize ?? 500,
      bulkLag: options.bulkLag ?? 5_000,
      vacuumAfter: options.vacuumAfter ?? 1_000,
      foldsPages: role !== 'indexer',
    });
    const { onPublished = () => undefined, mayFire = () => true, buildFrom = 10_000 } = options;
    return new Projector(
      new Processor(context, steps, live, position, {
        ...{ role, onPublished, mayFire, buildFrom },
        rebuild: (processor, given) => rebuild(processor, logProgress(context.logger, given)),
      }),
    );
  }

  get role(): ProjectorRole {
    return this.processor.role;
  }

  /** Why the last step failed; null when it did not. */
  get failure(): string | null {
    return this.processor.failure;
  }

  /** Begins to follow the log and the clock. */
  start(): void {
    this.processor.start();
  }

  /** Stops after the current step. */
  stop(): Promise<void> {
    return this.processor.stop();
  }

  /**
   * Works until the log as it is now is indexed, no customer is dirty and no deadline is overdue; returns the position and the clock's
   * instant at which that was so. Works whether or not the projector is running.
   *
   * @param options what is told of a build, where the read models have to be built first
   * @throws what the database or the log throws
   */
  catchUp(options: RebuildOptions = {}): Promise<{ readonly position: number; readonly clock: Instant }> {
    return this.processor.catchUp(options);
  }

  /** Goes on with the version that is live now: another process may have switched. A running projector notices by itself. */
  refresh(): Promise<void> {
    return this.processor.refresh();
  }

  status(): Promise<ProjectorStatus> {
    return statusOf(this.processor);
  }

  /** Why the log does not fit the live read models: it is shorter than they are, or another one; null where it fits. */
  async logProblem(): Promise<string | null> {
    const { context, live } = this.processor;
    return (await checkpointProblem(context, live.schema))?.message ?? null;
  }

  /** Releases a parked customer, to be folded from the beginning. False when the customer is not parked. */
  release(customerId: string): Promise<boolean> {
    return this.processor.exclusively(() => release(this.processor.live, customerId));
  }

  /** The versions of the read models, the oldest first. */
  versions(): Promise<readonly Version[]> {
    return listVersions(this.processor.context.database);
  }

  rebuild(options: RebuildOptions = {}): Promise<Rebuilt> {
    return rebuild(this.processor, options);
  }

  rollback(number?: number, options: RebuildOptions = {}): Promise<Version> {
    return rollback(this.processor, number, options);
  }

  dryRun(options: RebuildOptions = {}): Promise<DryRunResult> {
    return dryRun(this.processor, options);
  }

  /** What publishing a policy would change. Nothing is written. */
  policyDryRun(draft: PolicyDraft, options: RebuildOptions = {}): Promise<PolicyDryRun> {
    return policyDryRun(this.processor, draft, options);
  }

  /** Waits until the policies that are published now hold for every customer. */
  refold(options: RebuildOptions = {}): Promise<Refolded> {
    return refold(this.processor, options);
  }

  verify(options: RebuildOptions = {}): Promise<Verification> {
    return verify(this.processor, options);
  }

  /** The content of the live read models in a few characters, after catching up. */
  digest(): Promise<Digest> {
    return digestLive(this.processor);
  }
}
