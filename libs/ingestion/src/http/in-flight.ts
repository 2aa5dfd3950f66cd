import { Problem } from '#platform/nest';

export interface InFlightLimits {
  readonly maxInFlightBytes: number;
  readonly maxInFlightRequests: number;
}

/** What a request of unknown length is counted as: streams are held a slice at a time. */
const STREAM_BYTES = 4 * 1024 * 1024;
/** Whole seconds after which a rejected sender may try again: a batch takes far less. */
const RETRY_AFTER_S = 1;

/** Counts what is being taken in, and rejects more than the process can hold: before a body is read. */
export class InFlight {
  private held = 0;
  private underWay = 0;

  constructor(private readonly limits: InFlightLimits) {}

  get bytes(): number {
    return this.held;
  }

  get requests(): number {
    return this.underWay;
  }

  /**
   * Lets a request in; the answer is what to call when it has left, once. Throws `Problem` 429 or 503 with an integer
   * Retry-After.
   */
  enter(contentLength: string | undefined): () => void {
    const length = Number(contentLength ?? STREAM_BYTES);
    const bytes = Number.isFinite(length) ? Math.min(length, this.limits.maxInFlightBytes) : STREAM_BYTES;
    if (this.underWay >= this.limits.maxInFlightRequests)
      throw overload(429, `${this.underWay} requests are being taken in already.`);
    if (this.held > 0 && this.held + bytes > this.limits.maxInFlightBytes)
      throw overload(503, `${this.held} bytes are being taken in already.`);
    this.underWay += 1;
    this.held += bytes;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.underWay -= 1;
      this.held -= bytes;
    };
  }
}

function overload(status: 429 | 503, what: string): Problem {
  return new Problem(status, {
    type: 'overloaded',
    detail: `${what} Nothing of this request was taken: send it again later.`,
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  });
}
