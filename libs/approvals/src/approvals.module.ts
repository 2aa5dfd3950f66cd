import {
  Global,
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Gauge, type Registry } from 'prom-client';
import { EVENT_LOG, type EventLog } from '#event-log';
import { ApiKeys, SEALER, type Sealer } from '#keys';
import {
  APPROVALS,
  CLOCK,
  CONFIG,
  HEALTH,
  LOGGER,
  METRICS,
  type Clock,
  type Config,
  type Health,
  type Logger,
} from '#platform';
import { ActsController } from './acts.controller.js';
import { ApprovalsWatch } from './approvals-watch.js';
import { RecordedApprovals } from './recorded-approvals.js';

/** Four eyes: provides APPROVALS, serves `/v1/acts`, and performs what was approved. Needs the platform, the keys and the event log. */
@Global()
@Module({})
export class ApprovalsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(ApprovalsWatch) private readonly watch: ApprovalsWatch,
    @Inject(HEALTH) health: Health,
    @Inject(METRICS) registry: Registry,
  ) {
    health.register('approvals', () => watch.health());
    const gauges = [
      ['perennial_acts_waiting', 'Acts that wait for the approval of another principal.', () => watch.current.waiting],
      [
        'perennial_erasures_overdue',
        'Erasures that were requested half of their legal month ago or more, and are neither performed nor declined.',
        () => watch.current.overdue.length,
      ],
    ] as const;
    for (const [name, help, value] of gauges)
      new Gauge({
        ...{ name, help, registers: [registry] },
        collect() {
          this.set(value());
        },
      });
  }

  static forRoot(): DynamicModule {
    return {
      module: ApprovalsModule,
      controllers: [ActsController],
      providers: [
        {
          provide: RecordedApprovals,
          useFactory: (log: EventLog, keys: ApiKeys, sealer: Sealer, clock: Clock, logger: Logger, config: Config) =>
            new RecordedApprovals({
              ...{ log, apiKeys: () => keys, sealer, clock, logger },
              peopleSignIn: config.oidcIssuer !== null,
            }),
          inject: [EVENT_LOG, ApiKeys, SEALER, CLOCK, LOGGER, CONFIG],
        },
        { provide: APPROVALS, useExisting: RecordedApprovals },
        {
          provide: ApprovalsWatch,
          useFactory: (approvals: RecordedApprovals, clock: Clock, logger: Logger) =>
            new ApprovalsWatch(approvals, clock, logger),
          inject: [RecordedApprovals, CLOCK, LOGGER],
        },
      ],
      exports: [APPROVALS, RecordedApprovals],
    };
  }

  onApplicationBootstrap(): void {
    this.watch.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.watch.stop();
  }
}
