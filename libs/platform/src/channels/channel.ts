import type { OutgoingMessage, ReceivedMessage } from './message.js';

/** A topic to create where it does not exist. An existing topic stays as its operators configured it. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  /** Copies of each partition; limited by the number of brokers. */
  readonly replicas: number;
  /** Kafka's settings of the topic: `cleanup.policy`, `retention.ms`, … */
  readonly settings: Readonly<Record<string, string>>;
}

/** Sends messages to the brokers of the channels. */
export interface ChannelProducer {
  /**
   * Resolves once every in-sync replica has all of the messages. Rejects where that is unknown of any of them: then send all of them again.
   * Messages of one topic and key keep their order, and a repetition within a connection is not stored twice.
   */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** Messages read from one partition, in its order. */
export interface ReceivedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly ReceivedMessage[];
  /** Unread messages of the partition after these. */
  readonly behind: number;
}

export interface ConsumerOptions {
  /** Members of a group share its partitions. */
  readonly group: string;
  /** Whether the consumer reads a topic. The broker's list of topics is polled, so that new topics are found. */
  readonly subscribes: (topic: string) => boolean;
  /**
   * Processes a batch, and resolves once all of it is durable: only then is the offset committed. Called for several partitions at a time, and in
   * order for each. When it rejects, the partition pauses and the same messages are read again.
   */
  readonly handle: (batch: ReceivedBatch) => Promise<void>;
  /** Called when a partition pauses because its batch was rejected. */
  readonly onPaused?: (batch: ReceivedBatch, error: unknown, pauseMs: number) => void;
  /** How many partitions are processed at one time. Default 8. */
  readonly concurrency?: number;
  /** After so long without a heartbeat the group removes the member. Default 30,000 ms. */
  readonly sessionTimeoutMs?: number;
  /** How often the list of topics is polled. Default 30,000 ms. */
  readonly topicPollMs?: number;
}

/** Reads as a member of a consumer group from the group's committed offset, or from the beginning of a topic without one. */
export interface ChannelConsumer {
  /** Whether it is a member of its group at present. */
  readonly joined: boolean;
  /** Finishes the batches in progress, commits their offsets, and leaves the group. */
  close(): Promise<void>;
}

/** A connection to the brokers of the channels: the port that a client library implements. */
export interface Channels {
  producer(): ChannelProducer;
  consumer(options: ConsumerOptions): ChannelConsumer;
  /** Creates those topics that do not exist. */
  ensureTopics(plans: readonly TopicPlan[]): Promise<void>;
  /** Every message of a topic as it is at the time of the call, in the order of each partition. A missing topic is empty. */
  readTopic(topic: string): Promise<readonly ReceivedMessage[]>;
  /** Kafka's settings of an existing topic, by name. */
  topicSettings(topic: string): Promise<ReadonlyMap<string, string>>;
  /** Resolves when a broker answers. */
  ping(): Promise<void>;
}
