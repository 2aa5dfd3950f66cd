import type { OutgoingMessage, ReceivedMessage } from './message.js';

/** A topic as it is to be: made where it is not there; one that is there is left as it is, for its operators may know better. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  /** Copies of each partition; as many as there are brokers, where there are fewer. */
  readonly replicas: number;
  /** Kafka's own settings of a topic: `cleanup.policy`, `retention.ms`, … */
  readonly settings: Readonly<Record<string, string>>;
}

/** Hands messages over to the channels' broker. */
export interface ChannelProducer {
  /**
   * Resolves once all of them are on every copy that is in sync; rejects when that is not known of some: then send all of them again.
   * Messages of one topic and key keep their order, and a repetition within a connection is not stored twice.
   */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** What was read of one partition, in its order. */
export interface ReceivedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly ReceivedMessage[];
  /** Messages of the partition that lie behind these, unread. */
  readonly behind: number;
}

export interface ConsumerOptions {
  /** Members of a group share its partitions. */
  readonly group: string;
  /** Which topics: asked of each that is there, again and again, so that a new one is found. */
  readonly takes: (topic: string) => boolean;
  /**
   * Takes a batch, and resolves once all of it is durable: only then is it counted as read. Called for several partitions at a time, for
   * each in order. When it rejects, the partition pauses and the same messages come again.
   */
  readonly take: (batch: ReceivedBatch) => Promise<void>;
  /** Told when a partition pauses because its batch could not be taken. */
  readonly onPaused?: (batch: ReceivedBatch, error: unknown, pauseMs: number) => void;
  /** How many partitions are worked on at one time. Default 8. */
  readonly concurrency?: number;
  /** A member that says nothing for so long is taken for dead. Default 30,000 ms. */
  readonly sessionTimeoutMs?: number;
  /** How often new topics are looked for. Default 30,000 ms. */
  readonly lookForTopicsMs?: number;
}

/** Reads as a member of a group, from where the group has come to; from the beginning of a topic that it has not read. */
export interface ChannelConsumer {
  /** Whether it is a member of its group at present. */
  readonly joined: boolean;
  /** Finishes the batches that it works on, says how far it came, and leaves the group. */
  close(): Promise<void>;
}

/** A connection to the channels' broker: what a client library must offer so that it can be put in the place of another. */
export interface Channels {
  producer(): ChannelProducer;
  consumer(options: ConsumerOptions): ChannelConsumer;
  /** Makes those topics that are not there yet. */
  ensureTopics(plans: readonly TopicPlan[]): Promise<void>;
  /** Resolves when a broker answers. */
  ping(): Promise<void>;
}
