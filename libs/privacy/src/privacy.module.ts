import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { DATABASE, type Database } from '#database';
import { EVENT_LOG, type EventLog } from '#event-log';
import { Ingestion } from '#ingestion';
import { KEY_STORE, type KeyStore } from '#keys';
import { CLOCK, CONFIG, HEALTH, LOGGER, type Clock, type Config, type Health, type Logger } from '#platform';
import { commandHandler } from '#platform/nest';
import { CustomersBySubject } from './erasure/customer-subjects.js';
import { EraseCustomer, EraseCustomerHandler } from './erasure/erase-customer.js';
import { ErasuresController } from './erasure/erasures.controller.js';
import { JournalKeeper } from './journal/journal-keeper.js';
import { openErasureJournal } from './journal/open-journal.js';

/**
 * Erasure over HTTP, and the journal of erasures. Needs the platform, the keys, the event log and ingestion; and the database of the read models
 * where there is one. The process calls `JournalKeeper.reconcile` before it listens.
 */
@Module({})
export class PrivacyModule implements OnApplicationShutdown {
  constructor(
    @Inject(JournalKeeper) private readonly keeper: JournalKeeper,
    @Inject(CONFIG) { erasureJournal }: Config,
    @Inject(HEALTH) health: Health,
  ) {
    if (erasureJournal !== null) health.register('erasure-journal', () => keeper.health());
  }

  static forRoot(): DynamicModule {
    return {
      module: PrivacyModule,
      controllers: [ErasuresController],
      providers: [
        {
          provide: JournalKeeper,
          useFactory: async (config: Config, log: EventLog, keys: KeyStore, logger: Logger) =>
            new JournalKeeper(await openErasureJournal(config, logger), log, keys, logger),
          inject: [CONFIG, EVENT_LOG, KEY_STORE, LOGGER],
        },
        commandHandler(
          EraseCustomer,
          EraseCustomerHandler,
          [EVENT_LOG, KEY_STORE, Ingestion, CLOCK, JournalKeeper, { token: DATABASE, optional: true }],
          (
            log: EventLog,
            keys: KeyStore,
            { identities }: Ingestion,
            clock: Clock,
            { recording: journal }: JournalKeeper,
            database?: Database,
          ) =>
            new EraseCustomerHandler({
              ...{ log, keys, identities, clock, journal },
              customers: database === undefined ? null : new CustomersBySubject(database),
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
