/**
 * The register of PostgreSQL's advisory locks: every one that the engine takes is declared here, and SQL that takes one is
 * written by the functions below. A lock is a pair of 32-bit numbers, (class, id). Each use has a class of its own, and only a use
 * with one lock per read-model version has more than one id: so no two uses can meet, whatever the version.
 *
 * Advisory locks are per database. PostgreSQL keeps pairs apart from the single 64-bit numbers of releases before 0.2, so a
 * process of such a release and one of this do not exclude each other.
 */
export interface AdvisoryLock {
  readonly class: number;
  readonly id: number;
}

/** All classes begin with the bytes of `per`, so that an operator tells them in `pg_locks` from those of other programs. */
const FIRST_CLASS = 0x70657200;

/** Appended to, never renumbered: processes of two releases exclude each other by these numbers. */
const CLASSES = {
  /** All that changes schemas of the read models: processes that start together take turns. */
  migration: FIRST_CLASS + 1,
  /** The one process that indexes a version of the read models. */
  indexing: FIRST_CLASS + 2,
  /** Shared by processes that fold customers of a version by their dirty marks; exclusive for one that folds a page while it indexes it. */
  folding: FIRST_CLASS + 3,
  /** The one relay that publishes customer profiles: their topic is compacted, so an older profile must not follow a newer one. */
  customersFeed: FIRST_CLASS + 4,
  /** Migration of the webhooks' tables and triggers. */
  webhookTables: FIRST_CLASS + 5,
  /** The one process that fans messages out to webhook endpoints, so that deliveries are numbered in the order of publication. */
  webhookFanOut: FIRST_CLASS + 6,
  /** Migration of the key store. */
  keyTables: FIRST_CLASS + 7,
  /** Exclusive for an erasure, so that erasures are numbered in commit order; shared by the creation of listed keys. */
  erasure: FIRST_CLASS + 8,
  /** Creation of the first API key. */
  firstApiKey: FIRST_CLASS + 9,
  /** Held for as long as a process uses the key store: shared by engines, exclusive for a migration that replaces or makes the keys. */
  keysInUse: FIRST_CLASS + 10,
  /** The one process that erases customers by the rules of retention. */
  retention: FIRST_CLASS + 11,
} as const;

const INT_MIN = -0x8000_0000;
const INT_MAX = 0x7fff_ffff;

function lock(use: keyof typeof CLASSES, id = 0): AdvisoryLock {
  if (!Number.isInteger(id) || id < INT_MIN || id > INT_MAX)
    throw new RangeError(`The id of an advisory lock must be a 32-bit integer (got ${id}).`);
  return { class: CLASSES[use], id };
}

export const LOCKS = {
  migration: lock('migration'),
  indexing: (version: number): AdvisoryLock => lock('indexing', version),
  folding: (version: number): AdvisoryLock => lock('folding', version),
  customersFeed: lock('customersFeed'),
  webhookTables: lock('webhookTables'),
  webhookFanOut: lock('webhookFanOut'),
  keyTables: lock('keyTables'),
  erasure: lock('erasure'),
  firstApiKey: lock('firstApiKey'),
  keysInUse: lock('keysInUse'),
  retention: lock('retention'),
} as const;

/** SQL expression: waits for the lock, and holds it until the transaction ends. */
export const waitForLock = (lock: AdvisoryLock): string => `pg_advisory_xact_lock(${pair(lock)})`;

/** SQL expression: as `waitForLock`, shared with others that share it. */
export const waitForSharedLock = (lock: AdvisoryLock): string => `pg_advisory_xact_lock_shared(${pair(lock)})`;

/** SQL expression: true where the lock is free, and then holds it until the transaction ends; false where it is not. */
export const tryLock = (lock: AdvisoryLock): string => `pg_try_advisory_xact_lock(${pair(lock)})`;

/** SQL expression: as `tryLock`, held until the connection ends. */
export const tryConnectionLock = (lock: AdvisoryLock): string => `pg_try_advisory_lock(${pair(lock)})`;

/** SQL expression: as `tryConnectionLock`, shared with others that share it. */
export const trySharedConnectionLock = (lock: AdvisoryLock): string => `pg_try_advisory_lock_shared(${pair(lock)})`;

/** SQL condition: rows of `pg_locks` that are this lock in this database. */
export const isLock = (lock: AdvisoryLock): string =>
  `locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND classid = ${lock.class} AND objid = ${oid(lock.id)} AND objsubid = 2`;

const pair = ({ class: use, id }: AdvisoryLock): string => `${use}, ${id}`;

/** `pg_locks` shows an id as an unsigned number. */
const oid = (id: number): number => id >>> 0;
