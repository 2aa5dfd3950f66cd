import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventLog } from '#event-log';
import { ACCESS, CONFIG, EVENT_LOG, LOGGER, METRICS, openChannels, SEALER } from '#platform';
import type { Access, Config, Logger } from '#platform';
import type { Sealer } from '#keys';
import { ErasePersonHandler } from '#privacy';
import { ErasuresController } from '#privacy/nest';
import { DirectRoad } from './http/fast-path.js';
import { InFlight } from './http/in-flight.js';
import { PublishingController } from './http/publishing.controller.js';
import { QuarantineController } from './http/quarantine.controller.js';
import { receiveRawBodies } from './http/raw-bodies.js';
import { TouchpointsController } from './http/touchpoints.controller.js';
import { CHANNELS_IN, KafkaRunner } from './kafka/kafka-runner.js';
import { PublishPolicyHandler, RegisterTypeHandler } from './publishing/commands.js';
import { followTypes } from './publishing/follow-types.js';
import { registeredTypes } from './publishing/register-type.js';
import { DiscardQuarantinedHandler, ReleaseQuarantinedHandler } from './quarantine/commands.js';
import { Quarantine } from './quarantine/quarantine.js';
import { Intake } from './pipeline/ingestion.js';
import { TakeTouchpointsHandler } from './pipeline/ingest-touchpoints.js';
import { TypeContracts } from './pipeline/type-contracts.js';

/** Takes touchpoints in over HTTP, and from Kafka where the config names brokers. Needs the platform and the event log. */
@Module({})
export class IntakeModule implements OnModuleInit, BeforeApplicationShutdown {
  private following: ReturnType<typeof followTypes> | null = null;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly inFlight: InFlight,
    private readonly direct: DirectRoad,
    private readonly intake: Intake,
    @Inject(ACCESS) private readonly access: Access,
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  static forRoot(): DynamicModule {
    return {
      module: IntakeModule,
      imports: [CqrsModule.forRoot()],
      controllers: [TouchpointsController, QuarantineController, PublishingController, ErasuresController],
      providers: [
        {
          provide: Intake,
          useFactory: async (log: EventLog, sealer: Sealer, metrics: Registry) =>
            new Intake({ log, sealer, contracts: new TypeContracts(await registeredTypes(log)), ...measured(metrics) }),
          inject: [EVENT_LOG, SEALER, METRICS],
        },
        {
          provide: InFlight,
          useFactory: (config: Config, metrics: Registry) => {
            const inFlight = new InFlight(config);
            new Gauge({
              name: 'perennial_intake_in_flight_bytes',
              help: 'Bytes of request bodies being taken in.',
              registers: [metrics],
              collect() {
                this.set(inFlight.bytes);
              },
            });
            return inFlight;
          },
          inject: [CONFIG, METRICS],
        },
        {
          provide: Quarantine,
          useFactory: (log: EventLog, intake: Intake, sealer: Sealer) => new Quarantine(log, intake, sealer),
          inject: [EVENT_LOG, Intake, SEALER],
        },
        DirectRoad,
        {
          provide: CHANNELS_IN,
          useFactory: (config: Config, logger: Logger) => openChannels(config, logger),
          inject: [CONFIG, LOGGER],
        },
        KafkaRunner,
        TakeTouchpointsHandler,
        ReleaseQuarantinedHandler,
        DiscardQuarantinedHandler,
        PublishPolicyHandler,
        RegisterTypeHandler,
        ErasePersonHandler,
      ],
      exports: [Intake, Quarantine],
    };
  }

  onModuleInit(): void {
    receiveRawBodies(this.host.httpAdapter, this.inFlight, this.access, () => this.direct.close());
    this.direct.standBefore(this.host.httpAdapter.getHttpServer());
    // A file has one owner, which registers all its types itself.
    if (this.config.eventLog.kind !== 'sqlite') this.following = followTypes(this.log, this.intake.contracts);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.following?.stop();
  }
}

function measured(registry: Registry): Pick<ConstructorParameters<typeof Intake>[0], 'onTaken'> {
  const registers = [registry];
  const events = new Counter({
    name: 'perennial_intake_events_total',
    help: 'Events received, by fate.',
    labelNames: ['fate'],
    registers,
  });
  const batches = new Histogram({
    name: 'perennial_intake_batch_events',
    help: 'Events in a batch.',
    buckets: [1, 10, 100, 1_000, 10_000],
    registers,
  });
  return {
    onTaken({ counts: { received, ...fates } }) {
      batches.observe(received);
      for (const [fate, count] of Object.entries(fates)) if (count > 0) events.inc({ fate }, count);
    },
  };
}
