import {
  Global,
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { EVENT_LOG, ID_TABLE, MemoryIdTable, openLogOf, type EventLog } from '#event-log';
import {
  CLOCK,
  CLOCK_GUARD,
  CONFIG,
  HEALTH,
  LOGGER,
  METRICS,
  OUTBOX_NOTIFIER,
  PUBLICATION_MEMORY,
  SEALED_OPENER,
  STORE_WATCH,
} from '#platform';
import type {
  Clock,
  ClockGuard,
  Notifier,
  Config,
  Health,
  Logger,
  PublicationMemory,
  SealedOpener,
  StoreWatch,
} from '#platform';
import type { Registry } from 'prom-client';
import { DATABASE, type Database } from '#database';
import { fitReadModels } from './fitting/fit-read-models.js';
import { openIdTable, type DatabaseIdTable } from './indexing/event-ids/id-table.js';
import type { ProjectorRole } from './processor/processor.js';
import { Projector } from './processor/projector.js';
import { registerProjectorMetrics } from './processor/projector-metrics.js';
import { ClockController } from './clock/clock.controller.js';
import { clockHealth, registerClockMetrics } from './clock/clock-health.js';
import { ClockWatch } from './clock/clock-watch.js';
import { JobRunner } from './jobs/job-runner.js';
import { RemoteProjector } from './jobs/remote-projector.js';
import { openDatabase, placeOf, type DatabasePlace } from '#database';

export interface ProjectionsModuleOptions {
  /** A database opened elsewhere, which is closed elsewhere. */
  readonly database?: Database;
  /** Where to open one. Default: as the config says. */
  readonly place?: DatabasePlace;
  /**
   * What this process does with the read models: `keep` them in step with the log, in the role that the config names; `operate` those
   * that another process keeps; only `read` them. Default keep.
   */
  readonly use?: 'keep' | 'operate' | 'read';
  /** The role, instead of the one in the config: the engine in one process does everything. */
  readonly role?: ProjectorRole;
}

interface Opened {
  readonly database: Database;
  close(): Promise<void>;
}

/**
 * Opens the read models' database when the application starts and provides it as DATABASE, with the id table as ID_TABLE where the
 * log needs one. Unless they are only read, provides `Projector`; where they are kept, follows the log while the application
 * runs, and stops before anything is closed.
 */
@Global()
@Module({})
export class ProjectionsModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private static readonly OPENED = Symbol.for('perennial.projections.opened');
  private static readonly KEEPING = Symbol.for('perennial.projections.keeping');

  constructor(
    @Inject(ProjectionsModule.OPENED) private readonly opened: Opened,
    @Inject(ProjectionsModule.KEEPING) private readonly keeping: Keeping | null,
    @Inject(HEALTH) private readonly health: Health,
    @Inject(METRICS) private readonly metrics: Registry,
    @Inject(STORE_WATCH) private readonly watch: StoreWatch,
    private readonly clock: ClockWatch,
  ) {}

  static forRoot(options: ProjectionsModuleOptions = {}): DynamicModule {
    const { use = 'keep' } = options;
    const projector: Provider = {
      provide: Projector,
      useFactory: (
        database: Database,
        log: EventLog,
        ids: DatabaseIdTable | null,
        guard: ClockGuard,
        logger: Logger,
        { projectorRole, dataDir }: Config,
        outbox: Notifier,
        open?: SealedOpener,
      ) =>
        Projector.open({
          ...{ database, log, clock: guard, logger, role: options.role ?? projectorRole },
          ...{ onPublished: () => outbox.notify(), mayFire: () => guard.mayPublish, temporaryFolder: dataDir },
          ...(ids === null ? {} : { ids }),
          ...(open === undefined ? {} : { open }),
        }),
      inject: [
        ...[DATABASE, EVENT_LOG, ID_TABLE, CLOCK_GUARD, LOGGER, CONFIG, OUTBOX_NOTIFIER],
        { token: SEALED_OPENER, optional: true },
      ],
    };
    const remote: Provider = {
      provide: RemoteProjector,
      useFactory: (database: Database, own: Projector) => new RemoteProjector(database, own),
      inject: [DATABASE, Projector],
    };
    return {
      module: ProjectionsModule,
      controllers: [ClockController],
      providers: [
        {
          provide: ClockWatch,
          useFactory: (guard: ClockGuard, database: Database, logger: Logger, log?: EventLog) =>
            new ClockWatch({ guard, database, log: log ?? null, logger }),
          inject: [CLOCK_GUARD, DATABASE, LOGGER, { token: EVENT_LOG, optional: true }],
        },
        {
          provide: ProjectionsModule.OPENED,
          useFactory: (config: Config, logger: Logger, watch: StoreWatch) => open(options, config, logger, watch),
          inject: [CONFIG, LOGGER, STORE_WATCH],
        },
        {
          // The log needs it, so the read models are compared with the log before, through a connection that knows no repeated ids.
          provide: ID_TABLE,
          useFactory: async (
            { database }: Opened,
            config: Config,
            clock: Clock,
            logger: Logger,
            watch: StoreWatch,
            memory?: PublicationMemory,
          ) => {
            if (config.eventLog.kind !== 'eventstore') return null;
            const log = await openLogOf(config, clock, new MemoryIdTable(), watch);
            try {
              await fit(options, { database, log, clock, logger, memory });
            } finally {
              await log.close();
            }
            return openIdTable(database);
          },
          inject: [
            ProjectionsModule.OPENED,
            CONFIG,
            CLOCK,
            LOGGER,
            STORE_WATCH,
            { token: PUBLICATION_MEMORY, optional: true },
          ],
        },
        {
          // A process without a log (the relay) reads what a projector keeps.
          provide: DATABASE,
          useFactory: async (
            { database }: Opened,
            ids: DatabaseIdTable | null,
            clock: Clock,
            logger: Logger,
            log?: EventLog,
            memory?: PublicationMemory,
          ) => {
            if (ids === null && log !== undefined) await fit(options, { database, log, clock, logger, memory });
            return database;
          },
          inject: [
            ProjectionsModule.OPENED,
            ID_TABLE,
            CLOCK,
            LOGGER,
            { token: EVENT_LOG, optional: true },
            { token: PUBLICATION_MEMORY, optional: true },
          ],
        },
        ...(use === 'read' ? [] : [projector]),
        {
          provide: ProjectionsModule.KEEPING,
          useFactory: (database: Database, logger: Logger, kept?: Projector): Keeping | null =>
            kept === undefined ? null : { projector: kept, jobRunner: new JobRunner(database, kept, logger) },
          inject: [DATABASE, LOGGER, ...(use === 'keep' ? [Projector] : [])],
        },
        ...(use === 'operate' ? [remote] : []),
      ],
      exports: [
        DATABASE,
        ID_TABLE,
        ...(use === 'read' ? [] : [Projector]),
        ...(use === 'operate' ? [RemoteProjector] : []),
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.clock.start();
    this.health.register('clock', () => clockHealth(this.clock));
    registerClockMetrics(this.metrics, this.clock);
    if (this.keeping === null) {
      const { database } = this.opened;
      this.health.register('read-models', async () => database.query('SELECT 1').then(() => ({ ok: true })));
      return;
    }
    const { projector, jobRunner } = this.keeping;
    this.health.register('projections', async () => {
      const waiting = this.watch.failingFor(FAILING_MS_MAX);
      if (waiting !== null) return { ok: false, detail: `${waiting}.` };
      const { failure, lag, lagUnit } = await projector.status();
      const problem = await projector.logProblem();
      if (problem !== null) return { ok: false, detail: problem };
      return failure === null ? { ok: true, detail: `${lag} ${lagUnit} behind` } : { ok: false, detail: failure };
    });
    registerProjectorMetrics(this.metrics, projector);
    projector.start();
    // No other process requests jobs in a database that belongs to this process alone.
    if (this.opened.database.kind === 'postgres') jobRunner.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.clock.stop();
    await this.keeping?.jobRunner.stop();
    await this.keeping?.projector.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.opened.close();
  }
}

/** Read models whose stores have failed for so long without an answer are not kept. */
const FAILING_MS_MAX = 30_000;

/** What keeps the read models in this process. */
interface Keeping {
  readonly projector: Projector;
  readonly jobRunner: JobRunner;
}

/** Compares the read models with the log: see `fitReadModels`. */
async function fit(
  { use = 'keep' }: ProjectionsModuleOptions,
  {
    database,
    log,
    clock,
    logger,
    memory,
  }: {
    readonly database: Database;
    readonly log: EventLog;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly memory: PublicationMemory | undefined;
  },
): Promise<void> {
  await fitReadModels({
    ...{ database, log, now: clock.now(), keeps: use === 'keep' },
    ...(memory === undefined ? {} : { memory }),
    announce: (line) => logger.warn(line),
  });
}

async function open(
  { database, place }: ProjectionsModuleOptions,
  config: Config,
  logger: Logger,
  watch: StoreWatch,
): Promise<Opened> {
  if (database !== undefined) return { database, close: async () => {} };
  const own = await openDatabase(place ?? placeOf(config), { onBrokenFolder: (line) => logger.warn(line), watch });
  return { database: own, close: () => own.close() };
}
