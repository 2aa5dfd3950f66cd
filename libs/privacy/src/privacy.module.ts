import { Module, type DynamicModule } from '@nestjs/common';
import { DATABASE, type Database } from '#database';
import { EVENT_LOG, type EventLog } from '#event-log';
import { Ingestion } from '#ingestion';
import { KEY_STORE, type KeyStore } from '#keys';
import { CLOCK, type Clock } from '#platform';
import { commandHandler } from '#platform/nest';
import { CustomersBySubject } from './erasure/customer-subjects.js';
import { EraseCustomer, EraseCustomerHandler } from './erasure/erase-customer.js';
import { ErasuresController } from './erasure/erasures.controller.js';

/** Erasure over HTTP. Needs the platform, the keys, the event log and ingestion; and the database of the read models where there is one. */
@Module({})
export class PrivacyModule {
  static forRoot(): DynamicModule {
    return {
      module: PrivacyModule,
      controllers: [ErasuresController],
      providers: [
        commandHandler(
          EraseCustomer,
          EraseCustomerHandler,
          [EVENT_LOG, KEY_STORE, Ingestion, CLOCK, { token: DATABASE, optional: true }],
          (log: EventLog, keys: KeyStore, { identities }: Ingestion, clock: Clock, database?: Database) =>
            new EraseCustomerHandler({
              ...{ log, keys, identities, clock },
              customers: database === undefined ? null : new CustomersBySubject(database),
            }),
        ),
      ],
    };
  }
}
