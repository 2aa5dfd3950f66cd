import { Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { EVENT_LOG, type EventLog } from '#event-log';
import { readConfig, type Permission } from '#platform';
import { ApiKeys, openSqliteKeyStore, type SqliteKeyStore } from '#keys';
import { KeysModule } from '#keys/nest';
import { configureApp, createHttpAdapter, PlatformModule } from '#platform/nest';
import { DATABASE, type Database } from '#database';
import type { Operations } from '../http/operations.js';
import { setUpOpenApi } from '../http/openapi.js';
import { QueriesModule } from '../queries.module.js';

const PROJECTOR = 'projector';

/** The API over a database and a log, with the guards and the problem filter of the whole engine. */
export async function apiOver(
  database: Database,
  log: EventLog,
  operations: Operations,
  keyStore: SqliteKeyStore = openSqliteKeyStore({ file: ':memory:' }),
): Promise<{ app: NestFastifyApplication; keyWith: (...permissions: Permission[]) => string }> {
  const config = readConfig({ LOG_LEVEL: 'silent' });

  @Global()
  @Module({
    providers: [
      { provide: DATABASE, useValue: database },
      { provide: EVENT_LOG, useValue: log },
      { provide: PROJECTOR, useValue: operations },
    ],
    exports: [DATABASE, EVENT_LOG, PROJECTOR],
  })
  class Stores {}

  const module = await Test.createTestingModule({
    imports: [
      PlatformModule.forRoot({ config }),
      KeysModule.forRoot({ keyStore }),
      Stores,
      QueriesModule.forRoot({ operations: PROJECTOR }),
    ],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
  configureApp(app);
  setUpOpenApi(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const apiKeys = app.get(ApiKeys);
  return { app, keyWith: (...permissions) => apiKeys.create('spec', permissions).key };
}
