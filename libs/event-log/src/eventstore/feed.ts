import { START, streamNameFilter, type ResolvedEvent } from '@eventstore/db-client';
import { pause, type Connection } from './connection.js';
import { denied, failureOf, GivenUp, Interrupted, notAnswered } from './failures.js';
import { positionOf } from './stored-event.js';

/** Events that the server looks at between two checkpoints, in windows of 32. */
const CHECKPOINT_WINDOWS = 32;
/** Events that wait for the reader; the rest waits on the server. */
const BUFFERED_MAX = 512;

export interface FeedOptions {
  /** Streams whose name begins so. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  /** The highest position of ours on the server, now: asked when nothing was heard for long. */
  readonly head: () => Promise<number>;
}

/**
 * All events of our streams above a position, in order, and then what comes: a filtered subscription to $all that is
 * begun again, from the last position of ours, whenever it breaks, ends, or is silent while the log has grown. The client
 * does none of this: a subscription that is dropped stays dropped, and one whose server hangs stays silent.
 */
export class Feed {
  /** Everything of ours up to here was given, or does not exist: the last event, or a later checkpoint. */
  position: number;
  #place: Place;
  #subscription: LiveSubscription | null = null;
  #failures = 0;

  constructor(
    private readonly connection: Connection,
    after: number,
    private readonly options: FeedOptions,
  ) {
    this.position = after;
    this.#place = placeOf(after);
  }

  /** What has come and was not taken yet, at most `limit`; waits for something until there is, or until aborted (empty). */
  async take(limit: number): Promise<ResolvedEvent[]> {
    const { signal } = this.options;
    const deadline = { at: performance.now() + this.connection.timeouts.callMs };
    while (!signal.aborted) {
      const { generation } = this.connection;
      try {
        this.#subscription ??= await this.#subscribe(deadline.at);
        const events = this.#subscription.taken(limit, this.position);
        if (events.length > 0) {
          this.#failures = 0;
          this.connection.waits.follow.answered();
          this.position = positionOfLast(events);
          this.#place = placeOf(this.position);
          return events;
        }
        const { checkpoint } = this.#subscription;
        if (this.#subscription.isConfirmed) this.connection.waits.follow.answered();
        if (checkpoint !== null && Number(checkpoint.commit) > this.position) {
          this.position = Number(checkpoint.commit);
          this.#place = checkpoint;
        }
        const heard = await this.#subscription.somethingNew(signal, this.connection.timeouts.silenceMs);
        if (heard) deadline.at = performance.now() + this.connection.timeouts.callMs;
        else if (!signal.aborted && (await this.options.head()) > this.position)
          throw new Interrupted('The subscription is silent although the log has grown.');
      } catch (error) {
        this.#drop();
        if (signal.aborted) break;
        const { kind } = failureOf(error);
        if (kind === 'denied') throw denied(this.connection.server, error);
        if (error instanceof RangeError || isOurs(error)) throw error;
        if (!(error instanceof GivenUp)) this.connection.waits.follow.failed(error);
        if (performance.now() > deadline.at)
          throw notAnswered(this.connection.server, this.connection.timeouts.callMs, error);
        this.connection.failed(error, generation);
        await pause(this.#failures);
        this.#failures += 1;
      }
    }
    return [];
  }

  close(): void {
    this.#drop();
  }

  async #subscribe(deadline: number): Promise<LiveSubscription> {
    await this.connection.ready(deadline);
    return new LiveSubscription(this.connection, this.#place, this.options.prefix);
  }

  #drop(): void {
    this.#subscription?.cancel();
    this.#subscription = null;
  }
}

/**
 * Where a subscription is begun again: exclusive. A checkpoint is given back as it came: it may stand in front of a record,
 * and then its two numbers differ.
 */
interface Place {
  readonly commit: bigint;
  readonly prepare: bigint;
}

function placeOf(position: number): Place {
  return { commit: BigInt(position), prepare: BigInt(position) };
}

/** What a subscription of the client is to us: read at our own pace, so that a slow reader holds the server back. */
interface Source {
  read(): ResolvedEvent | null;
  on(event: 'readable' | 'end' | 'close' | 'confirmation' | 'caughtUp', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  unsubscribe(): Promise<void>;
  destroy(): unknown;
}

/** One subscription, from its beginning until it breaks. */
class LiveSubscription {
  /** The server has looked through the log up to here. */
  checkpoint: Place | null = null;
  /** The server has accepted the subscription. */
  isConfirmed = false;
  readonly #source: Source;
  #failure: Error | null = null;
  #heard = false;
  #wake = () => {};
  readonly #gone: AbortSignal;
  readonly #givenUp = () => this.#fail(new GivenUp());

  constructor(connection: Connection, after: Place, prefix: string) {
    this.#source = connection.client.subscribeToAll(
      {
        fromPosition: after.commit === 0n ? START : after,
        requiresLeader: true,
        filter: streamNameFilter({
          prefixes: [prefix],
          checkpointInterval: CHECKPOINT_WINDOWS,
          checkpointReached: async (_, checkpoint) => {
            this.isConfirmed = true;
            this.#waitingCheckpoint = checkpoint;
            this.#hear();
          },
        }),
      },
      { highWaterMark: BUFFERED_MAX },
    ) as unknown as Source;
    this.#source.on('readable', () => this.#hear());
    this.#source.on('confirmation', () => {
      this.isConfirmed = true;
      this.#hear();
    });
    this.#source.on('caughtUp', () => this.#hear());
    this.#source.on('error', (error) => this.#fail(error));
    this.#source.on('end', () => this.#fail(new Interrupted('The server ended the subscription.')));
    this.#source.on('close', () => this.#fail(new Interrupted('The subscription was closed.')));
    this.#gone = connection.generation;
    if (this.#gone.aborted) this.#givenUp();
    else this.#gone.addEventListener('abort', this.#givenUp);
  }

  #waitingCheckpoint: Place | null = null;

  /** Events that are here already and lie above a position. @throws what broke the subscription, once they are taken */
  taken(limit: number, above: number): ResolvedEvent[] {
    const events: ResolvedEvent[] = [];
    while (events.length < limit) {
      const event = this.#source.read();
      if (event === null) break;
      if (event.event !== undefined && positionOf(event.event) > above) events.push(event);
    }
    if (events.length === 0) {
      if (this.#failure !== null) throw this.#failure;
      // A checkpoint stands behind the events that came before it: it counts once these are taken.
      this.checkpoint = this.#waitingCheckpoint;
    }
    return events;
  }

  /** True when something came (or broke), false when nothing was heard for so long, or when aborted. */
  async somethingNew(signal: AbortSignal, silenceMs: number): Promise<boolean> {
    if (this.#heard || this.#failure !== null) {
      this.#heard = false;
      return true;
    }
    let timer: NodeJS.Timeout | undefined;
    let aborted = () => {};
    const heard = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(true);
      aborted = () => resolve(false);
      timer = setTimeout(() => resolve(false), silenceMs);
      signal.addEventListener('abort', aborted);
    });
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
    this.#heard = false;
    return heard;
  }

  cancel(): void {
    this.#gone.removeEventListener('abort', this.#givenUp);
    this.#failure ??= new Interrupted('The subscription was left.');
    this.#source.unsubscribe().catch(() => undefined);
    this.#source.destroy();
  }

  #hear(): void {
    this.#heard = true;
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}

function positionOfLast(events: readonly ResolvedEvent[]): number {
  const last = events[events.length - 1]?.event;
  return last === undefined ? 0 : positionOf(last);
}

function isOurs(error: unknown): boolean {
  return error instanceof Error && error.name === 'EventLogError';
}
