import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { backoffMs, StoreWatch, type Backoff } from '#platform';
import { EventLogError } from '../port.js';
import { appendAlone } from './append-alone.js';
import type { Appended, AppendRequest } from './append-request.js';
import { BatchAppendCall } from './batch-append-call.js';
import { Call, ENDING_MS, endOf } from './call.js';
import { clientFor } from './connection-string.js';
import { diagnose, type Diagnosis } from './diagnosis.js';
import {
  denied,
  ended,
  failureOf,
  GivenUp,
  Interrupted,
  isInvalidPosition,
  notAnswered,
  OutOfTime,
} from './failures.js';
import { waitsOf } from './waits.js';
import { Window } from './window.js';

/** Timeouts of our own: the client has none for reads, and an append of a BatchAppend call has none but these. */
export interface Timeouts {
  /** One attempt at a call, in milliseconds; after it the outcome is unknown and asked for. Default 5,000. */
  readonly attemptMs: number;
  /** A call with all its attempts; after it the caller gets the error that the server did not answer. Default 60,000. */
  readonly callMs: number;
  /** After so long without a message from a subscription, the head of the log is read to check it. Default 15,000. */
  readonly silenceMs: number;
}

export const TIMEOUTS: Timeouts = { attemptMs: 5_000, callMs: 60_000, silenceMs: 15_000 };

/**
 * So many appends are in flight at once, the best of those measured on a real server (24.6.0, one event each, to new streams:
 * 2,000/s with 16, 6,500 with 128, 8,100 with 256).
 */
const APPENDS_MAX = 256;
/** What they take together: more than a network carries in one round trip, so it bounds the memory and not the speed. */
const APPENDS_BYTES_MAX = 8 * 1_048_576;
/** Appends that are calls of their own: a connection carries 100 calls, and reads and subscriptions need theirs. */
const CALLS_MAX = 60;
const READS_MAX = 64;
const PROBE_BACKOFF: Backoff = { firstMs: 25, maxMs: 800 };
/** After so many probes in vain the client is made again: it keeps a failed question for the server's features for ever. */
const PROBES_PER_CLIENT = 5;

/**
 * The connection to a server that all logs of this process on it share.
 *
 * States: *open*; *recovering*, from the first call that fails with its connection until the server answers again. While
 * recovering nothing new is sent; what is under way is given up, its outcome unknown; then every stream of the client is
 * cancelled, so that no old one outlives the new one.
 */
export class Connection {
  readonly appends = new Window(APPENDS_MAX, APPENDS_BYTES_MAX);
  readonly reads = new Window(READS_MAX);
  #client: EventStoreDBClient;
  #generation = generation();
  #recovering: Promise<void> | null = null;
  /** The BatchAppend call of all logs, once one was needed; null in it where the server has none. */
  #batchAppend: Promise<BatchAppendCall | null> | null = null;
  /** … as long as it lasts: found without waiting. */
  #openCall: BatchAppendCall | null = null;
  readonly #calls = new Window(CALLS_MAX);
  /** When anything last came from the server. */
  #heardAt = 0;
  #closed = false;
  /** The process is to end, and a call was not answered since: nothing is tried again. */
  #gaveUp = false;
  users = 0;
  /** Who waits for the server, for the log of outages. */
  readonly waits: ReturnType<typeof waitsOf>;

  constructor(
    private readonly connectionString: string,
    readonly timeouts: Timeouts,
    /** Makes each append a call of its own, whatever the server has. */
    private readonly callByCall: boolean,
    private readonly watch: StoreWatch = StoreWatch.silent(),
  ) {
    this.#client = clientFor(connectionString);
    this.waits = waitsOf(watch);
    setMaxListeners(0, watch.ending);
  }

  /** The server's address, without who asks. */
  get server(): string {
    return this.connectionString.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/, '');
  }

  /** Why the server does not answer; null where nothing is found. */
  diagnose(): Promise<Diagnosis | null> {
    return diagnose(this.connectionString, this.#client).catch(() => null);
  }

  get client(): EventStoreDBClient {
    return this.#client;
  }

  /** Aborts when the connection is given up: a listener of one of its streams listens to this as well. */
  get generation(): AbortSignal {
    return this.#generation.signal;
  }

  /** Whether `ready` would not wait, and throw nothing. */
  get isReady(): boolean {
    return this.#recovering === null && !this.#gaveUp && !this.#closed;
  }

  /** Waits while the connection recovers. @throws EventLogError `unavailable` when it does not within the deadline */
  async ready(deadline: number): Promise<void> {
    while (this.#recovering !== null) {
      const left = deadline - performance.now();
      if (this.watch.ending.aborted) this.#gaveUp = true;
      if (this.#gaveUp) break;
      if (left <= 0) throw notAnswered(this.server, this.timeouts.callMs, new Error(this.waits.cause()));
      await Promise.race([this.#recovering, sleep(Math.min(left, 500))]);
    }
    if (this.#gaveUp) throw ended(this.server, this.waits.cause());
    this.#mustBeOpen();
  }

  /** One attempt at an append. @throws OutOfTime, CallEnded, Interrupted (the outcome is unknown), or what the server rejects it with */
  async append(request: AppendRequest): Promise<Appended> {
    try {
      const batch = this.#openCall?.isOver === false ? this.#openCall : await this.#sharedBatchAppend();
      const appended = batch !== null ? await batch.append(request) : await this.#appendAlone(request);
      this.#heardAt = performance.now();
      this.waits.append.answered();
      return appended;
    } catch (error) {
      const { kind } = failureOf(error);
      if (kind !== 'lost' && kind !== 'unknown') this.waits.append.answered();
      else if (!(error instanceof Interrupted)) this.waits.append.failed(error);
      throw error;
    }
  }

  #appendAlone(request: AppendRequest): Promise<Appended> {
    return this.#calls.with(() => {
      const call = new Call(this.generation, this.timeouts.attemptMs, this.watch.ending);
      return call.inTime(appendAlone(this.#client, request, call.gone));
    });
  }

  /** A BatchAppend call for who needs one alone; null where the server has none. It is over when the connection is given up. */
  async openBatchAppend(): Promise<BatchAppendCall | null> {
    if (this.callByCall) return null;
    const { attemptMs } = this.timeouts;
    const { ending } = this.watch;
    const call = new Call(this.generation, attemptMs, ending);
    const patience = { attemptMs, ending, endingMs: ENDING_MS, connection: call.gone };
    return call.inTime(BatchAppendCall.open(this.#client, patience));
  }

  async #sharedBatchAppend(): Promise<BatchAppendCall | null> {
    for (;;) {
      const opening = (this.#batchAppend ??= this.openBatchAppend());
      try {
        const call = await opening;
        this.#openCall = call;
        if (call?.isOver !== true) return call;
        if (this.#batchAppend === opening) this.#batchAppend = null;
      } catch (error) {
        if (this.#batchAppend === opening) this.#batchAppend = null;
        throw error;
      }
    }
  }

  /**
   * A read that is tried again until it succeeds or the deadline passes. `silenceMs`: how long the server may send nothing,
   * which is longer for a search.
   * @throws EventLogError `unavailable`, or the failure that trying again does not fix
   */
  async reading<T>(
    read: (client: EventStoreDBClient, call: Call) => Promise<T>,
    silenceMs = this.timeouts.attemptMs,
  ): Promise<T> {
    return this.reads.with(async () => {
      const deadline = performance.now() + this.timeouts.callMs;
      for (let attempt = 0; ; attempt += 1) {
        await this.ready(deadline);
        const { generation } = this;
        const call = new Call(generation, silenceMs, this.watch.ending);
        try {
          const answer = await call.inTime(read(this.#client, call));
          this.#heardAt = performance.now();
          this.waits.read.answered();
          return answer;
        } catch (error) {
          const { kind } = failureOf(error);
          if (kind === 'denied') throw denied(this.server, error);
          if (kind !== 'lost' && kind !== 'unknown') throw error;
          if (error instanceof RangeError || error instanceof EventLogError || isInvalidPosition(error)) throw error;
          if (!(error instanceof GivenUp)) this.waits.read.failed(error);
          if (performance.now() > deadline) throw notAnswered(this.server, this.timeouts.callMs, error);
          this.failed(error, generation);
          if (!this.#gaveUp) await pause(attempt);
        }
      }
    });
  }

  /**
   * To be called for every call that failed without a verdict, with the generation that it used: gives the connection up where
   * it is at fault. A call that took too long while others were answered does not count against the connection.
   */
  failed(error: unknown, generation: AbortSignal): void {
    if (this.watch.ending.aborted) this.#gaveUp = true;
    if (generation.aborted || error instanceof Interrupted) return;
    if (error instanceof OutOfTime) {
      if (performance.now() - this.#heardAt > this.timeouts.attemptMs) this.#recover();
    } else if (failureOf(error).kind === 'lost') this.#recover();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#generation.abort();
    void this.#client.dispose();
  }

  #recover(): void {
    if (this.#recovering !== null || this.#closed || this.#gaveUp) return;
    this.#recovering = this.#recovery().finally(() => {
      this.#recovering = null;
    });
  }

  async #recovery(): Promise<void> {
    this.#generation.abort();
    this.#generation = generation();
    this.#batchAppend = null;
    await this.#cancelAll();
    for (let probe = 0; !this.#closed && !this.#gaveUp; probe += 1) {
      try {
        const call = new Call(this.generation, this.timeouts.attemptMs, this.watch.ending);
        await call.inTime(endOf(this.#client, call));
        this.#heardAt = performance.now();
        this.waits.allAnswered();
        return;
      } catch (error) {
        if (failureOf(error).kind === 'denied') return;
        await this.#cancelAll();
        if (probe % PROBES_PER_CLIENT === PROBES_PER_CLIENT - 1) this.#client = clientFor(this.connectionString);
        await pause(probe);
      }
    }
  }

  /** The client waits for streams that may never say that they ended. */
  async #cancelAll(): Promise<void> {
    await inTime(this.#client.dispose(), 1_000).catch(() => undefined);
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new EventLogError('closed', `The event log at ${this.server} is closed.`);
  }
}

/** @throws OutOfTime */
async function inTime<T>(work: Promise<T>, afterMs: number, ending: AbortSignal | null = null): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onEnding = () => {};
  const late = new Promise<never>((_, reject) => {
    const within = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => reject(new OutOfTime(`no answer within ${ms} ms`)), ms);
    };
    onEnding = () => within(Math.min(afterMs, ENDING_MS));
    if (ending?.aborted === true) onEnding();
    else {
      within(afterMs);
      ending?.addEventListener('abort', onEnding);
    }
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    ending?.removeEventListener('abort', onEnding);
  }
}

/** Every call under way listens to it. */
function generation(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Waits before the next attempt: longer each time, and with jitter, so that callers do not all try again in the same millisecond. */
export async function pause(attempt: number): Promise<void> {
  const most = backoffMs(attempt + 1, PROBE_BACKOFF);
  await sleep(most / 2 + (Math.random() * most) / 2);
}
