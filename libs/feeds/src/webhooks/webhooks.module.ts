import { DAY } from '#contracts';
import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type InjectionToken,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Registry } from 'prom-client';
import { CLOCK_GUARD, CONFIG, HEALTH, LOGGER, METRICS } from '#platform';
import type { ClockGuard, Config, Health, Logger } from '#platform';
import { KeyExpiryWatch, SEALER, type Sealer } from '#keys';
import { DATABASE, type Database } from '#database';
import { partialHealth } from '../partial-health.js';
import { WebhookDispatcher } from './dispatcher.js';
import { Endpoints } from './endpoints.js';
import { registerWebhookMetrics, webhookObserver } from './metrics.js';
import { keyNotices } from './notices.js';
import { EgressPolicy } from './egress-policy.js';
import { Registrations } from './registrations.js';
import { WEBHOOKS, WebhooksController, type Webhooks } from './webhooks.controller.js';

/** Sends the feeds to the registered endpoints, with or without Kafka. Needs the platform and the read models' database. */
@Module({})
export class WebhooksModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(WEBHOOKS) private readonly webhooks: Webhooks,
    @Inject(HEALTH) private readonly health: Health,
  ) {}

  static forRoot({ log }: { readonly log?: InjectionToken } = {}): DynamicModule {
    return {
      module: WebhooksModule,
      controllers: [WebhooksController],
      providers: [
        {
          provide: WEBHOOKS,
          useFactory: (
            database: Database,
            sealer: Sealer,
            config: Config,
            clock: ClockGuard,
            logger: Logger,
            metrics: Registry,
            expiry: KeyExpiryWatch,
            eventLog?: NonNullable<Webhooks['log']>,
          ): Webhooks => {
            const registrations = eventLog === undefined ? null : new Registrations(eventLog, sealer);
            const endpoints = new Endpoints(database, sealer, clock, registrations);
            const egressPolicy = new EgressPolicy(config.webhookHosts);
            registerWebhookMetrics(metrics, endpoints, clock);
            const observer = webhookObserver(metrics, logger);
            const limits = { messagesMax: config.webhookPendingMax, ageMsMax: config.webhookPendingDays * DAY };
            const paused = () => !clock.mayPublish;
            const notices = () => keyNotices(expiry.expiring());
            const dispatcher = new WebhookDispatcher({
              ...{ database, endpoints, clock, paused, egressPolicy, observer, limits, notices },
            });
            return { endpoints, dispatcher, egressPolicy, log: eventLog ?? null };
          },
          inject: [
            DATABASE,
            SEALER,
            CONFIG,
            CLOCK_GUARD,
            LOGGER,
            METRICS,
            KeyExpiryWatch,
            ...(log === undefined ? [] : [log]),
          ],
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    const { dispatcher } = this.webhooks;
    // Not required: this process still serves its other routes while the dispatcher cannot send.
    this.health.register('webhooks', () => partialHealth(dispatcher.failure));
    dispatcher.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.webhooks.dispatcher.stop();
  }
}
