import { Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ApprovalsModule } from '#approvals/nest';
import { EVENT_LOG, RecordedActs, type EventLog } from '#event-log';
import { ACTS, readConfig, type Permission } from '#platform';
import { ApiKeys, openSqliteKeyStore, type SqliteKeyStore } from '#keys';
import { KeysModule } from '#keys/nest';
import { configureApp, createHttpAdapter, PlatformModule } from '#platform/nest';
import { OpeningsModule } from '#privacy/nest';
import { DATABASE, type Database } from '#database';
import type { Operations } from '../http/operations.js';
import { setUpOpenApi } from '../http/openapi.js';
import { QueriesModule } from '../queries.module.js';

const PROJECTOR = 'projector';
const CHECKER = 'checker';
const UNCHANGED = {
  ...{ events: 7, intact: 7, refuted: 0, refutations: [] },
  unchecked: { erased: 0, expired: 0, withoutKey: 0, partly: 0, unknown: 0 },
};

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
      { provide: ACTS, useValue: new RecordedActs(log, { now: () => Date.now() }) },
      { provide: PROJECTOR, useValue: operations },
      { provide: CHECKER, useValue: { check: () => Promise.resolve(UNCHANGED) } },
    ],
    exports: [DATABASE, EVENT_LOG, ACTS, PROJECTOR, CHECKER],
  })
  class Stores {}

  const module = await Test.createTestingModule({
    imports: [
      PlatformModule.forRoot({ config }),
      KeysModule.forRoot({ keyStore }),
      ApprovalsModule.forRoot(),
      Stores,
      OpeningsModule.forRoot(),
      QueriesModule.forRoot({ operations: PROJECTOR, contentChecker: CHECKER }),
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
