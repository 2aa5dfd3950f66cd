import { Problem } from '../problems/problem.js';
import { actorOf, type Principal } from './principal.js';
import type { RateName, RateSettings } from './rates.js';
import { TokenBucket } from './token-bucket.js';

export interface RateLimitsOptions {
  readonly settings: RateSettings;
  /** Monotonic milliseconds: a clock that is set must neither refill a bucket nor empty it. */
  readonly elapsed?: () => number;
  /** Called for each request that is refused. */
  readonly onRefused?: (principal: Principal, name: RateName) => void;
}

/** Of a body in which no event could be counted, so many bytes cost as much as an event. */
const BYTES_PER_POINT = 1_024;
/** Principals whose buckets are kept; beyond them, those of the ones that owe nothing are forgotten, as they are full again. */
const KEPT_MAX = 10_000;

/**
 * Limits what each principal does in this process: see `RATE_NAMES` for what is counted. Every check is synchronous and costs less than a
 * microsecond: it is on the path of every event. The engine's own machine has no limit.
 */
export class RateLimits {
  private readonly limited = new Map<string, Limited>();
  private readonly settings: RateSettings;
  private readonly elapsed: () => number;
  private readonly onRefused: (principal: Principal, name: RateName) => void;

  constructor({ settings, elapsed = () => performance.now(), onRefused = () => undefined }: RateLimitsOptions) {
    this.settings = settings;
    this.elapsed = elapsed;
    this.onRefused = onRefused;
  }

  /**
   * Lets a request in and counts it as one, before anything of it is read.
   * @param points what the request is counted as at once; 0 where all of it is counted later
   * @throws Problem 429 of type `rate-limited`, where the principal has used up its rate
   */
  admit(principal: Principal, name: RateName, points = 1): Admission {
    const bucket = this.bucketOf(principal, name);
    if (bucket === null) return UNLIMITED_ADMISSION;
    const admission = new LimitedAdmission(bucket, principal, name, points, this.elapsed, this.onRefused);
    admission.enter();
    return admission;
  }

  private bucketOf(principal: Principal, name: RateName): TokenBucket | null {
    if (principal.kind === 'local') return null;
    const id = actorOf(principal);
    let limited = this.limited.get(id);
    if (limited === undefined) {
      if (this.limited.size >= KEPT_MAX) this.forget();
      limited = { principal, buckets: {} };
      this.limited.set(id, limited);
    }
    // A key that was read again may have another rate.
    if (limited.principal !== principal) {
      limited.principal = principal;
      for (const each of Object.keys(limited.buckets) as RateName[])
        if (limited.buckets[each]?.perMinute !== (this.rateOf(principal, each) ?? undefined))
          delete limited.buckets[each];
    }
    const known = limited.buckets[name];
    if (known !== undefined) return known;
    const rate = this.rateOf(principal, name);
    const bucket = rate === null ? null : new TokenBucket(rate, this.elapsed());
    limited.buckets[name] = bucket;
    return bucket;
  }

  /** The rate of the key itself, or else the highest of its roles, or else the general one. */
  private rateOf({ rate, roles }: Principal, name: RateName): number | null {
    const own = rate?.[name];
    if (own !== undefined) return own;
    const { general, roles: ofRoles } = this.settings;
    if (roles.length === 0) return general[name];
    let highest = 0;
    for (const role of roles) {
      const ofRole = ofRoles[role]?.[name];
      const rate = ofRole === undefined ? general[name] : ofRole;
      if (rate === null) return null;
      highest = Math.max(highest, rate);
    }
    return highest;
  }

  private forget(): void {
    const now = this.elapsed();
    for (const [id, { buckets }] of this.limited)
      if (Object.values(buckets).every((bucket) => bucket === null || bucket.tokens(now) >= bucket.capacity))
        this.limited.delete(id);
  }
}

interface Limited {
  principal: Principal;
  readonly buckets: { [Name in RateName]?: TokenBucket | null };
}

/** A request that was let in, and what is counted of it. */
export interface Admission {
  /** `RateLimit` and `RateLimit-Policy`; none where the principal has no limit. */
  readonly headers: Readonly<Record<string, string>>;
  /** Notes bytes of the body, as they arrive. */
  read(bytes: number): void;
  /**
   * Counts what the request holds, before anything of it is carried out.
   * @throws Problem 429 of type `rate-limited`, where other requests of the principal have used up its rate in the meantime
   */
  count(points: number): void;
  /** Counts something more, whatever is left: it is a debt. */
  charge(points: number): void;
  /** In how many milliseconds the principal owes nothing; 0 where it owes nothing. */
  readonly waitMs: number;
  /** The refusal of the request: a stream that would wait too long ends with it. */
  refusal(): Problem;
  /** The request has ended. A body in which nothing was counted costs its bytes. */
  end(): void;
}

const NO_HEADERS = {};

const UNLIMITED_ADMISSION: Admission = {
  headers: NO_HEADERS,
  read: () => undefined,
  count: () => undefined,
  charge: () => undefined,
  waitMs: 0,
  refusal: () => new Problem(429, { detail: 'Too many requests.' }),
  end: () => undefined,
};

class LimitedAdmission implements Admission {
  private bytes = 0;
  private isCounted = false;

  constructor(
    private readonly bucket: TokenBucket,
    private readonly principal: Principal,
    private readonly name: RateName,
    /** What was taken at the entrance, and is not yet offset against what was counted. */
    private prepaid: number,
    private readonly elapsed: () => number,
    private readonly onRefused: (principal: Principal, name: RateName) => void,
  ) {}

  get headers(): Readonly<Record<string, string>> {
    const { bucket, name } = this;
    const now = this.elapsed();
    const tokens = bucket.tokens(now);
    return this.fields(Math.max(0, Math.floor(tokens)), Math.ceil(bucket.waitMs(bucket.capacity, now) / 1_000), name);
  }

  get waitMs(): number {
    return this.bucket.waitMs(1, this.elapsed());
  }

  enter(): void {
    if (this.bucket.tokens(this.elapsed()) < 1) throw this.refusal();
    this.bucket.take(this.prepaid);
  }

  read(bytes: number): void {
    this.bytes += bytes;
  }

  count(points: number): void {
    this.isCounted = true;
    if (this.bucket.tokens(this.elapsed()) + this.prepaid < 1) throw this.refusal();
    this.charge(points);
  }

  charge(points: number): void {
    const offset = Math.min(this.prepaid, points);
    this.prepaid -= offset;
    this.bucket.take(points - offset);
  }

  refusal(): Problem {
    this.onRefused(this.principal, this.name);
    const retryAfterS = Math.max(1, Math.ceil(this.waitMs / 1_000));
    const { principal, name, bucket } = this;
    return new Problem(429, {
      type: 'rate-limited',
      detail:
        `${LIMITED[principal.kind]} "${principal.name}" may ${LIMITED_TO[name](bucket.perMinute.toLocaleString('en'))} a minute in this process, and has used that up. ` +
        `Nothing of this request was carried out: send it again after ${retryAfterS} s.`,
      headers: { 'retry-after': String(retryAfterS), ...this.fields(0, retryAfterS, name) },
      extension: {
        'violated-policies': [name],
        principal: actorOf(principal),
        perMinute: bucket.perMinute,
        retryAfterS,
      },
    });
  }

  end(): void {
    if (!this.isCounted) this.charge(Math.ceil(this.bytes / BYTES_PER_POINT));
  }

  /** As draft-ietf-httpapi-ratelimit-headers names them: `q` per `w` seconds; `r` remain, and after `t` seconds the quota is there again. */
  private fields(remaining: number, t: number, name: RateName): Readonly<Record<string, string>> {
    return {
      'ratelimit-policy': `"${name}";q=${this.bucket.capacity};w=${this.bucket.windowS}`,
      ratelimit: `"${name}";r=${remaining};t=${t}`,
    };
  }
}

const LIMITED: { readonly [Kind in Principal['kind']]: string } = { key: 'The key', person: 'The person', local: '' };

const LIMITED_TO: { readonly [Name in RateName]: (rate: string) => string } = {
  events: (rate) => `publish ${rate} events`,
  requests: (rate) => `send ${rate} requests`,
  opened: (rate) => `open the personal data of ${rate} customers`,
};
