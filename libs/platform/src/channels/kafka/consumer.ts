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
const CLOSE_MS = 15_000;

/**
 * A member of a consumer group, by kafkajs. What kafkajs lacks is done here: it finds topics that come later, joins again after whatever
 * ended its membership, tells the group that it lives while a batch takes long, and when the group moves partitions, first finishes the
 * batches that were begun, counts them as read while the group still listens, and begins no others.
 */
export class KafkaConsumer implements ChannelConsumer {
  joined = false;
  /** The group is moving partitions: what was not begun is left to whoever gets it. */
  private moving = false;
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
    // A group that cannot be reached is not waited for: it will find that this member is gone.
    await Promise.race([this.loop.stop(), sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  /** One membership, from joining the group until it ends; returns how long to wait before the next. */
  private async turn(signal: AbortSignal): Promise<number> {
    try {
      const topics = await this.topics();
      if (topics.length === 0) return Math.min(5_000, this.options.lookForTopicsMs ?? 5_000);
      await this.member(topics, signal);
      return 0;
    } finally {
      this.joined = false;
    }
  }

  /** The topics to take, of those that are there. */
  private async topics(): Promise<string[]> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return (await admin.listTopics()).filter((topic) => this.options.takes(topic)).sort();
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  /** A member of the group until it is closed, thrown out, or there are other topics to take. */
  private async member(topics: readonly string[], signal: AbortSignal): Promise<void> {
    const { group, sessionTimeoutMs = 30_000, concurrency = 8, lookForTopicsMs = 30_000 } = this.options;
    const consumer = this.kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.ceil(sessionTimeoutMs / 10),
      maxWaitTimeInMs: 1_000,
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 3_000, restartOnFailure: () => Promise.resolve(false) },
    });
    this.moving = false;
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    crashed.catch(() => undefined);
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.joined = true;
      this.log.succeeded();
      this.moving = false;
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        partitionsConsumedConcurrently: concurrency,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.each(consumer, payload, sessionTimeoutMs / 10),
      });
      while (!signal.aborted) {
        await Promise.race([crashed, sleep(lookForTopicsMs, undefined, { signal }).catch(() => undefined)]);
        if (signal.aborted) return;
        // That the list cannot be had just now is no reason to leave the group.
        const now = await this.topics().catch(() => topics);
        if (now.some((topic) => !topics.includes(topic))) return;
      }
    } finally {
      await consumer.disconnect().catch(() => undefined);
    }
  }

  private async each(consumer: Consumer, payload: EachBatchPayload, beatMs: number): Promise<void> {
    const { batch, heartbeat, pause, resolveOffset, isRunning, isStale } = payload;
    const last = batch.messages.at(-1);
    if (last === undefined || this.moving || !isRunning() || isStale()) return;
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
    const thrownOut: Error[] = [];
    const beating = setInterval(() => {
      heartbeat().catch((error: Error) => {
        thrownOut.push(error);
        this.moving = true;
      });
    }, beatMs);
    const key = `${batch.topic} ${batch.partition}`;
    try {
      await this.options.take(received);
    } catch (error) {
      const failures = (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, failures);
      const pauseMs = backoffMs(failures, PAUSES);
      const resume = pause();
      setTimeout(resume, pauseMs).unref();
      this.options.onPaused?.(received, error, pauseMs);
      return;
    } finally {
      clearInterval(beating);
    }
    this.failures.delete(key);
    resolveOffset(last.offset);
    // kafkajs says how far we came before it joins the group again; from a generation that is over the group takes nothing.
    if (thrownOut[0] !== undefined) throw thrownOut[0];
  }
}
