import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { convertToCommandError, isClientCancellationError } from '@eventstore/db-client/dist/utils/index.js';
import type { ResolvedEvent } from '@eventstore/db-client';
import type { Place } from './checkpoints.js';
import { internalsOf } from './client-internals.js';
import type { Connection } from './connection.js';
import { GivenUp, Interrupted } from './failures.js';
import type { ReceivedCounts } from './received-counts.js';
import { received, type Received } from './received-event.js';
import { positionOf } from './stored-event.js';

/** Events that the server looks at between two checkpoints, in windows of 32. */
const CHECKPOINT_WINDOWS = 32;
/** Of the checkpoints that came with other messages, so many are kept: the one before the last is used. */
const CHECKPOINTS_MAX = 8;
/** Events that wait for the reader; the rest waits on the server. */
const BUFFERED_MAX = 512;

/** What the call is to us: gRPC's stream of messages. */
interface Source {
  on(event: 'data', listener: (message: Received) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  pause(): unknown;
  resume(): unknown;
  cancel(): void;
}

/**
 * One filtered subscription to $all, from its beginning until it breaks. The call is the client's, on its channel; its messages are read here, from
 * their bytes, and at the reader's own pace, so that a slow reader holds the server back.
 */
export class LiveSubscription {
  /** The server has accepted the subscription. */
  isConfirmed = false;
  readonly #opening: Promise<Source>;
  #source: Source | null = null;
  readonly #gone: AbortSignal;
  readonly #givenUp = () => this.#fail(new GivenUp());
  readonly #waiting: ResolvedEvent[] = [];
  /** The first of `#waiting` that was not taken yet. */
  #first = 0;
  #paused = false;
  #failure: Error | null = null;
  #checkpoints: Place[] = [];
  #heard = false;
  #left = false;
  #wake = () => {};

  /** Begins behind a place. */
  constructor(
    connection: Connection,
    after: Place,
    prefix: string,
    private readonly counts: ReceivedCounts | null = null,
  ) {
    const internals = internalsOf(connection.client);
    const { path, requestSerialize } = streamsService.StreamsService.read;
    this.#opening = internals.GRPCStreamCreator(
      streamsService.StreamsClient,
      'subscribeToAll',
      (grpc) =>
        grpc.makeServerStreamRequest(
          path,
          requestSerialize,
          received,
          subscriptionRequest(after, prefix),
          ...internals.callArguments({ requiresLeader: true }, { deadline: Infinity }),
        ) as unknown as Source,
    )();
    this.#opening.then(
      (source) => this.#listenTo(source),
      (error: unknown) => this.#fail(convertToCommandError(error as Error)),
    );
    this.#gone = connection.generation;
    if (this.#gone.aborted) this.#givenUp();
    else this.#gone.addEventListener('abort', this.#givenUp);
  }

  /** Events that are here already and lie above a position, at most `limit`. @throws what broke the subscription, once all are taken */
  taken(limit: number, above: number): ResolvedEvent[] {
    const events: ResolvedEvent[] = [];
    let last = above;
    while (events.length < limit) {
      const event = this.#waiting[this.#first];
      if (event === undefined) break;
      this.#first += 1;
      if (event.event === undefined || positionOf(event.event) <= last) continue;
      last = positionOf(event.event);
      events.push(event);
    }
    this.#cutOff();
    if (events.length === 0 && this.#failure !== null) throw this.#failure;
    return events;
  }

  /** The newest checkpoints, in their order, once: to be asked for when no event is here, since they stand behind those that came before them. */
  checkpoints(): readonly Place[] {
    const checkpoints = this.#checkpoints;
    if (checkpoints.length > 0) this.#checkpoints = [];
    return checkpoints;
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
    this.#left = true;
    this.#leave();
  }

  #leave(): void {
    const source = this.#source;
    // Not at once: gRPC may be in the middle of a message.
    if (source !== null) setImmediate(() => source.cancel());
  }

  #listenTo(source: Source): void {
    this.#source = source;
    source.on('error', (error) => {
      if (!isClientCancellationError(error)) this.#fail(convertToCommandError(error));
    });
    if (this.#left) return this.#leave();
    source.on('end', () => this.#fail(new Interrupted('The server ended the subscription.')));
    source.on('close', () => this.#fail(new Interrupted('The subscription was closed.')));
    source.on('data', (message) => this.#receive(message));
  }

  #receive({ event, checkpoint, confirms }: Received): void {
    if (confirms || checkpoint !== null) this.isConfirmed = true;
    if (checkpoint !== null) {
      this.#checkpoints.push(checkpoint);
      if (this.#checkpoints.length > CHECKPOINTS_MAX) this.#checkpoints.shift();
    }
    if (event !== null) {
      // Where the server tells none, the reader finds out.
      this.counts?.came(Number(event.event?.position?.commit ?? 0n));
      this.#waiting.push(event);
      if (this.#waiting.length - this.#first >= BUFFERED_MAX) {
        this.#paused = true;
        this.#source?.pause();
      }
    }
    this.#hear();
  }

  /** What was taken, now and then; and lets the server go on when half of the room is free. */
  #cutOff(): void {
    if (this.#first >= BUFFERED_MAX / 2 || this.#first === this.#waiting.length) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    if (!this.#paused || this.#waiting.length - this.#first > BUFFERED_MAX / 2) return;
    this.#paused = false;
    this.#source?.resume();
  }

  /** Who waits is woken once for all that has come at the same time. */
  #hear(): void {
    if (this.#heard) return;
    this.#heard = true;
    setImmediate(this.#wake);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}

function subscriptionRequest(after: Place, prefix: string): streams.ReadReq {
  const all = new streams.ReadReq.Options.AllOptions();
  if (after.commit === 0n) all.setStart(new shared.Empty());
  else {
    const position = new streams.ReadReq.Options.Position();
    position.setCommitPosition(after.commit.toString());
    position.setPreparePosition(after.prepare.toString());
    all.setPosition(position);
  }
  const expression = new streams.ReadReq.Options.FilterOptions.Expression();
  expression.setPrefixList([prefix]);
  const filter = new streams.ReadReq.Options.FilterOptions();
  filter.setStreamIdentifier(expression);
  filter.setCount(new shared.Empty());
  filter.setCheckpointintervalmultiplier(CHECKPOINT_WINDOWS);
  const uuids = new streams.ReadReq.Options.UUIDOption();
  uuids.setString(new shared.Empty());
  const options = new streams.ReadReq.Options();
  options.setAll(all);
  options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
  options.setFilter(filter);
  options.setUuidOption(uuids);
  const request = new streams.ReadReq();
  request.setOptions(options);
  return request;
}
