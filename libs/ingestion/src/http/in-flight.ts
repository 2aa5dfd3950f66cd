import { Problem } from '#platform/nest';

export interface InFlightLimits {
  readonly maxInFlightBytes: number;
  readonly maxInFlightRequests: number;
}

/** The place of one request among those in flight. */
export interface Lease {
  /**
   * Counts bytes of its body that have arrived.
   * @throws Problem 503 with an integer Retry-After, where they are more than the process can hold
   */
  add(bytes: number): void;
  /** Gives the place back; a second call does nothing. */
  end(): void;
}

/** What the requests of one API key hold. */
interface Share {
  requests: number;
  bytes: number;
}

/** Whole seconds after which a rejected sender may try again: a batch takes far less. */
const RETRY_AFTER_S = 1;
/** No key holds more than this part of all places, so that no sender shuts out the others. */
const SHARE = 1 / 2;

/**
 * Counts the requests being ingested and the bytes of their bodies, as they arrive: what a client only announces takes no place. One key may hold half of
 * both.
 */
export class InFlight {
  private readonly all: Share = { requests: 0, bytes: 0 };
  private readonly shares = new Map<string, Share>();
  /** When each request in flight began, the oldest first. */
  private readonly begins = new Map<Lease, number>();

  /** @param elapsed monotonic milliseconds: a clock that is set must not age a request */
  constructor(
    private readonly limits: InFlightLimits,
    private readonly elapsed: () => number = () => performance.now(),
  ) {}

  /** For how many milliseconds the oldest request has been in flight; 0 where there is none. */
  get oldestMs(): number {
    const [oldest] = this.begins.values();
    return oldest === undefined ? 0 : this.elapsed() - oldest;
  }

  get bytes(): number {
    return this.all.bytes;
  }

  get requests(): number {
    return this.all.requests;
  }

  /**
   * Admits a request of a key.
   * @throws Problem 429 or 503 with an integer Retry-After
   */
  enter(key: string, announcedBytes = 0): Lease {
    const { maxInFlightBytes, maxInFlightRequests } = this.limits;
    const share = this.shares.get(key) ?? { requests: 0, bytes: 0 };
    if (this.all.requests >= maxInFlightRequests) throw overload(429, `${this.all.requests} requests are in flight.`);
    if (share.requests >= shareOf(maxInFlightRequests))
      throw overload(429, `${share.requests} requests of this API key are in flight, which is its share.`);
    // A body that has no room when it begins need not be sent. Its announcement reserves nothing.
    if (this.all.bytes > 0 && this.all.bytes + announcedBytes > maxInFlightBytes)
      throw overload(503, `${this.all.bytes} bytes are in flight.`);
    this.shares.set(key, share);
    share.requests += 1;
    this.all.requests += 1;
    let held = 0;
    let isEnded = false;
    const lease: Lease = {
      add: (bytes) => {
        if (isEnded) return;
        held += bytes;
        share.bytes += bytes;
        this.all.bytes += bytes;
        // One body alone is always read: its own limit bounds it.
        if (this.all.bytes > maxInFlightBytes && this.all.bytes > held)
          throw overload(503, `${this.all.bytes - held} bytes are in flight.`);
        if (share.bytes > shareOf(maxInFlightBytes) && share.bytes > held)
          throw overload(
            503,
            `${share.bytes - held} bytes of this API key are in flight, and its share is less with this body.`,
          );
      },
      end: () => {
        if (isEnded) return;
        isEnded = true;
        share.requests -= 1;
        share.bytes -= held;
        this.all.requests -= 1;
        this.all.bytes -= held;
        if (share.requests === 0) this.shares.delete(key);
        this.begins.delete(lease);
      },
    };
    this.begins.set(lease, this.elapsed());
    return lease;
  }
}

const shareOf = (whole: number): number => Math.ceil(whole * SHARE);

function overload(status: 429 | 503, what: string): Problem {
  return new Problem(status, {
    type: 'overloaded',
    detail: `${what} Nothing of this request was ingested: send it again later.`,
    headers: { 'retry-after': String(RETRY_AFTER_S), connection: 'close' },
  });
}
