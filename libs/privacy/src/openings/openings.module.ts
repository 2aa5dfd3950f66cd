import { Global, Module, type DynamicModule } from '@nestjs/common';
import { EVENT_LOG, type EventLog } from '#event-log';
import { SEALER, type Sealer } from '#keys';
import { CLOCK, OPENINGS, RATE_LIMITS, type Clock } from '#platform';
import type { RateLimits } from '#platform/nest';
import { RecordedOpenings } from './recorded-openings.js';

/** Provides OPENINGS, without which no handler gives personal data in the clear. Needs the platform, the keys and the event log. */
@Global()
@Module({})
export class OpeningsModule {
  static forRoot(): DynamicModule {
    return {
      module: OpeningsModule,
      providers: [
        {
          provide: OPENINGS,
          useFactory: (log: EventLog, sealer: Sealer, clock: Clock, rates: RateLimits) =>
            new RecordedOpenings({
              ...{ log, sealer, clock },
              beforeOpening: ({ principal }, subjects) => rates.admit(principal, 'opened', 0).count(subjects),
            }),
          inject: [EVENT_LOG, SEALER, CLOCK, RATE_LIMITS],
        },
      ],
      exports: [OPENINGS],
    };
  }
}
