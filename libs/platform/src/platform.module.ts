import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Access } from './access/access.js';
import { AccessGuard } from './access/access.guard.js';
import { ApiKeys } from '#keys';
import { KeysController } from './access/keys.controller.js';
import { Notifier } from './notifier.js';
import { SYSTEM_CLOCK, type Clock } from './clock.js';
import type { Config } from './config/config.js';
import { Health } from './health/health.js';
import { HealthController } from './health/health.controller.js';
import { createLogger, type Logger } from './logging/logger.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { openKeys, type EngineKeys } from '#keys';
import { SqliteKeyStore } from '#keys';
import { Sealer } from '#keys';
import { ACCESS, CLOCK, CONFIG, HEALTH, KEY_STORE, LOGGER, METRICS, OUTBOX_NOTIFIER, SEALER } from './tokens.js';

export interface PlatformOptions {
  readonly config: Config;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Taken as it is, and closed by whoever opened it; unless given, the one that the config names is opened. */
  readonly keyStore?: EngineKeys;
}

/** Everything that has nothing to do with customers: injected everywhere by the tokens of `tokens.ts`. */
@Global()
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  /** Closed here when it was opened here. */
  private static readonly OWN_KEY_STORE = Symbol.for('perennial.own-key-store');

  constructor(@Inject(PlatformModule.OWN_KEY_STORE) private readonly ownKeyStore: EngineKeys | null) {}

  static forRoot({ config, clock = SYSTEM_CLOCK, logger, keyStore }: PlatformOptions): DynamicModule {
    return {
      module: PlatformModule,
      controllers: [HealthController, MetricsController, KeysController],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: CLOCK, useValue: clock },
        {
          provide: LOGGER,
          useFactory: () => logger ?? createLogger({ level: config.logLevel, format: config.logFormat }),
        },
        {
          provide: PlatformModule.OWN_KEY_STORE,
          useFactory: () => (keyStore === undefined ? openKeys(config) : null),
        },
        {
          provide: KEY_STORE,
          useFactory: (own: EngineKeys | null) => keyStore ?? own,
          inject: [PlatformModule.OWN_KEY_STORE],
        },
        { provide: SEALER, useFactory: (keys: EngineKeys) => new Sealer(keys), inject: [KEY_STORE] },
        {
          provide: ACCESS,
          useFactory: async (keys: EngineKeys) => new Access(await ApiKeys.open(keys.apiKeys, clock)),
          inject: [KEY_STORE],
        },
        {
          provide: HEALTH,
          useFactory: (keys: EngineKeys) => {
            const health = new Health();
            // The embedded store is a file of ours; a server may be gone.
            if (!(keys instanceof SqliteKeyStore))
              health.register('keys', async () => keys.look().then(() => ({ ok: true })));
            return health;
          },
          inject: [KEY_STORE],
        },
        {
          provide: METRICS,
          useFactory: () => {
            const register = new Registry();
            collectDefaultMetrics({ register });
            return register;
          },
        },
        { provide: OUTBOX_NOTIFIER, useFactory: () => new Notifier() },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: [CONFIG, CLOCK, LOGGER, KEY_STORE, SEALER, ACCESS, HEALTH, METRICS, OUTBOX_NOTIFIER],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.ownKeyStore?.close();
  }
}
