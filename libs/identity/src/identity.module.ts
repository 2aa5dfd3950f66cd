import { Module, type DynamicModule } from '@nestjs/common';
import { DATABASE, type Database } from '#database';
import { EVENT_LOG, type EventLog } from '#event-log';
import { SEALER, type Sealer } from '#keys';
import { CLOCK, type Clock } from '#platform';
import { personalData } from '#queries';
import { DecideCustomers } from './deciding/decide-customers.js';
import { IdentityController } from './http/identity.controller.js';

/** Decisions about who is who over HTTP. Needs the platform, the keys, the event log and the database of the read models. */
@Module({})
export class IdentityModule {
  static forRoot(): DynamicModule {
    return {
      module: IdentityModule,
      controllers: [IdentityController],
      providers: [
        {
          provide: DecideCustomers,
          useFactory: (database: Database, log: EventLog, clock: Clock, sealer: Sealer) =>
            new DecideCustomers({ context: { database, log, clock, personalData: personalData(sealer) }, sealer }),
          inject: [DATABASE, EVENT_LOG, CLOCK, SEALER],
        },
      ],
    };
  }
}
