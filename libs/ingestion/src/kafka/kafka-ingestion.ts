import type { ChannelConsumer, ChannelProducer, Channels, Clock, ReceivedBatch, ReceivedMessage } from '#platform';
import type { Ingestion } from '../pipeline/ingestion.js';
import type { IngestItem, ItemResult } from '../pipeline/item.js';
import { deadLetter, deadLetterPlan, isDeadLetterTopic } from './dead-letters.js';
import { MicroBatcher } from './micro-batcher.js';
import { readKafkaMessage } from './kafka-message.js';
import type { TopicMapping } from './topic-mappings.js';

export interface KafkaIngestionOptions {
  readonly group: string;
  /** Topics to take, `*` standing for anything: `touchpoints.*`. Topics of dead letters are left out. */
  readonly topics: readonly string[];
  readonly mappings?: ReadonlyMap<string, TopicMapping>;
  /** Events in one commit, where several partitions bring them. */
  readonly eventsMax?: number;
  readonly sessionTimeoutMs?: number;
  readonly lookForTopicsMs?: number;
}

/**
 * Messages of a partition that are worked on at one time, and events of one commit: what is being worked on is to be young when it is done
 * with, and the log's thread is to have work while more is made ready; more in a commit saves no more. How many events a message holds is not
 * known before it is read: the bytes of a portion are bounded too, so that batches do not make it ten times as large.
 */
const PORTION = 500;
const PORTION_BYTES = 384 * 1024;
const COMMIT_EVENTS = 1_000;

/** Told what goes on, for metrics and logs. */
export interface KafkaIngestionObserver {
  taken?(batch: ReceivedBatch, deadLetters: number): void;
  paused?(batch: ReceivedBatch, error: unknown, pauseMs: number): void;
}

/**
 * Takes touchpoints in from topics. A message counts as read once the log holds the outcome of each of its events; until then it comes again, and
 * what comes again is a duplicate. A message with a bad event is quarantined in the log and sent to its topic's dead letters, and the
 * partition goes on; where the log or the dead letters cannot be written, the partition pauses.
 */
export class KafkaIngestion {
  private readonly microBatcher: MicroBatcher;
  private readonly producer: ChannelProducer;
  private readonly ensured = new Map<string, Promise<void>>();
  private consumer: ChannelConsumer | null = null;

  constructor(
    private readonly channels: Channels,
    private readonly ingestion: Pick<Ingestion, 'take'>,
    private readonly clock: Clock,
    private readonly options: KafkaIngestionOptions,
    private readonly watch: KafkaIngestionObserver = {},
  ) {
    this.producer = channels.producer();
    this.microBatcher = new MicroBatcher((items) => this.takeItems(items), options.eventsMax ?? COMMIT_EVENTS);
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

  /** Portion by portion, in their order: the next is begun when the outcomes of the last are durable. */
  private async take(batch: ReceivedBatch): Promise<void> {
    let letters = 0;
    for (const portion of portionsOf(batch.messages)) letters += await this.takePortion(batch, portion);
    this.watch.taken?.(batch, letters);
  }

  /** Returns how many were sent to the dead letters. */
  private async takePortion(batch: ReceivedBatch, { messages, size }: Portion): Promise<number> {
    const { topic, partition } = batch;
    const origin = { topic, partition, mapping: this.options.mappings?.get(topic) };
    let ends: number[] = [];
    const read = (): readonly IngestItem[] => {
      const items: IngestItem[] = [];
      ends = [];
      for (const message of messages) {
        for (const item of readKafkaMessage(message, origin)) items.push(item);
        ends.push(items.length);
      }
      return items;
    };
    const exceptions = await this.microBatcher.offer(read, size);
    // One that was quarantined before, and is now a duplicate of its own record, may not have got to the dead letters.
    const bad = exceptions.filter(({ quarantineId }) => quarantineId !== undefined);
    if (bad.length === 0) return 0;
    const letters = messages.flatMap((message, at) => {
      const own = bad.filter(({ index }) => index >= (ends[at - 1] ?? 0) && index < (ends[at] ?? 0));
      return own.length === 0 ? [] : [deadLetter(batch, message, own)];
    });
    await this.ensureDeadLetters(topic);
    await this.producer.send(letters);
    return letters.length;
  }

  private async takeItems(items: readonly IngestItem[]): Promise<readonly ItemResult[]> {
    return (await this.ingestion.take(items, { receivedAt: this.clock.now() })).exceptions;
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

/** Messages that are taken together. */
interface Portion {
  readonly messages: readonly ReceivedMessage[];
  /** About how many events of usual size they hold. */
  readonly size: number;
}

function* portionsOf(messages: readonly ReceivedMessage[]): Generator<Portion> {
  let from = 0;
  let bytes = 0;
  const portion = (end: number): Portion => ({
    messages: messages.slice(from, end),
    size: Math.max(end - from, Math.ceil((bytes * PORTION) / PORTION_BYTES)),
  });
  for (let at = 0; at < messages.length; at += 1) {
    const more = messages[at]?.value?.length ?? 0;
    if (at > from && (at - from === PORTION || bytes + more > PORTION_BYTES)) {
      yield portion(at);
      from = at;
      bytes = 0;
    }
    bytes += more;
  }
  if (from < messages.length) yield portion(messages.length);
}

function pattern(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
