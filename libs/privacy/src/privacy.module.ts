import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DATABASE, type Database } from '#database';
import { EVENT_LOG, type EventLog } from '#event-log';
import { Ingestion } from '#ingestion';
import { KEY_STORE, type EngineKeys, type KeyStore } from '#keys';
import {
  APPROVALS,
  CLOCK,
  CLOCK_GUARD,
  CONFIG,
  HEALTH,
  LOGGER,
  type Approvals,
  type Clock,
  type ClockGuard,
  type Config,
  type Health,
  type Logger,
} from '#platform';
import { commandHandler } from '#platform/nest';
import { EraseCustomer, EraseCustomerHandler } from './erasure/erase-customer.js';
import { ErasuresController } from './erasure/erasures.controller.js';
import { ExpiryKeeper } from './erasure/expiry-keeper.js';
import { ClassExpiry } from './class-expiry/class-expiry.js';
import { ClassKeeper } from './class-expiry/class-keeper.js';
import { HoldKeeper } from './holds/hold-keeper.js';
import { HoldRegister } from './holds/hold-register.js';
import { HoldsController } from './holds/holds.controller.js';
import { ManageHolds } from './holds/manage-holds.js';
import { JournalKeeper } from './journal/journal-keeper.js';
import { openErasureJournal } from './journal/open-journal.js';
import { PolicyInForce } from './openings/policy-in-force.js';
import { ManageRestrictions } from './restrictions/manage-restrictions.js';
import { RestrictionRegister } from './restrictions/restriction-register.js';
import { RestrictionsController } from './restrictions/restrictions.controller.js';
import { ManageSuppressions } from './suppressions/manage-suppressions.js';
import { SuppressionRegister } from './suppressions/suppression-register.js';
import { SuppressionsController } from './suppressions/suppressions.controller.js';
import { MarkKeeper } from './reconciling/mark-keeper.js';
import { RetentionKeeper } from './retention/retention-keeper.js';

/**
 * Erasure over HTTP, and the journal of erasures. Needs the platform, the keys, the event log and ingestion; and the database of the read models
 * where there is one. The process calls `JournalKeeper.reconcile` before it listens.
 */
@Module({})
export class PrivacyModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private static readonly RETENTION = Symbol.for('perennial.privacy.retention');

  constructor(
    @Inject(JournalKeeper) private readonly keeper: JournalKeeper,
    @Inject(MarkKeeper) private readonly markKeeper: MarkKeeper,
    @Inject(ExpiryKeeper) private readonly expiryKeeper: ExpiryKeeper,
    @Inject(HoldKeeper) private readonly holdKeeper: HoldKeeper,
    @Inject(ClassKeeper) private readonly classKeeper: ClassKeeper,
    @Inject(PrivacyModule.RETENTION) private readonly retentionKeeper: RetentionKeeper | null,
    @Inject(CONFIG) { erasureJournal }: Config,
    @Inject(HEALTH) health: Health,
  ) {
    if (retentionKeeper !== null) health.register('retention', () => retentionKeeper.health());
    if (erasureJournal !== null) health.register('erasure-journal', () => keeper.health());
  }

  onApplicationBootstrap(): void {
    this.markKeeper.start();
    this.expiryKeeper.start();
    this.holdKeeper.start();
    this.classKeeper.start();
    this.retentionKeeper?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.markKeeper.stop();
    await this.expiryKeeper.stop();
    await this.holdKeeper.stop();
    await this.classKeeper.stop();
    await this.retentionKeeper?.stop();
  }

  static forRoot(): DynamicModule {
    return {
      module: PrivacyModule,
      controllers: [ErasuresController, HoldsController, RestrictionsController, SuppressionsController],
      providers: [
        {
          provide: JournalKeeper,
          useFactory: async (config: Config, log: EventLog, keys: KeyStore, logger: Logger) =>
            new JournalKeeper(await openErasureJournal(config, logger), log, keys, logger),
          inject: [CONFIG, EVENT_LOG, KEY_STORE, LOGGER],
        },
        {
          provide: ExpiryKeeper,
          useFactory: (keys: KeyStore, clock: Clock, logger: Logger) => new ExpiryKeeper(keys, clock, logger),
          inject: [KEY_STORE, CLOCK, LOGGER],
        },
        {
          provide: ClassKeeper,
          useFactory: (log: EventLog, keys: KeyStore, clock: Clock, logger: Logger) => {
            const inForce = new PolicyInForce(log, clock);
            return new ClassKeeper(new ClassExpiry({ log, keys, clock, policy: () => inForce.now() }), logger);
          },
          inject: [EVENT_LOG, KEY_STORE, CLOCK, LOGGER],
        },
        {
          provide: MarkKeeper,
          useFactory: (log: EventLog, keys: EngineKeys, logger: Logger) => new MarkKeeper(log, keys, logger),
          inject: [EVENT_LOG, KEY_STORE, LOGGER],
        },
        {
          provide: HoldRegister,
          useFactory: (log: EventLog) => new HoldRegister(log),
          inject: [EVENT_LOG],
        },
        {
          provide: HoldKeeper,
          useFactory: (register: HoldRegister, keys: KeyStore, eraser: EraseCustomerHandler, logger: Logger) =>
            new HoldKeeper(register, keys, eraser, logger),
          inject: [HoldRegister, KEY_STORE, EraseCustomerHandler, LOGGER],
        },
        {
          // Null in a process without read models: it does not know who is due.
          provide: PrivacyModule.RETENTION,
          useFactory: (
            log: EventLog,
            eraser: EraseCustomerHandler,
            register: HoldRegister,
            clock: ClockGuard,
            logger: Logger,
            database?: Database,
          ): RetentionKeeper | null =>
            database === undefined
              ? null
              : new RetentionKeeper({
                  ...{ log, eraser, register, clock, logger, database },
                  policy: new PolicyInForce(log, clock),
                }),
          inject: [
            ...[EVENT_LOG, EraseCustomerHandler, HoldRegister, CLOCK_GUARD, LOGGER],
            { token: DATABASE, optional: true },
          ],
        },
        {
          provide: ManageHolds,
          useFactory: (
            log: EventLog,
            keys: KeyStore,
            { identities, sealer }: Ingestion,
            clock: Clock,
            register: HoldRegister,
            approvals: Approvals,
            database?: Database,
          ) =>
            new ManageHolds({
              ...{ log, keys, identities, sealer, clock, register, approvals },
              database: database ?? null,
            }),
          inject: [
            ...[EVENT_LOG, KEY_STORE, Ingestion, CLOCK, HoldRegister, APPROVALS],
            { token: DATABASE, optional: true },
          ],
        },
        {
          provide: RestrictionRegister,
          useFactory: (log: EventLog) => new RestrictionRegister(log),
          inject: [EVENT_LOG],
        },
        {
          provide: ManageSuppressions,
          useFactory: (log: EventLog, { identities, sealer }: Ingestion, clock: Clock) =>
            new ManageSuppressions({ log, identities, sealer, clock, register: new SuppressionRegister(log) }),
          inject: [EVENT_LOG, Ingestion, CLOCK],
        },
        {
          provide: ManageRestrictions,
          useFactory: (
            log: EventLog,
            keys: KeyStore,
            { identities, sealer }: Ingestion,
            clock: Clock,
            register: RestrictionRegister,
            database?: Database,
          ) => new ManageRestrictions({ log, keys, identities, sealer, clock, register, database: database ?? null }),
          inject: [
            ...[EVENT_LOG, KEY_STORE, Ingestion, CLOCK, RestrictionRegister],
            { token: DATABASE, optional: true },
          ],
        },
        commandHandler(
          EraseCustomer,
          EraseCustomerHandler,
          [EVENT_LOG, KEY_STORE, Ingestion, CLOCK, JournalKeeper, APPROVALS, { token: DATABASE, optional: true }],
          (
            log: EventLog,
            keys: KeyStore,
            { identities, sealer }: Ingestion,
            clock: Clock,
            { recording: journal }: JournalKeeper,
            approvals: Approvals,
            database?: Database,
          ) =>
            new EraseCustomerHandler({
              ...{ log, keys, identities, sealer, clock, journal, approvals },
              database: database ?? null,
            }),
        ),
      ],
      exports: [JournalKeeper],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.keeper.close();
  }
}
