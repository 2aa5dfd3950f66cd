import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { TerminusModule } from '@nestjs/terminus';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { AccessGuard } from './access/access.guard.js';
import { EngineController } from './access/engine.controller.js';
import { RateLimits } from './access/rate-limits.js';
import { RunningEngine } from './access/running-engine.js';
import { SYSTEM_CLOCK, type Clock } from './clock.js';
import { ClockGuard } from './clock-guard.js';
import type { Config } from './config/config.js';
import { Health } from './health/health.js';
import { HealthController } from './health/health.controller.js';
import { createLogger, type Logger } from './logging/logger.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { registerStoreMetrics } from './stores/store-metrics.js';
import { StoreWatch } from './stores/store-watch.js';
import { Notifier } from './notifier.js';
import { FastifyRoutes } from './openapi/fastify-routes.js';
import { ProblemFilter } from './problems/problem.filter.js';
import {
  CLOCK,
  CLOCK_GUARD,
  CONFIG,
  HEALTH,
  LOGGER,
  METRICS,
  OUTBOX_NOTIFIER,
  RATE_LIMITS,
  STORE_WATCH,
} from './tokens.js';

export interface PlatformOptions {
  readonly config: Config;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/**
 * What every process has, whatever its part: config, clock, logger, health, metrics, command and query bus, the access guard and the problem filter. The guard needs
 * ACCESS, which the keys module provides.
 */
@Global()
@Module({})
export class PlatformModule {
  static forRoot({ config, clock = SYSTEM_CLOCK, logger }: PlatformOptions): DynamicModule {
    return {
      module: PlatformModule,
      imports: [CqrsModule.forRoot(), TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, MetricsController, EngineController],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: CLOCK, useValue: clock },
        { provide: CLOCK_GUARD, useFactory: () => new ClockGuard(clock) },
        {
          provide: LOGGER,
          useFactory: () => logger ?? createLogger({ level: config.logLevel, format: config.logFormat }),
        },
        { provide: HEALTH, useFactory: () => new Health() },
        {
          provide: METRICS,
          useFactory: () => {
            const register = new Registry();
            collectDefaultMetrics({ register });
            return register;
          },
        },
        {
          provide: STORE_WATCH,
          useFactory: (logger: Logger, metrics: Registry) => {
            const watch = new StoreWatch({ logger });
            registerStoreMetrics(watch, metrics);
            return watch;
          },
          inject: [LOGGER, METRICS],
        },
        { provide: RATE_LIMITS, useFactory: rateLimits, inject: [CONFIG, METRICS] },
        { provide: OUTBOX_NOTIFIER, useFactory: () => new Notifier() },
        FastifyRoutes,
        RunningEngine,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: [
        CONFIG,
        CLOCK,
        CLOCK_GUARD,
        LOGGER,
        HEALTH,
        METRICS,
        OUTBOX_NOTIFIER,
        RATE_LIMITS,
        STORE_WATCH,
        FastifyRoutes,
        RunningEngine,
      ],
    };
  }
}

/** The limits of this process, and a counter of what they refused. */
function rateLimits({ rateLimits: settings }: Config, registry: Registry): RateLimits {
  const refused = new Counter({
    name: 'perennial_rate_limited_total',
    help: 'Requests that were answered with 429 as their principal had used up its rate, by its role and by what is counted.',
    labelNames: ['role', 'limit'],
    registers: [registry],
  });
  return new RateLimits({
    settings,
    onRefused: ({ roles: [role = 'none'] }, limit) => refused.inc({ role, limit }),
  });
}
