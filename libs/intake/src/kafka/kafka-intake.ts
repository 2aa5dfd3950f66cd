import type { ChannelConsumer, ChannelProducer, Channels, Clock, ReceivedBatch } from '#platform';
import type { Intake } from '../taking/intake.js';
import type { IntakeItem, ItemResult } from '../taking/item.js';
import { deadLetter, deadLetterPlan, isDeadLetterTopic } from './dead-letters.js';
import { Gathering } from './gathering.js';
import { readKafkaMessage } from './kafka-message.js';
import type { TopicMapping } from './topic-mappings.js';

export interface KafkaIntakeOptions {
  readonly group: string;
  /** Topics to take, `*` standing for anything: `touchpoints.*`. Topics of dead letters are left out. */
  readonly topics: readonly string[];
  readonly mappings?: ReadonlyMap<string, TopicMapping>;
  /** Events in one commit, where several partitions bring them. */
  readonly eventsMax?: number;
  readonly sessionTimeoutMs?: number;
  readonly lookForTopicsMs?: number;
}

/** Told what goes on, for metrics and logs. */
export interface KafkaIntakeWatch {
  taken?(batch: ReceivedBatch, deadLetters: number): void;
  paused?(batch: ReceivedBatch, error: unknown, pauseMs: number): void;
}

/**
 * Takes touchpoints in from topics. A message counts as read once the log holds the fate of each of its events; until then it comes again, and
 * what comes again is a duplicate. A message with a bad event is set aside in the log and sent to its topic's dead letters, and the
 * partition goes on; where the log or the dead letters cannot be written, the partition pauses.
 */
export class KafkaIntake {
  private readonly gathering: Gathering;
  private readonly producer: ChannelProducer;
  private readonly ensured = new Map<string, Promise<void>>();
  private consumer: ChannelConsumer | null = null;

  constructor(
    private readonly channels: Channels,
    private readonly intake: Pick<Intake, 'take'>,
    private readonly clock: Clock,
    private readonly options: KafkaIntakeOptions,
    private readonly watch: KafkaIntakeWatch = {},
  ) {
    this.producer = channels.producer();
    this.gathering = new Gathering((items) => this.takeItems(items), options.eventsMax ?? 10_000);
  }

  /** Whether it is a member of its group: false before it has joined, and where there is no topic to take. */
  get joined(): boolean {
    return this.consumer?.joined ?? false;
  }

  start(): void {
    const { group, topics, sessionTimeoutMs, lookForTopicsMs } = this.options;
    const patterns = topics.map(pattern);
    this.consumer ??= this.channels.consumer({
      group,
      takes: (topic) => !isDeadLetterTopic(topic) && patterns.some((each) => each.test(topic)),
      take: (batch) => this.take(batch),
      onPaused: (batch, error, pauseMs) => this.watch.paused?.(batch, error, pauseMs),
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      ...(lookForTopicsMs === undefined ? {} : { lookForTopicsMs }),
    });
  }

  /** Ends the batches under way, and leaves the group. */
  async stop(): Promise<void> {
    await this.consumer?.close();
    await this.producer.close();
  }

  private async take(batch: ReceivedBatch): Promise<void> {
    const { topic, partition, messages } = batch;
    const origin = { topic, partition, mapping: this.options.mappings?.get(topic) };
    const items: IntakeItem[] = [];
    const ends: number[] = [];
    for (const message of messages) {
      items.push(...readKafkaMessage(message, origin));
      ends.push(items.length);
    }
    const exceptions = await this.gathering.offer(items);
    // One that was set aside before, and is now a duplicate of its own record, may not have got to the dead letters.
    const bad = exceptions.filter(({ quarantineId }) => quarantineId !== undefined);
    const letters =
      bad.length === 0
        ? []
        : messages.flatMap((message, at) => {
            const own = bad.filter(({ index }) => index >= (ends[at - 1] ?? 0) && index < (ends[at] ?? 0));
            return own.length === 0 ? [] : [deadLetter(batch, message, own)];
          });
    if (letters.length > 0) {
      await this.ensureDeadLetters(topic);
      await this.producer.send(letters);
    }
    this.watch.taken?.(batch, letters.length);
  }

  private async takeItems(items: readonly IntakeItem[]): Promise<readonly ItemResult[]> {
    return (await this.intake.take(items, { receivedAt: this.clock.now() })).exceptions;
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
