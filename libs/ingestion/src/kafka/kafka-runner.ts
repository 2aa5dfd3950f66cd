import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Counter, Gauge, type Registry } from 'prom-client';
import { CLOCK, CONFIG, describeError, HEALTH, LOGGER, METRICS } from '#platform';
import type { Channels, Clock, Config, Health, Logger } from '#platform';
import { IngestTouchpoints } from '../pipeline/ingest-touchpoints.js';
import type { IngestItem, IngestResult } from '../pipeline/item.js';
import { KafkaIngestion, type KafkaIngestionObserver } from './kafka-ingestion.js';
import { isTombstone } from './kafka-message.js';
import { topicsPublisher, type Publisher } from '../pipeline/publisher.js';
import { topicMappings } from './topic-mappings.js';
import { topicSources } from './topic-sources.js';

/** `Channels | null`: the brokers that touchpoints are read from; null where the config names none. */
export const CHANNELS_IN = Symbol.for('perennial.intake.channels');

/** Ingests touchpoints from Kafka while the application runs, where the config names brokers. */
@Injectable()
export class KafkaRunner implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly running: KafkaIngestion | null;
  private readonly publisher: Publisher;

  constructor(
    @Inject(CHANNELS_IN) channels: Channels | null,
    @Inject(CONFIG) config: Config,
    private readonly commands: CommandBus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) private readonly metrics: Registry,
    @Inject(HEALTH) private readonly health: Health,
  ) {
    this.publisher = topicsPublisher(topicSources(config.kafkaSources ?? {}));
    this.running =
      channels === null
        ? null
        : new KafkaIngestion(
            channels,
            (items) => this.ingest(items),
            {
              group: config.kafkaGroup,
              topics: config.kafkaTopics,
              mappings: topicMappings(config.kafkaMappings ?? {}),
            },
            this.observer(),
          );
  }

  onModuleInit(): void {
    const { running } = this;
    // Unreachable brokers do not make the process unready: touchpoints over HTTP are still accepted.
    if (running !== null)
      this.health.register('kafka', () =>
        running.joined ? { ok: true } : { ok: false, detail: 'reads no topic at present', required: false },
      );
  }

  onApplicationBootstrap(): void {
    this.running?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running?.stop();
  }

  private ingest(items: readonly IngestItem[]): Promise<IngestResult> {
    return this.commands.execute(new IngestTouchpoints(items, this.clock.now(), 'kept', false, this.publisher, false));
  }

  private observer(): KafkaIngestionObserver {
    const registers = [this.metrics];
    const labelNames = ['topic'] as const;
    const messages = new Counter({
      ...{ name: 'perennial_kafka_messages_total', labelNames, registers },
      help: 'Messages read from topics.',
    });
    const letters = new Counter({
      ...{ name: 'perennial_kafka_dead_letters_total', labelNames, registers },
      help: 'Messages sent to the topics of dead letters.',
    });
    const tombstones = new Counter({
      ...{ name: 'perennial_kafka_tombstones_total', labelNames, registers },
      help: 'Messages with a key and no value, which delete a row of a compacted topic: passed over.',
    });
    const pauses = new Counter({
      ...{ name: 'perennial_kafka_pauses_total', labelNames, registers },
      help: 'Times that a partition paused because its messages could not be ingested.',
    });
    const behind = new Gauge({
      ...{ name: 'perennial_kafka_behind_messages', labelNames: ['topic', 'partition'], registers },
      help: 'Messages of a partition that were unread after the last batch.',
    });
    return {
      ingested: (batch, deadLetters) => {
        const { topic, partition } = batch;
        messages.inc({ topic }, batch.messages.length);
        const deleted = batch.messages.filter(isTombstone).length;
        if (deleted > 0) tombstones.inc({ topic }, deleted);
        if (deadLetters > 0) letters.inc({ topic }, deadLetters);
        behind.set({ topic, partition }, batch.behind);
      },
      paused: ({ topic, partition }, error, pauseMs) => {
        pauses.inc({ topic });
        const reason = describeError(error);
        this.logger.warn(
          { topic, partition, reason, pauseMs },
          'Messages could not be ingested; the partition pauses.',
        );
      },
    };
  }
}
