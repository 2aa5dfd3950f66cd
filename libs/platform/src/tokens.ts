/**
 * What can be injected from this lib, by symbol: the types are interfaces, or classes of packages. Each other lib keeps the tokens of its own
 * types beside them (`EVENT_LOG` in event-log, `KEY_STORE` in keys, `DATABASE` in database).
 */
const token = (name: string): symbol => Symbol.for(`perennial.${name}`);

/** `Config` */
export const CONFIG = token('config');
/** `Clock` */
export const CLOCK = token('clock');
/** `ClockGuard`: whether the clock is to be trusted, and a clock that was not set. */
export const CLOCK_GUARD = token('clock-guard');
/** `Logger` */
export const LOGGER = token('logger');
/** `Access`: authenticates callers; provided by keys. */
export const ACCESS = token('access');
/** `RateLimits`: what each principal may do in a minute. */
export const RATE_LIMITS = token('rate-limits');
/** `Acts`: records administrative acts in the event log; provided by event-log. */
export const ACTS = token('acts');
/** `Openings`: decides who opens personal data, and records each opening; provided by privacy. */
export const OPENINGS = token('openings');
/** `Approvals`: asks whether an act needs a second principal; provided by approvals. */
export const APPROVALS = token('approvals');
/** `Health`: the checks that libs register. */
export const HEALTH = token('health');
/** `Registry` of prom-client: libs register their own metrics. */
export const METRICS = token('metrics');
/** `StoreWatch`: who waits for a store tells it. */
export const STORE_WATCH = token('store-watch');
/** `Notifier`: projections notify it when they have written outbox messages. */
export const OUTBOX_NOTIFIER = token('outbox-notifier');
/** `PublicationMemory`: what outlives the read models of what they published; provided by keys. */
export const PUBLICATION_MEMORY = token('publication-memory');
/** `SealedOpener`: opens sealed text for the read models; provided by keys. */
export const SEALED_OPENER = token('sealed-opener');
