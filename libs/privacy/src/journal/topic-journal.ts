import type { ChannelProducer, Channels } from '#platform';
import { JournalError, type ErasureJournal, type JournaledErasure } from './erasure-journal.js';
import { journalLine, readJournalLine } from './journal-record.js';

/** One partition, so that erasures keep their order; compacted by the id of the erasure, so that none ever expires. */
const PLAN = { partitions: 1, replicas: 3, settings: { 'cleanup.policy': 'compact' } };

/** The journal in a Kafka topic, a message for each erasure, which is durable when every in-sync replica has it. */
export class TopicJournal implements ErasureJournal {
  readonly place: string;
  private readonly producer: ChannelProducer;

  private constructor(
    private readonly channels: Channels,
    private readonly topic: string,
  ) {
    this.place = `the topic ${topic}`;
    this.producer = channels.producer();
  }

  /**
   * Opens the topic, and creates it where it is missing. A topic that forgets messages is rejected.
   * @throws JournalError
   */
  static async open(channels: Channels, topic: string): Promise<TopicJournal> {
    try {
      await channels.ensureTopics([{ topic, ...PLAN }]);
      const settings = await channels.topicSettings(topic);
      mustKeepForEver(topic, settings);
      return new TopicJournal(channels, topic);
    } catch (error) {
      throw unavailable(topic, error);
    }
  }

  async append(erasure: JournaledErasure): Promise<void> {
    const message = { topic: this.topic, key: erasure.erasureId, value: journalLine(erasure), headers: {} };
    try {
      await this.producer.send([message]);
    } catch (error) {
      throw unavailable(this.topic, error);
    }
  }

  async readAll(): Promise<readonly JournaledErasure[]> {
    const messages = await this.channels.readTopic(this.topic).catch((error: unknown) => {
      throw unavailable(this.topic, error);
    });
    return messages.map(({ offset, value }) =>
      readJournalLine(
        value?.toString('utf8') ?? '',
        `The message at offset ${offset} of the erasure journal ${this.topic}`,
      ),
    );
  }

  close(): Promise<void> {
    return this.producer.close();
  }
}

function mustKeepForEver(topic: string, settings: ReadonlyMap<string, string>): void {
  const policy = settings.get('cleanup.policy') ?? '';
  const limits = ['retention.ms', 'retention.bytes'].filter((name) => (settings.get(name) ?? '-1') !== '-1');
  if (!policy.includes('delete') || limits.length === 0) return;
  throw new JournalError(
    'unsuitable',
    `The topic ${topic} forgets erasures: it has cleanup.policy=${policy} and ${limits.map((name) => `${name}=${settings.get(name)}`).join(', ')}. ` +
      `Keep its messages for ever: kafka-configs.sh --alter --topic ${topic} --add-config cleanup.policy=compact.`,
  );
}

function unavailable(topic: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  return new JournalError(
    'unavailable',
    `The erasure journal, the topic ${topic}, cannot be used (${(error as Error).message}); no erasure is acknowledged without it. Check KAFKA_BROKERS.`,
    { cause: error },
  );
}
