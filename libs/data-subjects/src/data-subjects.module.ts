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
import { CLOCK, HEALTH, LOGGER, METRICS, type Clock, type Health, type Logger } from '#platform';
import { personalData } from '#queries';
import type { Registry } from 'prom-client';
import { SubjectRequestsController } from './http/subject-requests.controller.js';
import { ManageSubjectRequests } from './handling/manage-subject-requests.js';
import { RequestWatch } from './handling/request-watch.js';

/** The requests of data subjects over HTTP, and the watch over their last days. Needs the platform, the keys, the event log and the database. */
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
          provide: ManageSubjectRequests,
          useFactory: (database: Database, log: EventLog, clock: Clock, sealer: Sealer) =>
            new ManageSubjectRequests({
              context: { database, log, clock, personalData: personalData(sealer), mayAudit: true },
              sealer,
            }),
          inject: [DATABASE, EVENT_LOG, CLOCK, SEALER],
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
