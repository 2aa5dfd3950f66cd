import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type InjectionToken,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Counter, type Registry } from 'prom-client';
import { CLOCK_GUARD, CONFIG, FailureLog, HEALTH, LOGGER, METRICS, openChannels, OUTBOX_NOTIFIER } from '#platform';
import type { Notifier, Channels, ClockGuard, Config, Health, Logger } from '#platform';
import { DATABASE, type Database } from '#database';
import { partialHealth } from './partial-health.js';
import { Relay, type RelayObserver } from './relay/relay.js';
import { CHANNELS, FeedsController } from './http/feeds.controller.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** Runs the relay where the config names brokers, and the webhooks. Needs the platform and the read models' database. */
@Module({})
export class FeedsModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(FeedsModule.RELAY) private readonly relay: Relay | null,
    @Inject(HEALTH) private readonly health: Health,
  ) {}

  private static readonly RELAY = Symbol.for('perennial.feeds.relay');

  /** @param options.log the token of the event log, in a process that has one: a replay from an instant looks its position up there */
  static forRoot(options: { readonly log?: InjectionToken } = {}): DynamicModule {
    return {
      module: FeedsModule,
      imports: [WebhooksModule.forRoot(options)],
      controllers: [FeedsController],
      providers: [
        {
          provide: CHANNELS,
          useFactory: (config: Config, logger: Logger) => openChannels(config, logger),
          inject: [CONFIG, LOGGER],
        },
        {
          provide: FeedsModule.RELAY,
          useFactory: (
            database: Database,
            channels: Channels | null,
            guard: ClockGuard,
            logger: Logger,
            metrics: Registry,
            notifier: Notifier,
          ) =>
            channels === null
              ? null
              : new Relay({
                  ...{ database, channels, notifier, observer: relayObserver(logger, metrics) },
                  ...{ clock: guard, paused: () => !guard.mayPublish },
                }),
          inject: [DATABASE, CHANNELS, CLOCK_GUARD, LOGGER, METRICS, OUTBOX_NOTIFIER],
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    const { relay } = this;
    if (relay === null) return;
    // Not required: this process still serves its other routes while the broker does not answer.
    this.health.register('feeds', () => partialHealth(relay.failure));
    relay.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.relay?.stop();
  }
}

function relayObserver(logger: Logger, metrics: Registry): RelayObserver {
  const messages = new Counter({
    name: 'perennial_feeds_messages_total',
    help: 'Messages of feeds that the brokers acknowledged.',
    registers: [metrics],
  });
  const failures = new Counter({
    name: 'perennial_feeds_failures_total',
    help: 'Batches of messages that could not be published and were tried again.',
    registers: [metrics],
  });
  const failureLog = new FailureLog(logger, 'The relay');
  return {
    published: (count) => messages.inc(count),
    failed: (error, retryInMs) => {
      failures.inc();
      failureLog.failed(error, retryInMs);
    },
    succeeded: () => failureLog.succeeded(),
  };
}
