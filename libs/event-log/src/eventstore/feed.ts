import type { ResolvedEvent } from '@eventstore/db-client';
import { EventLogError } from '../port.js';
import { Checkpoints, placeOf, type Place } from './checkpoints.js';
import { endOf } from './call.js';
import { pause, type Connection } from './connection.js';
import { denied, failureOf, GivenUp, Interrupted, isInvalidPosition, notAnswered } from './failures.js';
import { LiveSubscription } from './live-subscription.js';
import type { ReceivedCounts } from './received-counts.js';
import { positionOf } from './stored-event.js';

export interface FeedOptions {
  /** Streams whose name begins so. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  /** The highest position of ours on the server, now: asked when nothing was heard for long. */
  readonly head: () => Promise<number>;
  readonly counts?: ReceivedCounts;
}

/**
 * All events of our streams above a position, in order, and then what comes: a filtered subscription to $all that is
 * begun again whenever it breaks, ends, or is silent while the log has grown. The client does none of this: a subscription that
 * is dropped stays dropped, and one whose server hangs stays silent.
 */
export class Feed {
  /** The last event that was taken: the only thing that decides which events are new. */
  #taken: number;
  readonly #checkpoints = new Checkpoints();
  #subscription: LiveSubscription | null = null;
  #failures = 0;
  /** Since when nothing but failures came. */
  #failingSince: number | null = null;
  #closed = false;

  constructor(
    private readonly connection: Connection,
    after: number,
    private readonly options: FeedOptions,
  ) {
    this.#taken = after;
  }

  /**
   * What has come and was not taken yet, at most `limit`; waits for something until there is, or until aborted (empty).
   *
   * @throws EventLogError `unavailable` where the server does not answer for long, rejects the user, or has no record where the feed begins
   */
  async take(limit: number): Promise<ResolvedEvent[]> {
    const { signal } = this.options;
    const { callMs, silenceMs } = this.connection.timeouts;
    while (!signal.aborted && !this.#closed) {
      const { generation } = this.connection;
      try {
        this.#subscription ??= await this.#subscribe();
        const events = this.#newIn(this.#subscription, limit);
        if (events.length > 0) {
          this.#failures = 0;
          this.#failingSince = null;
          this.connection.waits.follow.answered();
          return events;
        }
        if (this.#subscription.isConfirmed) this.connection.waits.follow.answered();
        const heard = await this.#subscription.somethingNew(signal, silenceMs);
        if (heard) this.#failingSince = null;
        else if (!signal.aborted && (await this.options.head()) > this.#taken)
          throw new Interrupted('The subscription is silent although the log has grown.');
      } catch (error) {
        this.#drop();
        if (signal.aborted || this.#closed) break;
        if (failureOf(error).kind === 'denied') throw denied(this.connection.server, error);
        if (error instanceof RangeError || error instanceof EventLogError) throw error;
        if (isInvalidPosition(error)) {
          this.#mustHaveCheckpoints(error);
          this.#checkpoints.forget();
          continue;
        }
        if (!(error instanceof GivenUp)) this.connection.waits.follow.failed(error);
        this.#failingSince ??= performance.now();
        if (performance.now() > this.#failingSince + callMs) {
          this.#failingSince = null;
          throw notAnswered(this.connection.server, callMs, error);
        }
        this.connection.failed(error, generation);
        await pause(this.#failures);
        this.#failures += 1;
      }
    }
    return [];
  }

  /** For ever; what waits for it ends empty. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #drop(): void {
    this.#subscription?.cancel();
    this.#subscription = null;
  }

  async #subscribe(): Promise<LiveSubscription> {
    await this.connection.ready((this.#failingSince ?? performance.now()) + this.connection.timeouts.callMs);
    const after = (await this.#checkpointed()) ?? placeOf(this.#taken);
    return new LiveSubscription(this.connection, after, this.options.prefix, this.options.counts ?? null);
  }

  /** A checkpoint to begin behind: one at which the server has nothing yet is none. */
  async #checkpointed(): Promise<Place | null> {
    const place = this.#checkpoints.above(this.#taken);
    if (place === null) return null;
    const end = await this.connection.reading((client, call) => endOf(client, call));
    if (end?.event !== undefined && place.commit <= BigInt(positionOf(end.event))) return place;
    this.#checkpoints.forget();
    return null;
  }

  #newIn(subscription: LiveSubscription, limit: number): ResolvedEvent[] {
    const events = subscription.taken(limit, this.#taken);
    const last = events.at(-1)?.event;
    if (last !== undefined) this.#taken = positionOf(last);
    else for (const checkpoint of subscription.checkpoints()) this.#checkpoints.note(checkpoint);
    return events;
  }

  /** @throws EventLogError where it was the position of the last event that the server rejected */
  #mustHaveCheckpoints(rejection: unknown): void {
    if (this.#checkpoints.above(this.#taken) !== null) return;
    throw new EventLogError(
      'unavailable',
      `The event log at ${this.connection.server} has no event at position ${this.#taken}, from which it was to be read on: ` +
        'see that the read models belong to this log, or rebuild them.',
      { cause: rejection },
    );
  }
}
