import {
  Global,
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { DATABASE, type Database } from '#database';
import { EVENT_LOG, type EventLog } from '#event-log';
import { KeyAdministration, SEALER, type Sealer } from '#keys';
import { ACCESS, APPROVALS, CLOCK, CONFIG, HEALTH, LOGGER, METRICS, openChannels, RATE_LIMITS } from '#platform';
import type { Access, Approvals, Clock, Config, Health, Logger } from '#platform';
import { commandHandler, FastifyRoutes, type HttpAdapter, type RateLimits } from '#platform/nest';
import { AttributesController } from './http/attributes.controller.js';
import { ManageAttributes } from './attributes/manage-attributes.js';
import { PoliciesController } from './http/policies.controller.js';
import { QuarantineController } from './http/quarantine.controller.js';
import { SegmentsController } from './http/segments.controller.js';
import { SourcesController } from './http/sources.controller.js';
import { TouchpointsController } from './http/touchpoints.controller.js';
import { TOUCHPOINTS_ROUTES } from './http/touchpoints.openapi.js';
import { InFlight } from './http/in-flight.js';
import { touchpointsPlugin } from './http/touchpoints.plugin.js';
import { TRACKING_ROUTES } from './http/tracking/tracking.openapi.js';
import { trackingPlugin } from './http/tracking/tracking.plugin.js';
import { TypesController } from './http/types.controller.js';
import { CHANNELS_IN, KafkaRunner } from './kafka/kafka-runner.js';
import { inFlightMetrics, ingestionMetrics } from './metrics.js';
import { Ingestion } from './pipeline/ingestion.js';
import { IngestTouchpoints, IngestTouchpointsHandler } from './pipeline/ingest-touchpoints.js';
import { SealedClasses } from './pipeline/class-keys.js';
import { ClassRules } from './policies/class-rules.js';
import { FirstPolicy, policyOf } from './policies/first-policy.js';
import { PublishPolicy, PublishPolicyHandler } from './policies/publish-policy.js';
import { DiscardQuarantined, DiscardQuarantinedHandler } from './quarantine/discard-quarantined.js';
import { CheckTouchpoints, CheckTouchpointsHandler } from './pipeline/check-touchpoints.js';
import { DiscardMany, DiscardManyHandler, ReleaseMany, ReleaseManyHandler } from './quarantine/close-many.js';
import { OpenQuarantined } from './quarantine/open-quarantined.js';
import { Quarantine } from './quarantine/quarantine.js';
import { ReleaseQuarantined, ReleaseQuarantinedHandler } from './quarantine/release-quarantined.js';
import {
  DefineSegment,
  DefineSegmentHandler,
  ManageSegments,
  RemoveSegment,
  RemoveSegmentHandler,
} from './segments/define-segment.js';
import { followSources } from './sources/follow-sources.js';
import { keyPermits } from './sources/key-permits.js';
import { ManageSources } from './sources/manage-sources.js';
import { recordedSources } from './sources/recorded-sources.js';
import { SilenceWatch } from './sources/silence-watch.js';
import { SourceActivity } from './sources/source-activity.js';
import { Sources } from './sources/sources.js';
import { followTypes } from './types/follow-types.js';
import { registeredTypes, RegisterType, RegisterTypeHandler } from './types/register-type.js';
import { TypeContracts } from './types/type-contracts.js';

/** Ingests touchpoints over HTTP, and from Kafka where the config names brokers. Needs the platform, the keys and the event log; gives `Ingestion` to all modules. */
@Global()
@Module({})
export class IngestionModule implements OnModuleInit, BeforeApplicationShutdown {
  private readonly following: { stop(): Promise<void> }[] = [];

  constructor(
    private readonly host: HttpAdapterHost<HttpAdapter>,
    private readonly commands: CommandBus,
    private readonly inFlight: InFlight,
    private readonly contracts: TypeContracts,
    private readonly sources: Sources,
    private readonly classRules: ClassRules,
    private readonly routes: FastifyRoutes,
    @Inject(ACCESS) private readonly access: Access,
    @Inject(RATE_LIMITS) private readonly rates: RateLimits,
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly activity: SourceActivity,
    @Inject(HEALTH) private readonly health: Health,
    @Inject(METRICS) private readonly metrics: Registry,
  ) {}

  static forRoot(): DynamicModule {
    return {
      module: IngestionModule,
      controllers: [
        TouchpointsController,
        QuarantineController,
        PoliciesController,
        TypesController,
        SourcesController,
        AttributesController,
        SegmentsController,
      ],
      providers: [
        {
          provide: TypeContracts,
          useFactory: async (log: EventLog) => new TypeContracts(await registeredTypes(log)),
          inject: [EVENT_LOG],
        },
        {
          provide: Sources,
          useFactory: async (log: EventLog) => new Sources((await recordedSources(log)).sources),
          inject: [EVENT_LOG],
        },
        { provide: SealedClasses, useFactory: () => new SealedClasses() },
        {
          provide: ClassRules,
          useFactory: async (log: EventLog, classes: SealedClasses, clock: Clock) => {
            const rules = new ClassRules(log, classes, clock);
            // Nothing is sealed before the classes are known.
            await rules.refresh();
            return rules;
          },
          inject: [EVENT_LOG, SealedClasses, CLOCK],
        },
        {
          provide: ManageSources,
          useFactory: (log: EventLog, sources: Sources, contracts: TypeContracts, clock: Clock) =>
            new ManageSources(log, sources, contracts, clock),
          inject: [EVENT_LOG, Sources, TypeContracts, CLOCK],
        },
        {
          provide: ManageAttributes,
          useFactory: (log: EventLog, contracts: TypeContracts, clock: Clock) =>
            new ManageAttributes(log, () => contracts.types, clock),
          inject: [EVENT_LOG, TypeContracts, CLOCK],
        },
        {
          provide: SourceActivity,
          useFactory: (database?: Database) => new SourceActivity(database ?? null),
          inject: [{ token: DATABASE, optional: true }],
        },
        {
          provide: Ingestion,
          useFactory: (
            log: EventLog,
            sealer: Sealer,
            contracts: TypeContracts,
            sources: Sources,
            config: Config,
            clock: Clock,
            classes: SealedClasses,
          ) => {
            const firstPolicy = new FirstPolicy(log, policyOf(config.policy), () => clock.now());
            return new Ingestion({ log, sealer, contracts, sources, classes, firstPolicy });
          },
          inject: [EVENT_LOG, SEALER, TypeContracts, Sources, CONFIG, CLOCK, SealedClasses],
        },
        {
          provide: InFlight,
          useFactory: (config: Config, metrics: Registry) => {
            const inFlight = new InFlight(config);
            inFlightMetrics(metrics, inFlight);
            return inFlight;
          },
          inject: [CONFIG, METRICS],
        },
        {
          provide: Quarantine,
          useFactory: (log: EventLog, sealer: Sealer) => new Quarantine(log, sealer),
          inject: [EVENT_LOG, SEALER],
        },
        {
          provide: OpenQuarantined,
          useFactory: (database?: Database) => new OpenQuarantined(database ?? null),
          inject: [{ token: DATABASE, optional: true }],
        },
        {
          provide: CHANNELS_IN,
          useFactory: (config: Config, logger: Logger) => openChannels(config, logger),
          inject: [CONFIG, LOGGER],
        },
        KafkaRunner,
        commandHandler(
          IngestTouchpoints,
          IngestTouchpointsHandler,
          [Ingestion, METRICS],
          (ingestion: Ingestion, metrics: Registry) =>
            new IngestTouchpointsHandler(ingestion, { onIngested: ingestionMetrics(metrics) }),
        ),
        commandHandler(
          ReleaseQuarantined,
          ReleaseQuarantinedHandler,
          [Quarantine, Ingestion, CLOCK, KeyAdministration],
          (quarantine: Quarantine, ingestion: Ingestion, clock: Clock, keys: KeyAdministration) =>
            new ReleaseQuarantinedHandler(quarantine, ingestion, clock, (by, source) =>
              keyPermits(keys.list(), by, source),
            ),
        ),
        commandHandler(DiscardQuarantined, DiscardQuarantinedHandler, [Quarantine, CLOCK]),
        commandHandler(CheckTouchpoints, CheckTouchpointsHandler, [Ingestion]),
        commandHandler(DiscardMany, DiscardManyHandler, [OpenQuarantined, Quarantine, CLOCK]),
        commandHandler(ReleaseMany, ReleaseManyHandler, [OpenQuarantined, ReleaseQuarantinedHandler]),
        commandHandler(
          PublishPolicy,
          PublishPolicyHandler,
          [EVENT_LOG, CLOCK, APPROVALS, ClassRules],
          (log: EventLog, clock: Clock, approvals: Approvals, rules: ClassRules) =>
            new PublishPolicyHandler(log, clock, approvals, () => rules.refresh()),
        ),
        commandHandler(RegisterType, RegisterTypeHandler, [EVENT_LOG, TypeContracts, CLOCK]),
        {
          provide: ManageSegments,
          useFactory: (log: EventLog, clock: Clock) => new ManageSegments(log, clock),
          inject: [EVENT_LOG, CLOCK],
        },
        commandHandler(DefineSegment, DefineSegmentHandler, [ManageSegments]),
        commandHandler(RemoveSegment, RemoveSegmentHandler, [ManageSegments]),
      ],
      exports: [Ingestion, IngestTouchpointsHandler],
    };
  }

  onModuleInit(): void {
    const patterns = this.contracts.types.backtrackingPatterns();
    if (patterns.length > 0)
      this.logger.warn(
        { patterns },
        'Registered types hold patterns that may take long to match: register a new version of each without them.',
      );
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    void server.register(
      touchpointsPlugin({
        commands: this.commands,
        clock: this.clock,
        access: this.access,
        rates: this.rates,
        inFlight: this.inFlight,
        bodies: this.host.httpAdapter.bodies,
        limits: this.config,
      }),
    );
    void server.register(
      trackingPlugin({
        ...{ commands: this.commands, clock: this.clock, access: this.access, rates: this.rates },
        ...{ inFlight: this.inFlight, bodies: this.host.httpAdapter.bodies, limits: this.config },
        ...{ sources: this.sources, contracts: this.contracts },
      }),
    );
    this.routes.add(...TOUCHPOINTS_ROUTES, ...TRACKING_ROUTES);
    if (this.activity.isThere) {
      const watch = new SilenceWatch(this.activity, this.sources, this.clock, this.health, this.metrics);
      watch.start();
      this.following.push(watch);
    }
    this.classRules.start();
    this.following.push(this.classRules);
    // A file has one owner, which registers all its types and sources itself.
    if (this.config.eventLog.kind !== 'sqlite')
      this.following.push(followTypes(this.log, this.contracts), followSources(this.log, this.sources));
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const each of this.following) await each.stop();
  }
}
