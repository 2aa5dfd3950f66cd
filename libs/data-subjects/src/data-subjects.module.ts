import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DATABASE, type Database } from '#database';
import { EVENT_LOG, type EventLog } from '#event-log';
import { SEALER, type Sealer } from '#keys';
import {
  CLOCK,
  CONFIG,
  HEALTH,
  LOGGER,
  METRICS,
  OPENINGS,
  type Clock,
  type Config,
  type Health,
  type Logger,
  type Openings,
} from '#platform';
import { personalData, type QueryContext } from '#queries';
import type { Registry } from 'prom-client';
import { SubjectRequestsController } from './http/subject-requests.controller.js';
import { ManageSubjectRequests } from './handling/manage-subject-requests.js';
import { MakePackage } from './package/make-package.js';
import { RequestWatch } from './handling/request-watch.js';

const CONTEXT = Symbol.for('perennial.data-subjects.context');

/** The requests of data subjects over HTTP, their packages, and the watch over their last days. Needs the platform, the keys, the event log and the database. */
@Module({})
export class DataSubjectsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(RequestWatch) private readonly watch: RequestWatch) {}

  onApplicationBootstrap(): void {
    this.watch.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.watch.stop();
  }

  static forRoot(): DynamicModule {
    return {
      module: DataSubjectsModule,
      controllers: [SubjectRequestsController],
      providers: [
        {
          provide: CONTEXT,
          useFactory: (
            database: Database,
            log: EventLog,
            clock: Clock,
            sealer: Sealer,
            config: Config,
          ): QueryContext => ({
            ...{ database, log, clock, personalData: personalData(sealer) },
            ...{ hasRelay: config.kafkaBrokers !== null, mayAudit: true },
          }),
          inject: [DATABASE, EVENT_LOG, CLOCK, SEALER, CONFIG],
        },
        {
          provide: ManageSubjectRequests,
          useFactory: (context: QueryContext, sealer: Sealer) => new ManageSubjectRequests({ context, sealer }),
          inject: [CONTEXT, SEALER],
        },
        {
          provide: MakePackage,
          useFactory: (context: QueryContext, sealer: Sealer, openings: Openings, requests: ManageSubjectRequests) =>
            new MakePackage({ context, sealer, openings, requests }),
          inject: [CONTEXT, SEALER, OPENINGS, ManageSubjectRequests],
        },
        {
          provide: RequestWatch,
          useFactory: (clock: Clock, logger: Logger, log: EventLog, health: Health, metrics: Registry) =>
            new RequestWatch(clock, logger, log, health, metrics),
          inject: [CLOCK, LOGGER, EVENT_LOG, HEALTH, METRICS],
        },
      ],
    };
  }
}
