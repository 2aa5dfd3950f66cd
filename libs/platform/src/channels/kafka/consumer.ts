import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { ChannelConsumer, ConsumerOptions, ReceivedBatch } from '../channel.js';
import { backoffMs } from '../../loops/backoff.js';
import { FailureLog, type FailureLogger } from '../../loops/failure-log.js';
import { Loop } from '../../loops/loop.js';

/** How long a partition pauses after its batch failed. */
const PAUSES = { firstMs: 500, maxMs: 30_000 };
/** How long it waits before it joins the group again. */
const REJOIN_MS = 1_000;
const CLOSE_MS_MAX = 15_000;

/**
 * A member of a consumer group, by kafkajs. It adds what kafkajs lacks: it finds topics that are created later, joins again after its membership
 * has ended for any reason, sends heartbeats while a batch takes long, and when the group rebalances, finishes the batches in progress, commits
 * their offsets while the group still accepts them, and begins no others.
 */
export class KafkaConsumer implements ChannelConsumer {
  joined = false;
  /** The group rebalances: batches that were not begun are left to the members that get their partitions. */
  private rebalancing = false;
  /** Failures in a row, by topic and partition. */
  private readonly failures = new Map<string, number>();
  private readonly log: FailureLog;
  private readonly loop = new Loop((signal) => this.turn(signal), {
    backoff: { firstMs: REJOIN_MS, maxMs: REJOIN_MS },
    observer: { failed: (error, retryInMs) => this.log.failed(error, retryInMs) },
  });

  constructor(
    private readonly kafka: Kafka,
    private readonly options: ConsumerOptions,
    logger: FailureLogger,
  ) {
    this.log = new FailureLog(logger, `The consumer of group ${options.group}`);
    this.loop.start();
  }

  async close(): Promise<void> {
    // An unreachable group is not waited for: it removes this member after the session timeout.
    await Promise.race([this.loop.stop(), sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
  }

  /** One membership, from joining the group until it ends; returns how long to wait before the next. */
  private async turn(signal: AbortSignal): Promise<number> {
    try {
      const topics = await this.topics();
      if (topics.length === 0) return Math.min(5_000, this.options.topicPollMs ?? 5_000);
      await this.join(topics, signal);
      return 0;
    } finally {
      this.joined = false;
    }
  }

  /** The existing topics that it subscribes to. */
  private async topics(): Promise<string[]> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return (await admin.listTopics()).filter((topic) => this.options.subscribes(topic)).sort();
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  /** A member of the group until it is closed or removed, or new topics exist. */
  private async join(topics: readonly string[], signal: AbortSignal): Promise<void> {
    const { group, sessionTimeoutMs = 30_000, concurrency = 8, topicPollMs = 30_000 } = this.options;
    const consumer = this.kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.ceil(sessionTimeoutMs / 10),
      maxWaitTimeInMs: 1_000,
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 3_000, restartOnFailure: () => Promise.resolve(false) },
    });
    this.rebalancing = false;
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    crashed.catch(() => undefined);
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.joined = true;
      this.log.succeeded();
      this.rebalancing = false;
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        partitionsConsumedConcurrently: concurrency,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.handle(consumer, payload, sessionTimeoutMs / 10),
      });
      while (!signal.aborted) {
        await Promise.race([crashed, sleep(topicPollMs, undefined, { signal }).catch(() => undefined)]);
        if (signal.aborted) return;
        // A failed poll of the list is no reason to leave the group.
        const now = await this.topics().catch(() => topics);
        if (now.some((topic) => !topics.includes(topic))) return;
      }
    } finally {
      await consumer.disconnect().catch(() => undefined);
    }
  }

  private async handle(consumer: Consumer, payload: EachBatchPayload, beatMs: number): Promise<void> {
    const { batch, heartbeat, pause, resolveOffset, isRunning, isStale } = payload;
    const last = batch.messages.at(-1);
    if (last === undefined || this.rebalancing || !isRunning() || isStale()) return;
    const received: ReceivedBatch = {
      topic: batch.topic,
      partition: batch.partition,
      behind: Math.max(0, Number(batch.highWatermark) - 1 - Number(batch.lastOffset())),
      messages: batch.messages.map(({ offset, timestamp, key, value, headers }) => ({
        offset: Number(offset),
        timestamp: Number(timestamp),
        key,
        value,
        headers: headers ?? {},
      })),
    };
    const removed: Error[] = [];
    const heartbeats = setInterval(() => {
      heartbeat().catch((error: Error) => {
        removed.push(error);
        this.rebalancing = true;
      });
    }, beatMs);
    const key = `${batch.topic} ${batch.partition}`;
    try {
      await this.options.handle(received);
    } catch (error) {
      const failures = (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, failures);
      const pauseMs = backoffMs(failures, PAUSES);
      const resume = pause();
      setTimeout(resume, pauseMs).unref();
      this.options.onPaused?.(received, error, pauseMs);
      return;
    } finally {
      clearInterval(heartbeats);
    }
    this.failures.delete(key);
    resolveOffset(last.offset);
    // kafkajs commits the offset before it joins again; the group accepts no commit from an earlier generation.
    if (removed[0] !== undefined) throw removed[0];
  }
}
