import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { EVENT_LOG, type EventLog } from '#event-log';
import { ACCESS, CONFIG, LOGGER, METRICS, openChannels } from '#platform';
import type { Access, Config, Logger } from '#platform';
import { SEALER, type Sealer } from '#keys';
import { ErasePersonHandler } from '#privacy';
import { ErasuresController } from '#privacy/nest';
import { FastPath } from './http/fast-path.js';
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
import { Ingestion } from './pipeline/ingestion.js';
import { IngestTouchpointsHandler } from './pipeline/ingest-touchpoints.js';
import { TypeContracts } from './pipeline/type-contracts.js';

/** Takes touchpoints in over HTTP, and from Kafka where the config names brokers. Needs the platform and the event log. */
@Module({})
export class IngestionModule implements OnModuleInit, BeforeApplicationShutdown {
  private following: ReturnType<typeof followTypes> | null = null;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly inFlight: InFlight,
    private readonly direct: FastPath,
    private readonly ingestion: Ingestion,
    @Inject(ACCESS) private readonly access: Access,
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  static forRoot(): DynamicModule {
    return {
      module: IngestionModule,
      controllers: [TouchpointsController, QuarantineController, PublishingController, ErasuresController],
      providers: [
        {
          provide: Ingestion,
          useFactory: async (log: EventLog, sealer: Sealer, metrics: Registry) =>
            new Ingestion({
              log,
              sealer,
              contracts: new TypeContracts(await registeredTypes(log)),
              ...measured(metrics),
            }),
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
          useFactory: (log: EventLog, ingestion: Ingestion, sealer: Sealer) => new Quarantine(log, ingestion, sealer),
          inject: [EVENT_LOG, Ingestion, SEALER],
        },
        FastPath,
        {
          provide: CHANNELS_IN,
          useFactory: (config: Config, logger: Logger) => openChannels(config, logger),
          inject: [CONFIG, LOGGER],
        },
        KafkaRunner,
        IngestTouchpointsHandler,
        ReleaseQuarantinedHandler,
        DiscardQuarantinedHandler,
        PublishPolicyHandler,
        RegisterTypeHandler,
        ErasePersonHandler,
      ],
      exports: [Ingestion, Quarantine],
    };
  }

  onModuleInit(): void {
    receiveRawBodies(this.host.httpAdapter, this.inFlight, this.access, () => this.direct.close());
    this.direct.standBefore(this.host.httpAdapter.getHttpServer());
    // A file has one owner, which registers all its types itself.
    if (this.config.eventLog.kind !== 'sqlite') this.following = followTypes(this.log, this.ingestion.contracts);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.following?.stop();
  }
}

function measured(registry: Registry): Pick<ConstructorParameters<typeof Ingestion>[0], 'onIngested'> {
  const registers = [registry];
  const events = new Counter({
    name: 'perennial_intake_events_total',
    help: 'Events received, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const batches = new Histogram({
    name: 'perennial_intake_batch_events',
    help: 'Events in a batch.',
    buckets: [1, 10, 100, 1_000, 10_000],
    registers,
  });
  return {
    onIngested({ counts: { received, ...outcomes } }) {
      batches.observe(received);
      for (const [outcome, count] of Object.entries(outcomes)) if (count > 0) events.inc({ outcome }, count);
    },
  };
}
