import type { ChannelConsumer, ChannelProducer, Channels, ReceivedBatch } from '#platform';
import type { IngestItem, IngestResult } from '../pipeline/item.js';
import { deadLetter, deadLetterPlan, isDeadLetterTopic } from './dead-letters.js';
import { ingestPages, pagesOf, type MessageExceptions, type MessagePage } from './message-pages.js';
import { MicroBatcher } from './micro-batcher.js';
import type { TopicMapping } from './topic-mappings.js';

export interface KafkaIngestionOptions {
  readonly group: string;
  /** Topics to read; `*` stands for anything: `touchpoints.*`. Topics of dead letters are left out. */
  readonly topics: readonly string[];
  readonly mappings?: ReadonlyMap<string, TopicMapping>;
  /** Events in one commit, where several partitions bring them. */
  readonly eventsMax?: number;
  readonly sessionTimeoutMs?: number;
  readonly topicPollMs?: number;
}

const COMMIT_EVENTS = 1_000;

/** Called with what happens, for metrics and logs. */
export interface KafkaIngestionObserver {
  ingested?(batch: ReceivedBatch, deadLetters: number): void;
  paused?(batch: ReceivedBatch, error: unknown, pauseMs: number): void;
}

/**
 * Ingests touchpoints from topics. A message counts as read once the log holds the outcome of each of its events; until then it is delivered
 * again, and what is delivered again is a duplicate. A message with a bad event is quarantined in the log and sent to its topic's dead letters, and
 * the partition goes on; where the log or the dead letters cannot be written, the partition pauses.
 */
export class KafkaIngestion {
  private readonly batcher: MicroBatcher<MessagePage, readonly MessageExceptions[]>;
  private readonly producer: ChannelProducer;
  private readonly ensured = new Map<string, Promise<void>>();
  private consumer: ChannelConsumer | null = null;

  constructor(
    private readonly channels: Channels,
    /** Ingests a batch: the command on the bus. */
    ingest: (items: readonly IngestItem[]) => Promise<IngestResult>,
    private readonly options: KafkaIngestionOptions,
    private readonly observer: KafkaIngestionObserver = {},
  ) {
    this.producer = channels.producer();
    this.batcher = new MicroBatcher((pages) => ingestPages(pages, ingest), options.eventsMax ?? COMMIT_EVENTS);
  }

  /** Whether the consumer is a member of its group: false before it has joined, and where there is no topic to read. */
  get joined(): boolean {
    return this.consumer?.joined ?? false;
  }

  start(): void {
    const { group, topics, sessionTimeoutMs, topicPollMs } = this.options;
    const patterns = topics.map(pattern);
    this.consumer ??= this.channels.consumer({
      group,
      subscribes: (topic) => !isDeadLetterTopic(topic) && patterns.some((each) => each.test(topic)),
      handle: (batch) => this.ingest(batch),
      onPaused: (batch, error, pauseMs) => this.observer.paused?.(batch, error, pauseMs),
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      ...(topicPollMs === undefined ? {} : { topicPollMs }),
    });
  }

  /** Ends the batches in progress, and leaves the group. */
  async stop(): Promise<void> {
    await this.consumer?.close();
    await this.producer.close();
  }

  /** Page by page, in their order: the next page is added when the outcomes of the last are durable. */
  private async ingest(batch: ReceivedBatch): Promise<void> {
    const { topic, partition } = batch;
    const origin = { topic, partition, mapping: this.options.mappings?.get(topic) };
    let deadLetters = 0;
    for (const page of pagesOf(batch, origin))
      deadLetters += await this.sendDeadLetters(batch, await this.batcher.add(page));
    this.observer.ingested?.(batch, deadLetters);
  }

  /** Sends the messages with a quarantined event to the dead letters. Returns how many there were. */
  private async sendDeadLetters(batch: ReceivedBatch, exceptions: readonly MessageExceptions[]): Promise<number> {
    // A message that was quarantined before, and is now a duplicate of its own record, may be missing in the dead letters.
    const letters = exceptions.flatMap(({ message, exceptions: all }) => {
      const quarantined = all.filter(({ quarantineId }) => quarantineId !== undefined);
      return quarantined.length === 0 ? [] : [deadLetter(batch, message, quarantined)];
    });
    if (letters.length === 0) return 0;
    await this.ensureDeadLetters(batch.topic);
    await this.producer.send(letters);
    return letters.length;
  }

  private async ensureDeadLetters(topic: string): Promise<void> {
    let ensuring = this.ensured.get(topic);
    if (ensuring === undefined) {
      ensuring = this.channels.ensureTopics([deadLetterPlan(topic)]);
      this.ensured.set(topic, ensuring);
      ensuring.catch(() => this.ensured.delete(topic));
    }
    await ensuring;
  }
}

function pattern(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
