import { START, streamNameFilter, type ResolvedEvent } from '@eventstore/db-client';
import type { Place } from './checkpoints.js';
import type { Connection } from './connection.js';
import { GivenUp, Interrupted } from './failures.js';
import { receivedEvent } from './received-event.js';
import { positionOf } from './stored-event.js';

/** Events that the server looks at between two checkpoints, in windows of 32. */
const CHECKPOINT_WINDOWS = 32;
/** Events that wait for the reader; the rest waits on the server. */
const BUFFERED_MAX = 512;

/** What a subscription of the client is to us: read at our own pace, so that a slow reader holds the server back. */
interface Source {
  /** What makes an event of what was received. */
  convertGrpcEvent: typeof receivedEvent;
  read(): ResolvedEvent | null;
  on(event: 'readable' | 'end' | 'close' | 'confirmation' | 'caughtUp', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  unsubscribe(): Promise<void>;
  destroy(): unknown;
}

/** One filtered subscription to $all, from its beginning until it breaks. */
export class LiveSubscription {
  /** The server has accepted the subscription. */
  isConfirmed = false;
  readonly #source: Source;
  readonly #gone: AbortSignal;
  readonly #givenUp = () => this.#fail(new GivenUp());
  #failure: Error | null = null;
  #checkpoint: Place | null = null;
  #heard = false;
  #wake = () => {};

  /** Begins behind a place. */
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
            this.#checkpoint = checkpoint;
            this.#hear();
          },
        }),
      },
      { highWaterMark: BUFFERED_MAX },
    ) as unknown as Source;
    // Nothing is converted before the server has answered.
    this.#source.convertGrpcEvent = receivedEvent;
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

  /** Events that are here already and lie above a position, at most `limit`. @throws what broke the subscription, once all are taken */
  taken(limit: number, above: number): ResolvedEvent[] {
    const events: ResolvedEvent[] = [];
    let last = above;
    while (events.length < limit) {
      const event = this.#source.read();
      if (event === null) break;
      if (event.event === undefined || positionOf(event.event) <= last) continue;
      last = positionOf(event.event);
      events.push(event);
    }
    if (events.length === 0 && this.#failure !== null) throw this.#failure;
    return events;
  }

  /** The newest checkpoint, once: to be asked for when no event is here, since it stands behind those that came before it. */
  checkpoint(): Place | null {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = null;
    return checkpoint;
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
