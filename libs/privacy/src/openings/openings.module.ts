import { setTimeout as sleep } from 'node:timers/promises';
import {
  Global,
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Counter, type Registry } from 'prom-client';
import { DATABASE, type Database } from '#database';
import { EVENT_LOG, type EventLog } from '#event-log';
import { SEALER, type Sealer } from '#keys';
import { CLOCK, HEALTH, LOGGER, METRICS, OPENINGS, RATE_LIMITS, type Clock, type Health, type Logger } from '#platform';
import type { RateLimits } from '#platform/nest';
import { MassOpenings } from './mass-openings.js';
import { OpeningRate } from './opening-rate.js';
import { PolicyInForce } from './policy-in-force.js';
import { RecordedOpenings } from './recorded-openings.js';

/** Provides OPENINGS, without which no handler gives personal data in the clear, and watches them. Needs the platform, the keys and the event log. */
@Global()
@Module({})
export class OpeningsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(MassOpenings) private readonly massOpenings: MassOpenings,
    @Inject(HEALTH) health: Health,
  ) {
    health.register('openings', () => Promise.resolve(massOpenings.health()));
  }

  static forRoot(): DynamicModule {
    return {
      module: OpeningsModule,
      providers: [
        {
          provide: MassOpenings,
          useFactory: (log: EventLog, clock: Clock, logger: Logger, registry: Registry) => {
            const alerts = new Counter({
              name: 'perennial_mass_openings_total',
              help: 'Alerts: one principal opened the personal data of more subjects within an hour than the policy names.',
              registers: [registry],
            });
            const policy = new PolicyInForce(log, clock);
            return new MassOpenings({ log, policy, clock, logger, onAlert: () => alerts.inc() });
          },
          inject: [EVENT_LOG, CLOCK, LOGGER, METRICS],
        },
        {
          provide: OPENINGS,
          useFactory: (
            log: EventLog,
            sealer: Sealer,
            clock: Clock,
            rates: RateLimits,
            watch: MassOpenings,
            registry: Registry,
            database?: Database,
          ) => {
            const opened = new Counter({
              name: 'perennial_opened_subjects_total',
              help: 'Subjects whose personal data were opened, once for each answer.',
              registers: [registry],
            });
            const rate = new OpeningRate(rates, sleep);
            return new RecordedOpenings({
              ...{ log, sealer, clock, database: database ?? null },
              beforeOpening: (opening, subjects) => rate.count(opening, subjects),
              onRecorded: (_, subjects) => {
                opened.inc(subjects);
                watch.checkSoon();
              },
            });
          },
          inject: [
            ...[EVENT_LOG, SEALER, CLOCK, RATE_LIMITS, MassOpenings, METRICS],
            { token: DATABASE, optional: true },
          ],
        },
      ],
      exports: [OPENINGS],
    };
  }

  onApplicationBootstrap(): void {
    this.massOpenings.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.massOpenings.stop();
  }
}
