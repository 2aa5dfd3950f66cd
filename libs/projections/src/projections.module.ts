import { join } from 'node:path';
import {
  Global,
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { EventLog } from '#event-log';
import { CLOCK, CONFIG, DATABASE, EVENT_LOG, HEALTH, LOGGER, METRICS } from '#platform';
import type { Clock, Config, Health, Logger } from '#platform';
import type { Registry } from 'prom-client';
import type { Database } from './database.js';
import { Projector } from './projector.js';
import { registerProjectorMetrics } from './projector-metrics.js';
import { openDatabase, type DatabasePlace } from './stores/open-database.js';

export interface ProjectionsModuleOptions {
  /** A database opened elsewhere, which is closed elsewhere. */
  readonly database?: Database;
  /** Where to open one; the folder `readmodels` in the data folder unless given. */
  readonly place?: DatabasePlace;
  /** False: the tables are there to be read, and somebody else keeps them. Default true. */
  readonly follow?: boolean;
}

interface Opened {
  readonly database: Database;
  close(): Promise<void>;
}

/**
 * Opens the read models' database when the application starts, provides it as DATABASE and the projector as `Projector`, follows
 * the log while the application runs, and stops and closes at shutdown.
 */
@Global()
@Module({})
export class ProjectionsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private static readonly OPENED = Symbol.for('perennial.projections.opened');
  private static readonly OPTIONS = Symbol.for('perennial.projections.options');

  constructor(
    @Inject(ProjectionsModule.OPENED) private readonly opened: Opened,
    @Inject(ProjectionsModule.OPTIONS) private readonly options: ProjectionsModuleOptions,
    @Inject(Projector) private readonly projector: Projector,
    @Inject(HEALTH) private readonly health: Health,
    @Inject(METRICS) private readonly metrics: Registry,
  ) {}

  static forRoot(options: ProjectionsModuleOptions = {}): DynamicModule {
    return {
      module: ProjectionsModule,
      providers: [
        { provide: ProjectionsModule.OPTIONS, useValue: options },
        {
          provide: ProjectionsModule.OPENED,
          useFactory: (config: Config) => open(options, config),
          inject: [CONFIG],
        },
        { provide: DATABASE, useFactory: ({ database }: Opened) => database, inject: [ProjectionsModule.OPENED] },
        {
          provide: Projector,
          useFactory: (database: Database, log: EventLog, clock: Clock, logger: Logger) =>
            Projector.open({ database, log, clock, logger }),
          inject: [DATABASE, EVENT_LOG, CLOCK, LOGGER],
        },
      ],
      exports: [DATABASE, Projector],
    };
  }

  onApplicationBootstrap(): void {
    this.health.register('projections', async () => {
      const { failure, lag } = await this.projector.status();
      return failure === null ? { ok: true, detail: `${lag} events behind` } : { ok: false, detail: failure };
    });
    registerProjectorMetrics(this.metrics, this.projector);
    if (this.options.follow !== false) this.projector.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.projector.stop();
    await this.opened.close();
  }
}

async function open({ database, place }: ProjectionsModuleOptions, { dataDir }: Config): Promise<Opened> {
  if (database !== undefined) return { database, close: async () => {} };
  const own = await openDatabase(place ?? { kind: 'pglite', folder: join(dataDir, 'readmodels') });
  return { database: own, close: () => own.close() };
}
