import { randomBytes } from 'node:crypto';
import { Loop, type LoopObserver } from '#platform';
import type { Notifier, ChannelProducer, Channels, Clock } from '#platform';
import type { Database } from '#database';
import type { Feed } from '../feed.js';
import type { OutboxMessage } from '../outbox-message.js';
import type { OutboxSource } from '../outbox-source.js';
import { FEEDS, topicsOf } from '../registry.js';
import { toCloudEvent } from '../feed.js';
import type { RoundRobinCursor } from './outbox.js';

/** How often an idle relay polls for messages that other processes write. */
const POLL_MS = 100;
/** The same where only this process writes messages and its notifier reports them: a safety net. */
const POLL_MS_NOTIFIED = 1_000;
/** How often a paused relay polls whether it may go on. */
const PAUSED_MS = 1_000;

export interface RelayObserver extends LoopObserver {
  published?(messages: number): void;
}

export interface RelayDependencies {
  readonly database: Database;
  readonly channels: Channels;
  readonly clock: Clock;
  /** True while the clock is not to be trusted: then nothing is published. Default: never. */
  readonly paused?: () => boolean;
  /** Notifies when this process has written messages to the outbox. */
  readonly notifier?: Notifier;
  readonly feeds?: readonly Feed[];
  readonly observer?: RelayObserver;
}

/**
 * The outbox relay: publishes pending messages to Kafka, each customer's in order, at least once. Any number of relays may run against one database.
 *
 * States, after `start()`:
 * - idle: nothing is pending. The relay polls every POLL_MS, and at once when the notifier calls.
 * - sending: messages are pending. It dispatches batch after batch, without a pause between them.
 * - backing off: the broker or the database failed. It waits half a second, then twice as long each time up to half a minute, and dispatches
 *   the same messages again; `failure` says why. The first batch that succeeds ends this state.
 * - paused: the clock is not to be trusted. It polls whether it may go on.
 * - stopped: `stop()` lets the current batch end, and closes the producer.
 */
export class Relay {
  private readonly producer: ChannelProducer;
  private readonly feeds: readonly Feed[];
  private readonly loop: Loop;
  private unsubscribe: (() => void) | undefined;
  private topicsExist = false;
  /** Each round starts at a random customer, so that relays that restart, or run side by side, do not all start with the same customers. */
  private readonly cursors = new Map<OutboxSource, RoundRobinCursor>();
  /** Sources whose last batch was not empty: they are drained without a check for more, which would wait for the connection. */
  private readonly busy = new Set<OutboxSource>();

  constructor(private readonly dependencies: RelayDependencies) {
    this.feeds = dependencies.feeds ?? FEEDS;
    for (const { source } of this.feeds) this.cursors.set(source, { after: randomBytes(16).toString('hex') });
    this.producer = dependencies.channels.producer();
    const { observer } = dependencies;
    this.loop = new Loop(() => this.turn(), observer === undefined ? {} : { observer });
  }

  /** Why the last batch failed; null after one that succeeded. */
  get failure(): string | null {
    return this.loop.failure;
  }

  start(): void {
    this.unsubscribe ??= this.dependencies.notifier?.listen(() => this.loop.wake());
    this.loop.start();
  }

  async stop(): Promise<void> {
    this.unsubscribe?.();
    await this.loop.stop();
    await this.producer.close();
  }

  /** Dispatches one batch of each source; returns the number of messages. */
  async dispatch(): Promise<number> {
    const { channels } = this.dependencies;
    if (!this.topicsExist) {
      await channels.ensureTopics(topicsOf(this.feeds));
      this.topicsExist = true;
    }
    const pending = this.pendingAmong([...this.cursors.keys()].filter((source) => !this.busy.has(source)));
    // Side by side: a source that fails or is slow does not hold up the others.
    const outcomes = await Promise.allSettled(
      [...this.cursors].map(async ([source, cursor]) => {
        if (!this.busy.has(source) && !(await pending).has(source)) return 0;
        const published = await this.drain(source, cursor).catch((error: unknown) => {
          this.busy.delete(source);
          throw error;
        });
        if (published > 0) this.busy.add(source);
        else this.busy.delete(source);
        return published;
      }),
    );
    let published = 0;
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') throw outcome.reason;
      published += outcome.value;
    }
    return published;
  }

  /** The sources that have pending messages: one query, so that an idle relay costs the database next to nothing. */
  private async pendingAmong(sources: readonly OutboxSource[]): Promise<ReadonlySet<OutboxSource>> {
    if (sources.length === 0) return new Set();
    const [pending] = await this.dependencies.database.query<Record<string, boolean>>(
      `SELECT ${sources.map((source, at) => `${source.pending} AS source_${at}`).join(', ')}`,
    );
    return new Set(sources.filter((_, at) => pending?.[`source_${at}`] === true));
  }

  private drain(source: OutboxSource, cursor: RoundRobinCursor): Promise<number> {
    const { database, clock, observer } = this.dependencies;
    const feeds = this.feeds.filter((feed) => feed.source === source);
    const publish = async (records: readonly OutboxMessage[]) => {
      const messages = records.flatMap((record) =>
        feeds.map((feed) => toCloudEvent(feed, record)).filter((message) => message !== null),
      );
      await this.producer.send(messages);
      observer?.published?.(messages.length);
    };
    return source.drain(database, publish, () => clock.now(), cursor);
  }

  /** Dispatches one batch; returns the pause until the next one, in milliseconds. */
  private async turn(): Promise<number> {
    if (this.dependencies.paused?.() === true) return PAUSED_MS;
    if ((await this.dispatch()) > 0) return 0;
    const { notifier, database } = this.dependencies;
    // Only an embedded database has no other process that writes messages to it.
    return notifier !== undefined && database.kind === 'pglite' ? POLL_MS_NOTIFIED : POLL_MS;
  }
}
