import { Problem } from '#platform/nest';

export interface InFlightLimits {
  readonly maxInFlightBytes: number;
  readonly maxInFlightRequests: number;
}

/** What a request of unknown length counts as: one chunk of a stream is in memory at a time. */
const STREAM_BYTES = 4 * 1024 * 1024;
/** Whole seconds after which a rejected sender may try again: a batch takes far less. */
const RETRY_AFTER_S = 1;

/** Counts the requests being ingested, and rejects more than the process can hold, before a body is read. */
export class InFlight {
  private bytesInFlight = 0;
  private requestsInFlight = 0;

  constructor(private readonly limits: InFlightLimits) {}

  get bytes(): number {
    return this.bytesInFlight;
  }

  /**
   * Admits a request, and returns what to call when it has ended (a second call does nothing). Throws `Problem` 429 or 503
   * with an integer Retry-After.
   */
  enter(contentLength: string | undefined): () => void {
    const length = Number(contentLength ?? STREAM_BYTES);
    const bytes = Number.isFinite(length) ? Math.min(length, this.limits.maxInFlightBytes) : STREAM_BYTES;
    if (this.requestsInFlight >= this.limits.maxInFlightRequests)
      throw overload(429, `${this.requestsInFlight} requests are being ingested already.`);
    if (this.bytesInFlight > 0 && this.bytesInFlight + bytes > this.limits.maxInFlightBytes)
      throw overload(503, `${this.bytesInFlight} bytes are being ingested already.`);
    this.requestsInFlight += 1;
    this.bytesInFlight += bytes;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.requestsInFlight -= 1;
      this.bytesInFlight -= bytes;
    };
  }
}

function overload(status: 429 | 503, what: string): Problem {
  return new Problem(status, {
    type: 'overloaded',
    detail: `${what} Nothing of this request was ingested: send it again later.`,
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  });
}
