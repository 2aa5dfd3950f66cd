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
    const main = this.limitOf(principal, name);
    const rejected = name === 'events' ? this.limitOf(principal, 'rejected') : null;
    if (main === null && rejected === null) return UNLIMITED_ADMISSION;
    const admission = new LimitedAdmission(principal, main, rejected, points, this.elapsed, this.onRefused);
    admission.enter();
    return admission;
  }

  private limitOf(principal: Principal, name: RateName): Limit | null {
    const bucket = this.bucketOf(principal, name);
    return bucket === null ? null : { name, bucket };
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
  /** Counts events that were rejected. */
  reject(events: number): void;
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
  reject: () => undefined,
  waitMs: 0,
  refusal: () => new Problem(429, { detail: 'Too many requests.' }),
  end: () => undefined,
};

/** One of the limits of a request. */
interface Limit {
  readonly name: RateName;
  readonly bucket: TokenBucket;
}

class LimitedAdmission implements Admission {
  private bytes = 0;
  private isCounted = false;

  constructor(
    private readonly principal: Principal,
    private readonly main: Limit | null,
    /** Of what is published: that of rejected events. */
    private readonly rejected: Limit | null,
    /** What was taken at the entrance, and is not yet offset against what was counted. */
    private prepaid: number,
    private readonly elapsed: () => number,
    private readonly onRefused: (principal: Principal, name: RateName) => void,
  ) {}

  get headers(): Readonly<Record<string, string>> {
    if (this.main === null) return NO_HEADERS;
    const { bucket } = this.main;
    const now = this.elapsed();
    const remaining = Math.max(0, Math.floor(bucket.tokens(now)));
    return fieldsOf(this.main, remaining, Math.ceil(bucket.waitMs(bucket.capacity, now) / 1_000));
  }

  get waitMs(): number {
    const now = this.elapsed();
    return Math.max(this.main?.bucket.waitMs(1, now) ?? 0, this.rejected?.bucket.waitMs(1, now) ?? 0);
  }

  enter(): void {
    this.assertWithin(0);
    this.main?.bucket.take(this.prepaid);
  }

  read(bytes: number): void {
    this.bytes += bytes;
  }

  count(points: number): void {
    this.isCounted = true;
    this.assertWithin(this.prepaid);
    this.charge(points);
  }

  charge(points: number): void {
    const offset = Math.min(this.prepaid, points);
    this.prepaid -= offset;
    this.main?.bucket.take(points - offset);
  }

  reject(events: number): void {
    this.rejected?.bucket.take(events);
  }

  refusal(): Problem {
    const now = this.elapsed();
    const { main, rejected } = this;
    const [mainMs, rejectedMs] = [main?.bucket.waitMs(1, now) ?? 0, rejected?.bucket.waitMs(1, now) ?? 0];
    const limit = main === null || rejectedMs > mainMs ? rejected : main;
    if (limit === null) throw new Error('A request without a limit was refused.');
    return this.refusalBy(limit, Math.max(1, Math.ceil(Math.max(mainMs, rejectedMs) / 1_000)));
  }

  end(): void {
    if (!this.isCounted) this.charge(Math.ceil(this.bytes / BYTES_PER_POINT));
  }

  private assertWithin(prepaid: number): void {
    const now = this.elapsed();
    const { main, rejected } = this;
    if (main !== null && main.bucket.tokens(now) + prepaid < 1) throw this.refusal();
    if (rejected !== null && rejected.bucket.tokens(now) < 1) throw this.refusal();
  }

  private refusalBy({ name, bucket }: Limit, retryAfterS: number): Problem {
    const { principal } = this;
    this.onRefused(principal, name);
    return new Problem(429, {
      type: 'rate-limited',
      detail:
        `${LIMITED[principal.kind]} "${principal.name}" may ${LIMITED_TO[name](bucket.perMinute.toLocaleString('en'))} a minute in this process, and has used that up. ` +
        `Nothing of this request was carried out: send it again after ${retryAfterS} s.`,
      headers: { 'retry-after': String(retryAfterS), ...fieldsOf({ name, bucket }, 0, retryAfterS) },
      extension: {
        ...{ 'violated-policies': [name], principal: actorOf(principal) },
        ...{ perMinute: bucket.perMinute, retryAfterS },
      },
    });
  }
}

/** As draft-ietf-httpapi-ratelimit-headers names them: `q` per `w` seconds; `r` remain, and after `t` seconds the quota is there again. */
const fieldsOf = ({ name, bucket }: Limit, remaining: number, t: number): Readonly<Record<string, string>> => ({
  'ratelimit-policy': `"${name}";q=${bucket.capacity};w=${bucket.windowS}`,
  ratelimit: `"${name}";r=${remaining};t=${t}`,
});

const LIMITED: { readonly [Kind in Principal['kind']]: string } = { key: 'The key', person: 'The person', local: '' };

const LIMITED_TO: { readonly [Name in RateName]: (rate: string) => string } = {
  events: (rate) => `publish ${rate} events`,
  rejected: (rate) => `publish ${rate} events that are rejected`,
  requests: (rate) => `send ${rate} requests`,
  opened: (rate) => `open the personal data of ${rate} customers`,
};
