import { randomUUID } from 'node:crypto';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { convertToCommandError, parseUUID } from '@eventstore/db-client/dist/utils/index.js';
import { unpackToCommandError } from '@eventstore/db-client/dist/streams/appendToStream/unpackError.js';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { batchAppendMessage, type Appended, type AppendRequest } from './append-request.js';
import { internalsOf } from './client-internals.js';
import { CallEnded, GivenUp, Interrupted, NotSent, OutOfTime, stoppedFor } from './failures.js';
import { positionOf } from './stored-event.js';

const BATCH_APPEND = { path: '/event_store.client.streams.Streams/BatchAppend' };

/** How long an append may go without an answer. */
export interface AppendPatience {
  /** In milliseconds. */
  readonly attemptMs: number;
  /** The process is to end: then it may take at most `endingMs`. */
  readonly ending: AbortSignal;
  readonly endingMs: number;
  /** Aborts when the connection is given up, and the call with it. */
  readonly connection: AbortSignal;
}

/** What the call is to us: gRPC's stream in both directions. */
interface Duplex {
  on(event: 'data', listener: (answer: streams.BatchAppendResp) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'drain', listener: () => void): unknown;
  write(message: streams.BatchAppendReq): boolean;
  end(): void;
  cancel(): void;
}

/** An append that has no answer yet. */
interface Waiting {
  readonly request: AppendRequest;
  /** When it was written to the call; null while the call takes no more. */
  since: number | null;
  resolve(appended: Appended): void;
  reject(error: Error): void;
}

interface Unsent {
  readonly id: string;
  readonly waiting: Waiting;
}

/**
 * One BatchAppend call: many appends in flight, which the server takes up in the order in which they were handed over, across
 * streams too; it answers in any order. Each append has an id of its own in a table that belongs to this call alone, so a
 * call that breaks says nothing of another's appends, and an answer that comes twice or too late finds no one.
 *
 * States: *open*; *over*, once the call breaks, the server ends it, it is given up, or its connection is. Then everything in
 * flight is rejected, with its outcome unknown, and the next append needs another call.
 */
export class BatchAppendCall {
  readonly #waiting = new Map<string, Waiting>();
  /** Handed over while the call took no more, to be written in this order. */
  readonly #unsent: Unsent[] = [];
  /** Since when the call takes no more. */
  #fullSince: number | null = null;
  #over: Error | null = null;
  #heardAt = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #lookAt = 0;

  private constructor(
    private readonly call: Duplex,
    private readonly patience: AppendPatience,
  ) {
    const { connection, ending } = patience;
    call.on('data', (answer) => {
      try {
        this.#answered(answer);
      } catch (error) {
        // An answer that cannot be read says nothing of any append.
        this.#end(error as Error);
      }
    });
    call.on('error', (error) => this.#end(convertToCommandError(error)));
    call.on('end', () => {
      this.#end(new CallEnded('The server ended the call.'));
      // Until we end our side too, the client takes it for open.
      call.end();
    });
    call.on('drain', () => {
      this.#fullSince = null;
      this.#write();
    });
    if (connection.aborted) this.#interrupted();
    else connection.addEventListener('abort', this.#interrupted);
    ending.addEventListener('abort', this.#ending);
  }

  /** Opens a call on the client's channel; null where the server has no BatchAppend. */
  static async open(client: EventStoreDBClient, patience: AppendPatience): Promise<BatchAppendCall | null> {
    const internals = internalsOf(client);
    if (!(await internals.supports(BATCH_APPEND))) return null;
    // Not among the client's own streams: it would leave the channel, with all that is under way there, when we cancel this one call.
    return internals.execute(
      streamsService.StreamsClient,
      'batchAppend',
      async (grpc) =>
        new BatchAppendCall(
          grpc.batchAppend(...internals.callArguments({ requiresLeader: true }, { deadline: Infinity })),
          patience,
        ),
    );
  }

  get isOver(): boolean {
    return this.#over !== null;
  }

  /** @throws OutOfTime, CallEnded, Interrupted (the outcome is unknown), NotSent, or what the server rejects it with */
  append(request: AppendRequest): Promise<Appended> {
    if (this.#over !== null) return Promise.reject(new NotSent(this.#over.message, { cause: this.#over }));
    return new Promise((resolve, reject) => {
      const id = randomUUID();
      const waiting: Waiting = { request, since: null, resolve, reject };
      this.#waiting.set(id, waiting);
      this.#unsent.push({ id, waiting });
      this.#write();
      if (this.#timer === null) this.#lookIn(this.#attemptMs);
    });
  }

  /** Whatever is in flight is of unknown outcome; the server drops what it has not taken up. */
  giveUp(): void {
    this.#end(new Interrupted('The call was given up.'));
  }

  readonly #interrupted = (): void => this.#end(new GivenUp());

  readonly #ending = (): void => {
    const now = performance.now();
    for (const waiting of this.#waiting.values()) if (waiting.since !== null) waiting.since = now;
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#lookIn(this.#attemptMs);
  };

  get #attemptMs(): number {
    const { attemptMs, ending, endingMs } = this.patience;
    return ending.aborted ? Math.min(attemptMs, endingMs) : attemptMs;
  }

  #write(): void {
    const now = performance.now();
    let next = 0;
    while (this.#fullSince === null && next < this.#unsent.length) {
      const { id, waiting } = this.#unsent[next] as Unsent;
      next += 1;
      waiting.since = now;
      if (!this.call.write(batchAppendMessage(id, waiting.request))) this.#fullSince = now;
    }
    this.#unsent.splice(0, next);
  }

  #answered(answer: streams.BatchAppendResp): void {
    this.#heardAt = performance.now();
    const id = parseUUID(answer.getCorrelationId()) ?? '';
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    const success = answer.getSuccess();
    if (success === undefined) return waiting.reject(errorIn(answer, waiting.request.stream));
    const position = success.getPosition();
    waiting.resolve({
      revision: Number(success.getCurrentRevision()),
      position:
        position === undefined ? null : positionOf({ position: { commit: BigInt(position.getCommitPosition()) } }),
    });
  }

  #lookIn(ms: number): void {
    this.#lookAt = performance.now() + ms;
    this.#timer = setTimeout(this.#look, ms);
  }

  /** They stand in the table in the order in which they were written, so the first is the first to be out of time. */
  readonly #look = (): void => {
    const now = performance.now();
    const attemptMs = this.#attemptMs;
    this.#timer = null;
    const stoppedMs = stoppedFor(now - this.#lookAt, attemptMs);
    if (stoppedMs > 0) {
      for (const waiting of this.#waiting.values()) if (waiting.since !== null) waiting.since += stoppedMs;
      if (this.#fullSince !== null) this.#fullSince += stoppedMs;
    }
    // What waits to be written waits for ever where nothing is taken any more.
    if (this.#fullSince !== null && this.#fullSince + attemptMs <= now) return this.giveUp();
    for (const [id, { since, reject }] of this.#waiting) {
      const left = (since ?? now) + attemptMs - now;
      if (since === null || left > 0) return this.#lookIn(left);
      this.#waiting.delete(id);
      reject(new OutOfTime(`no answer within ${attemptMs} ms`));
      // A call that has said nothing since then says nothing of the others either.
      if (this.#heardAt <= since) return this.giveUp();
    }
  };

  #end(error: Error): void {
    if (this.#over !== null) return;
    this.#over = error;
    this.patience.connection.removeEventListener('abort', this.#interrupted);
    this.patience.ending.removeEventListener('abort', this.#ending);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#unsent.length = 0;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { since, reject } of waiting)
      reject(since === null ? new NotSent(error.message, { cause: error }) : error);
    this.call.cancel();
  }
}

function errorIn(answer: streams.BatchAppendResp, stream: string): Error {
  const status = answer.getError();
  if (status?.getDetails() === undefined) return new Error(`The server answered: ${status?.getMessage() ?? 'nothing'}`);
  return unpackToCommandError(status, stream);
}
