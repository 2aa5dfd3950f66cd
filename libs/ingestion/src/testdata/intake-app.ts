import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ApprovalsModule } from '#approvals/nest';
import type { EventLog } from '#event-log';
import { EventLogModule } from '#event-log/nest';
import { readConfig, type Permission } from '#platform';
import { ApiKeyAccess, ApiKeys, openSqliteKeyStore, type SqliteKeyStore } from '#keys';
import { KeysModule } from '#keys/nest';
import { configureApp, createHttpAdapter, createLogger, PlatformModule } from '#platform/nest';
import { OpeningsModule } from '#privacy/nest';
import { memoryLog } from '#testing';
import { IngestionModule } from '../ingestion.module.js';

/** The engine's intake alone, over HTTP, with its log and its keys in memory unless given. */
export class IngestionApp {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly log: EventLog,
    readonly keyStore: SqliteKeyStore,
    readonly logged: readonly string[],
  ) {}

  static async start(
    settings: Readonly<Record<string, string>> = {},
    parts: { readonly log?: EventLog; readonly keyStore?: SqliteKeyStore; readonly now?: () => number } = {},
  ): Promise<IngestionApp> {
    const now = parts.now ?? (() => Date.UTC(2026, 0, 31, 12));
    const log = parts.log ?? memoryLog({ clock: { now } });
    const keyStore = parts.keyStore ?? openSqliteKeyStore({ file: ':memory:' });
    // Properties send hostile events by the hundred: what is rejected has a rate of its own, which its spec sets by key.
    const config = readConfig({ RATE_LIMITS: 'rejected=off', ...settings });
    const logged: string[] = [];
    const logger = createLogger({ level: 'warn', format: 'json', destination: { write: (line) => logged.push(line) } });
    const testing = await Test.createTestingModule({
      imports: [
        PlatformModule.forRoot({ config, logger, clock: { now } }),
        KeysModule.forRoot({ keyStore }),
        ApprovalsModule.forRoot(),
        EventLogModule.forRoot({ log }),
        OpeningsModule.forRoot(),
        IngestionModule.forRoot(),
      ],
    }).compile();
    const app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return new IngestionApp(app, log, keyStore, logged);
  }

  key(...permissions: Permission[]): string {
    return this.app.get(ApiKeys).create('of a spec', permissions).key;
  }

  /** What the command line of this machine authenticates with. */
  get localToken(): string {
    return this.app.get(ApiKeyAccess).localToken;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.log.close();
    await this.keyStore.close();
  }
}
