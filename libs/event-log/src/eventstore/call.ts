import { BACKWARDS, END, type EventStoreDBClient, type ResolvedEvent } from '@eventstore/db-client';
import { GivenUp, OutOfTime, stoppedFor } from './failures.js';

/** When the process ends, a call that is under way has so long to be answered, in milliseconds. */
export const ENDING_MS = 1_000;

/** One call: it is given up when its connection is, and when nothing was heard of it for too long. */
export class Call {
  readonly gone: AbortSignal;
  readonly #over = new AbortController();
  #heardAt = performance.now();

  constructor(
    generation: AbortSignal,
    private readonly silenceMs: number,
    /** Once it aborts, an answer must come within a second. */
    private readonly ending: AbortSignal | null = null,
  ) {
    this.gone = AbortSignal.any([generation, this.#over.signal]);
  }

  /** Something came: what is long is not late. */
  readonly alive = (): void => {
    this.#heardAt = performance.now();
  };

  /** @throws OutOfTime */
  async inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onEnding = () => {};
    const late = new Promise<never>((_, reject) => {
      let dueAt = performance.now();
      const look = () => {
        const silenceMs = this.ending?.aborted === true ? Math.min(this.silenceMs, ENDING_MS) : this.silenceMs;
        const now = performance.now();
        this.#heardAt += stoppedFor(now - dueAt, silenceMs);
        const left = this.#heardAt + silenceMs - now;
        dueAt = now + left;
        clearTimeout(timer);
        if (left > 0) timer = setTimeout(look, left);
        else reject(new OutOfTime(`no answer within ${silenceMs} ms`));
      };
      onEnding = () => {
        this.#heardAt = Math.max(this.#heardAt, performance.now());
        look();
      };
      this.ending?.addEventListener('abort', onEnding);
      look();
    });
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      this.#over.abort();
      throw error;
    } finally {
      clearTimeout(timer);
      this.ending?.removeEventListener('abort', onEnding);
    }
  }
}

/** The last event of the whole server, of any log; null when there is none. */
export async function endOf(client: EventStoreDBClient, call: Call): Promise<ResolvedEvent | null> {
  const [last] = await drained(
    client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1, requiresLeader: true }),
    call,
  );
  return last ?? null;
}

/** What the client's read streams are to us. */
interface EventStream {
  on(event: 'data', listener: (event: ResolvedEvent) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  cancel(): Promise<void>;
}

/**
 * All that a bounded read gives. Not by `for await`: a stream that the client cancels ends without a word, so who waits for
 * it must hear of the connection's end from elsewhere.
 */
export function drained(stream: unknown, { gone, alive }: Call): Promise<ResolvedEvent[]> {
  const source = stream as EventStream;
  return new Promise((resolve, reject) => {
    const events: ResolvedEvent[] = [];
    const interrupt = () => {
      void source.cancel();
      reject(new GivenUp());
    };
    const settled = (settle: () => void) => {
      gone.removeEventListener('abort', interrupt);
      settle();
    };
    source.on('data', (event) => {
      alive();
      events.push(event);
    });
    source.on('error', (error) => settled(() => reject(error)));
    source.on('end', () => settled(() => resolve(events)));
    if (gone.aborted) interrupt();
    else gone.addEventListener('abort', interrupt);
  });
}
