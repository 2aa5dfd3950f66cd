import type { Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import {
  isRejection,
  LOCKS,
  tryLock,
  waitForSharedLock,
  type Database,
  type Row,
  type Statement,
  type Transaction,
} from '#database';
import { describe, foldCustomers, type FoldTask, type FoldBatch } from '../folding/fold-customers.js';
import { knownOf, readKnown, type KnownCustomer } from '../folding/load.js';
import { writeOutcomes } from '../folding/write.js';
import { markDirty, markDue, markAllCustomers, park } from '../indexing/dirty.js';
import type { DatabaseIdTable } from '../indexing/event-ids/id-table.js';
import { deduplicateEventIds } from '../indexing/event-ids/deduplicate.js';
import { recountsBetween } from '../indexing/event-ids/recount.js';
import { indexPage, type Indexed, type Reason, type AffectedCustomer } from '../indexing/indexer.js';
import { propose } from '../outbox/propose.js';
import { loadPolicies, type KnownPolicies } from '../read-models/policies/load-policies.js';
import { CUSTOMER_READ_MODELS, READ_MODEL_TABLES } from '../read-models/registry.js';
import { isLive } from '../schema.js';
import { insertRows, instantText, sortedByKey } from '#database';
import type { StepTimes } from './step-times.js';
import { arrayText } from '#database';
import { DIRTY, waitingRow } from '../read-models/working-tables.js';
import { Writes, type Writer } from '#database';

/** Counts of what was done since the process began. */
export interface Counters {
  events: number;
  folded: number;
  published: number;
  parked: number;
  transitionsDue: number;
  /** How often the tables were swept of what updates leave behind. */
  vacuumed: number;
}

export interface FollowerDependencies {
  readonly database: Database;
  readonly log: EventLog;
  /** The clock's instant. */
  readonly now: () => Instant;
  readonly times: StepTimes;
  readonly counters: Counters;
  /** Where names are judged, if the log needs us to: then pages carry content hashes. */
  readonly ids: DatabaseIdTable | null;
}

/** The page does not go on from where the tables are: somebody else was faster, or the log was read from elsewhere. */
export class OutOfStep extends Error {
  constructor(readonly position: number) {
    super(`The tables are at position ${position}; the page begins elsewhere.`);
  }
}

/** Another process is indexing at this moment. */
export class StandBy extends Error {
  constructor() {
    super('Another process is indexing.');
  }
}

/** Another version became the live one in the meantime: this one has nothing to say any more. */
export class NotLive extends Error {
  constructor(version: number) {
    super(`Version ${version} of the read models is not the live one any more.`);
  }
}

/** Above so many events a customer's history is heavy: folding it again from an older state waits until it pays. */
const HEAVY_EVENTS = 256;

/** A heavy customer is folded again when so large a part of their history is new … */
const HEAVY_PENDING_SHARE = 8;

/** … or when the first mark is as old as this for each event of their history, five seconds at most. */
const HEAVY_WAIT_MS_PER_EVENT = 0.4;
const HEAVY_WAIT_MS_MAX = 5_000;

/** A table is swept when such a share of its rows is dead, and counted again when as many have changed as it has. */
const DEAD_SHARE_MAX = 0.2;

const COUNT_POLICIES: Statement = { sql: 'SELECT count(*)::int AS n FROM policies' };

/** Who of a page's customers needs a closer look. */
interface Special {
  readonly customer_id: string;
  readonly dirty: boolean;
  readonly parked: boolean;
  readonly events: number | null;
  readonly upto_at: number | null;
}

/**
 * Keeps one version of the read models (one schema) in step with the log and the clock. It decides nothing about when:
 * the projector and the rebuild call its steps, each of which is one transaction.
 */
export class Follower {
  #policies: KnownPolicies | null = null;
  /** How many changes of a table had been seen when it was counted last. */
  readonly #counted = new Map<string, number>();

  constructor(
    private readonly parts: FollowerDependencies,
    readonly schema: string,
    readonly version: number,
    /** False while this version is built beside the live one: then nothing is said. */
    private readonly outputs: boolean,
  ) {}

  /**
   * Runs work in a transaction that sees this version's tables.
   *
   * @throws NotLive
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#transaction(work);
  }

  /**
   * `byKeys`: the work finds all its rows by their keys. `first` is asked at once with what every transaction asks; the work
   * is given its rows.
   */
  #transaction<T>(
    work: (tx: Transaction, found: readonly Row[][]) => Promise<T>,
    { byKeys = false, first = [] }: { readonly byKeys?: boolean; readonly first?: readonly Statement[] } = {},
  ): Promise<T> {
    return this.parts.database.transaction(async (tx) => {
      // PGlite keeps the plans that it made, and does not know by itself that a table has grown since: a plan that reads the
      // whole of an empty table must not be made where rows are found by their keys.
      const scanning = byKeys && this.parts.database.kind === 'pglite' ? 'off' : 'on';
      const enter: Statement = {
        sql: `SELECT set_config('search_path', $1, true), set_config('enable_seqscan', $3, true),
                     ${isLive('version', '$2')} AS live`,
        params: [`${this.schema}, perennial`, this.version, scanning],
      };
      const [entered = [], ...found] = await tx.batch([enter, ...first]);
      if (this.outputs && entered[0]?.['live'] !== true) throw new NotLive(this.version);
      return work(tx, found);
    });
  }

  /** How far the log is indexed, and up to when every deadline is persisted. */
  async standing(): Promise<{ readonly position: number; readonly clock: Instant | null }> {
    const [row] = await this.parts.database.query<{ position: number; clock: Instant | null }>(
      `SELECT position, clock FROM ${this.schema}.checkpoint`,
    );
    return { position: row?.position ?? 0, clock: row?.clock ?? null };
  }

  /** How far the log is indexed. */
  async position(): Promise<number> {
    const [row] = await this.parts.database.query<{ position: number }>(
      `SELECT position FROM ${this.schema}.checkpoint`,
    );
    return row?.position ?? 0;
  }

  /**
   * Takes a page of the log in: the events that follow position `after`. With `foldNow` the customers concerned are
   * folded in the same transaction, from the events at hand; without, they are only marked.
   *
   * @throws OutOfStep, StandBy
   */
  async applyPage(events: readonly RecordedEvent[], after: number, foldNow: boolean): Promise<number> {
    const takeTurn: Statement = {
      sql: `SELECT position FROM checkpoint WHERE (SELECT ${tryLock(LOCKS.indexing(this.version))}) FOR UPDATE`,
    };
    const work = async (tx: Transaction, [turn = [], counted = []]: readonly Row[][]): Promise<number> => {
      if (turn[0] === undefined) throw new StandBy();
      const from = Number(turn[0]['position']);
      // Positions may have gaps: only where the page begins tells whether something lies between.
      if (after > from) throw new OutOfStep(from);
      const fresh = events.filter((event) => event.position > from);
      if (fresh.length === 0) return from;
      const now = this.parts.now();
      const writes = new Writes();
      const indexed = await this.parts.times.of('index', () => this.#index(tx, writes, fresh, from));
      this.parts.counters.events += fresh.length;
      if (indexed.everybody) {
        await writes.send(tx);
        await this.#policyPublished(tx, indexed.position, now);
      }
      const alone = foldNow && !indexed.everybody && (await this.#foldsAlone(tx));
      const { fold, mark, known } = await this.#divide(tx, writes, [...indexed.touched.values()], alone);
      await markDirty(writes, mark, indexed.position, now);
      await park(
        writes,
        indexed.unreadable.map((one) => ({
          customerId: one.subjectId,
          reason: 'unreadable-event',
          detail: `Position ${one.position}: ${one.reason}`,
        })),
        indexed.position,
        now,
      );
      if (fold.length > 0) {
        const policies = await this.#knownPolicies(tx, Number(counted[0]?.['n']));
        await this.#foldAndWrite(tx, writes, { tasks: fold, known }, policies, indexed.position, now);
      }
      await writes.send(tx);
      return indexed.position;
    };
    return this.#transaction(work, { byKeys: true, first: [takeTurn, COUNT_POLICIES] });
  }

  /**
   * Folds up to `limit` marked customers; returns how many. Without `all` the heavy ones wait until folding them pays.
   * A customer whose rows cannot be written is found by halving, and parked.
   */
  async foldMarked(limit: number, all: boolean): Promise<number> {
    try {
      return await this.#foldClaimed(limit, all, null);
    } catch (error) {
      if (!isRejection(error)) throw error;
      return this.#foldByHalves(limit, all);
    }
  }

  /** Marks customers whose deadline has come, up to `limit`, and everybody when a policy came into force. */
  async markDue(limit: number): Promise<number> {
    const now = this.parts.now();
    return this.transaction(async (tx) => {
      const [row] = await tx.query<{ n: number; position: number }>(
        `SELECT count(p.*)::int AS n, max(c.position) AS position FROM checkpoint c
           LEFT JOIN policies p ON p.effective_from > coalesce(c.clock, '-infinity') AND p.effective_from <= $1::timestamptz
                               AND p.effective_from > p.recorded_at`,
        [instantText(now)],
      );
      if ((row?.n ?? 0) > 0) {
        // First the checkpoint, as whoever indexes does: the other way round the two could wait for one another.
        await tx.query('UPDATE checkpoint SET clock = greatest(clock, $1::timestamptz)', [instantText(now)]);
        await markAllCustomers(tx, 'policy-changed', row?.position ?? 0, now);
        return 1;
      }
      const marked = await markDue(tx, now, limit);
      this.parts.counters.transitionsDue += marked;
      return marked;
    });
  }

  /**
   * Notes that every deadline up to `at` has been persisted; false, and notes nothing, while somebody is marked: another
   * process may be folding them at this moment, and a mark is seen until its folding is committed.
   */
  async noteClock(at: Instant): Promise<boolean> {
    const [row] = await this.parts.database.query<{ marked: boolean }>(
      `WITH marked AS (
         SELECT EXISTS (SELECT 1 FROM ${this.schema}.dirty WHERE not_before IS NULL OR not_before <= $1::timestamptz) AS marked),
       noted AS (
         UPDATE ${this.schema}.checkpoint SET clock = greatest(clock, $1::timestamptz)
          WHERE clock IS DISTINCT FROM greatest(clock, $1::timestamptz) AND NOT (SELECT marked FROM marked))
       SELECT marked FROM marked`,
      [instantText(at)],
    );
    return row?.marked === false;
  }

  /** The next instant at which something happens by itself; null when nothing is in sight. */
  async nextWake(): Promise<Instant | null> {
    const [row] = await this.parts.database.query<{ at: Instant | null }>(
      `SELECT least((SELECT min(wake_at) FROM ${this.schema}.customers WHERE wake_at IS NOT NULL),
                    (SELECT min(not_before) FROM ${this.schema}.dirty),
                    (SELECT min(p.effective_from) FROM ${this.schema}.policies p, ${this.schema}.checkpoint c
                      WHERE p.effective_from > coalesce(c.clock, '-infinity') AND p.effective_from > p.recorded_at)) AS at`,
    );
    return row?.at ?? null;
  }

  /**
   * Sweeps the one table that holds most of what updates left behind, or counts for the planner one that has changed much;
   * false when none is in need of it. A PostgreSQL server does so by itself (autovacuum); PGlite has nobody to do it, and
   * while it does nobody is answered: so one table at a time, only when it pays, and only what plans rest on is counted.
   */
  async vacuum(deadMin: number): Promise<boolean> {
    const { database } = this.parts;
    if (database.kind !== 'pglite') return false;
    // What is counted is told once a second at the most unless it is asked for, and then after the statement that asks.
    await database.query('SELECT pg_stat_force_next_flush()');
    const tables = await database.query<{ schema: string; name: string; live: number; dead: number; changed: number }>(
      `SELECT schemaname AS schema, relname AS name, n_live_tup AS live, n_dead_tup AS dead, n_mod_since_analyze AS changed
         FROM pg_stat_user_tables WHERE schemaname IN ($1, 'perennial') AND n_mod_since_analyze > $2 ORDER BY n_dead_tup DESC`,
      [this.schema, deadMin],
    );
    const swollen = tables.find(({ live, dead }) => dead > deadMin + live * DEAD_SHARE_MAX);
    // Counting some columns only does not set their count of changes back, so it is remembered here.
    const grown = tables.find(({ name, live, changed }) => changed - (this.#counted.get(name) ?? 0) > deadMin + live);
    const found = swollen ?? grown;
    if (found === undefined) return false;
    const table = `${found.schema}.${found.name}`;
    if (swollen !== undefined) await database.query(`VACUUM ${table}`);
    else {
      const key = READ_MODEL_TABLES.find(({ name }) => name === found.name)?.key ?? [];
      await database.query(`ANALYZE ${table}${key.length === 0 ? '' : ` (${key.join(', ')})`}`);
      this.#counted.set(found.name, key.length === 0 ? 0 : found.changed);
    }
    this.parts.counters.vacuumed += 1;
    return true;
  }

  /** Takes a customer out of parking, to be folded from the beginning. False when they are not parked. */
  async release(customerId: string): Promise<boolean> {
    return this.transaction(async (tx) => {
      const rows = await tx.query<{ position: number }>(
        'DELETE FROM parked WHERE customer_id = $1 RETURNING (SELECT position FROM checkpoint) AS position',
        [customerId],
      );
      const [row] = rows;
      if (row === undefined) return false;
      await markDirty(tx, [refoldFromStart(customerId, 'released')], row.position, this.parts.now());
      return true;
    });
  }

  /** Whether nobody else folds until this transaction ends. PGlite is one process's own. */
  async #foldsAlone(tx: Transaction): Promise<boolean> {
    if (this.parts.database.kind === 'pglite') return true;
    const [lock] = await tx.query<{ mine: boolean }>(`SELECT ${tryLock(LOCKS.folding(this.version))} AS mine`);
    return lock?.mine === true;
  }

  /** Where the log cannot tell names apart, they are judged first: what repeats one is not looked at. */
  async #index(tx: Transaction, writes: Writes, fresh: readonly RecordedEvent[], from: number): Promise<Indexed> {
    const { ids } = this.parts;
    if (ids === null) return indexPage(tx, writes, fresh);
    const counting = await deduplicateEventIds(tx, fresh, from, ids);
    return indexPage(tx, writes, fresh, counting, await recountsBetween(tx, from, fresh.at(-1)?.position ?? from));
  }

  /** States that a new policy makes wrong are dropped, and everybody is marked. */
  async #policyPublished(tx: Transaction, position: number, now: Instant): Promise<void> {
    this.#policies = null;
    const [row] = await tx.query<{ at: Instant }>(
      `SELECT CASE WHEN count(*) = 1 THEN '-infinity' ELSE max(greatest(recorded_at, coalesce(effective_from, recorded_at)))
                FILTER (WHERE position = (SELECT max(position) FROM policies)) END AS at FROM policies`,
    );
    const from = instantText(row?.at ?? -Infinity);
    await tx.query('DELETE FROM states WHERE upto_at >= $1::timestamptz', [from]);
    await tx.query('DELETE FROM snapshots WHERE upto_at >= $1::timestamptz', [from]);
    await markAllCustomers(tx, 'policy-changed', position, now);
  }

  /**
   * Who of a page's customers is folded at once, and who is only marked. Parked ones are neither, unless they moved. What the page put off in
   * `writes` is done before it is asked.
   */
  async #divide(
    tx: Transaction,
    writes: Writes,
    touched: readonly AffectedCustomer[],
    foldNow: boolean,
  ): Promise<{ fold: FoldTask[]; mark: AffectedCustomer[]; known: ReadonlyMap<string, KnownCustomer> | null }> {
    const fold: FoldTask[] = [];
    const mark: AffectedCustomer[] = [];
    if (touched.length === 0) return { fold, mark, known: null };
    const special: Statement = {
      sql: `SELECT c.customer_id, d.customer_id IS NOT NULL AS dirty, p.customer_id IS NOT NULL AS parked, n.events, n.upto_at
         FROM unnest($1::text[]) AS c(customer_id)
         LEFT JOIN dirty d ON d.customer_id = c.customer_id
         LEFT JOIN parked p ON p.customer_id = c.customer_id
         LEFT JOIN states n ON n.customer_id = c.customer_id
        WHERE d.customer_id IS NOT NULL OR p.customer_id IS NOT NULL OR n.events > $2`,
      params: [arrayText(touched.map((one) => one.customerId)), HEAVY_EVENTS],
    };
    // Nearly all of them are folded at once: what is known of them is asked at the same time.
    const asked = touched.map((one) => ({ customerId: one.customerId, anew: one.earliestAt === -Infinity }));
    const [rows = [], states = []] = await writes.send(tx, foldNow ? [special, knownOf(asked)] : [special]);
    const bySpecial = new Map((rows as unknown as Special[]).map((row) => [row.customer_id, row]));
    const unparked: string[] = [];
    for (const one of touched) {
      const row = bySpecial.get(one.customerId);
      if (row?.parked === true) {
        if (one.reason !== 'merge' && one.reason !== 'unmerge') continue;
        unparked.push(one.customerId);
        mark.push(one);
        continue;
      }
      const heavyAndLate =
        row !== undefined && row.events !== null && (one.earliestAt ?? Infinity) < (row.upto_at ?? -Infinity);
      if (!foldNow || row?.dirty === true || heavyAndLate) mark.push(one);
      else fold.push(taskOf(one));
    }
    if (unparked.length > 0)
      await tx.query('DELETE FROM parked WHERE customer_id = ANY($1::text[])', [arrayText(unparked)]);
    return { fold, mark, known: foldNow ? readKnown(states) : null };
  }

  /** What it writes is put off in `writes`. */
  async #foldAndWrite(
    tx: Transaction,
    writes: Writes,
    {
      tasks,
      known,
    }: { readonly tasks: readonly FoldTask[]; readonly known: ReadonlyMap<string, KnownCustomer> | null },
    policies: KnownPolicies,
    position: number,
    now: Instant,
  ): Promise<FoldBatch> {
    const slice = await foldCustomers(tx, tasks, known, {
      log: this.parts.log,
      deduplicating: this.parts.ids !== null,
      policies: policies.timeline,
      asOf: now,
      position,
      times: this.parts.times,
    });
    await this.parts.times.of('write', async () => {
      const published = await writeOutcomes(tx, writes, slice.outcomes, {
        models: CUSTOMER_READ_MODELS,
        dayOf: policies.dayOf,
        position,
        now,
        outputs: this.outputs,
      });
      this.parts.counters.published += published;
      await this.#setAside(
        tx,
        writes,
        slice.failed.map((one) => ({ ...one, reason: 'fold-failed' })),
        position,
        now,
      );
      await this.#wait(writes, slice, position, now);
    });
    this.parts.counters.folded += slice.outcomes.length;
    return slice;
  }

  async #setAside(
    tx: Transaction,
    writes: Writer,
    failed: readonly { readonly customerId: string; readonly reason: string; readonly detail: string }[],
    position: number,
    now: Instant,
  ): Promise<void> {
    if (failed.length === 0) return;
    await park(writes, failed, position, now);
    // Their deadline wakes nobody while they are parked.
    const ids = arrayText(failed.map((one) => one.customerId));
    await writes.query('UPDATE customers SET wake_at = NULL WHERE customer_id = ANY($1::text[])', [ids]);
    await writes.query('DELETE FROM dirty WHERE customer_id = ANY($1::text[])', [ids]);
    // Nor is anything done for them: what the customer takes back now would not be heard.
    const treated = failed.map(({ customerId }) => ({
      customerId,
      view: null,
      erased: false,
      reason: 'parked' as const,
    }));
    if (this.outputs) await propose(tx, writes, treated, position, now);
    this.parts.counters.parked += failed.length;
  }

  /** Customers of whom only the future is known stay marked until it comes. */
  async #wait(writes: Writer, slice: FoldBatch, position: number, now: Instant): Promise<void> {
    const rows = slice.waiting.map((one) => waitingRow(one, position, now));
    await insertRows(
      writes,
      DIRTY,
      sortedByKey(DIRTY, rows),
      '(customer_id) DO UPDATE SET not_before = EXCLUDED.not_before',
    );
  }

  async #foldClaimed(limit: number, all: boolean, only: readonly string[] | null): Promise<number> {
    const work = async (tx: Transaction): Promise<number> => {
      if (this.parts.database.kind === 'postgres')
        await tx.query(`SELECT ${waitForSharedLock(LOCKS.folding(this.version))}`);
      const now = this.parts.now();
      const tasks = await this.#claim(tx, limit, all, only, now);
      if (tasks.length === 0) return 0;
      const ids = arrayText(tasks.map((task) => task.customerId));
      // Read after the claim: whatever was indexed since concerns none of the claimed, whose marks are locked.
      const [at = [], counted = []] = await tx.batch([
        { sql: 'SELECT position FROM checkpoint' },
        COUNT_POLICIES,
        { sql: 'DELETE FROM dirty WHERE customer_id = ANY($1::text[])', params: [ids] },
      ]);
      const policies = await this.#knownPolicies(tx, Number(counted[0]?.['n']));
      const writes = new Writes();
      await this.#foldAndWrite(tx, writes, { tasks, known: null }, policies, Number(at[0]?.['position'] ?? 0), now);
      await writes.send(tx);
      return tasks.length;
    };
    return this.#transaction(work, { byKeys: true });
  }

  async #claim(
    tx: Transaction,
    limit: number,
    all: boolean,
    only: readonly string[] | null,
    now: Instant,
  ): Promise<FoldTask[]> {
    const rows = await tx.query<{
      customer_id: string;
      reason: Reason;
      pending: number;
      earliest_at: number | null;
    }>(
      `SELECT d.customer_id, d.reason, d.pending, d.earliest_at FROM dirty d
         LEFT JOIN states n ON n.customer_id = d.customer_id
        WHERE (d.not_before IS NULL OR d.not_before <= $1::timestamptz)
          AND ($2::text IS NULL OR d.customer_id = ANY($2::text[]))
          AND ($3::boolean OR n.events IS NULL OR n.events <= $4 OR d.earliest_at IS NULL OR d.earliest_at >= n.upto_at
               OR d.pending * $5 >= n.events
               OR d.since <= $1::timestamptz - least(n.events * $6::float8, $7::float8) * interval '1 millisecond')
        ORDER BY d.since, d.customer_id LIMIT $8 FOR UPDATE OF d SKIP LOCKED`,
      [
        instantText(now),
        only === null ? null : arrayText(only),
        all,
        HEAVY_EVENTS,
        HEAVY_PENDING_SHARE,
        HEAVY_WAIT_MS_PER_EVENT,
        HEAVY_WAIT_MS_MAX,
        limit,
      ],
    );
    return rows.map((row) => ({
      customerId: row.customer_id,
      reason: row.reason,
      pending: row.pending,
      earliestAt: row.earliest_at,
      events: null,
      complete: false,
    }));
  }

  /** Tries smaller and smaller parts of the marked customers, and parks the one that fails alone. */
  async #foldByHalves(limit: number, all: boolean): Promise<number> {
    const ids = await this.transaction(async (tx) => {
      const tasks = await this.#claim(tx, limit, all, null, this.parts.now());
      return tasks.map((task) => task.customerId);
    });
    const halves = async (part: readonly string[]): Promise<void> => {
      if (part.length === 0) return;
      try {
        await this.#foldClaimed(part.length, all, part);
      } catch (error) {
        if (!isRejection(error)) throw error;
        if (part.length > 1) {
          const middle = Math.ceil(part.length / 2);
          await halves(part.slice(0, middle));
          await halves(part.slice(middle));
          return;
        }
        await this.transaction(async (tx) => {
          const [at] = await tx.query<{ position: number }>('SELECT position FROM checkpoint');
          const failed = part.map((customerId) => ({ customerId, reason: 'write-failed', detail: describe(error) }));
          const writes = new Writes();
          await this.#setAside(tx, writes, failed, at?.position ?? 0, this.parts.now());
          await writes.send(tx);
        });
      }
    };
    await halves(ids);
    return ids.length;
  }

  /** `count`: how many policies were published. */
  async #knownPolicies(tx: Transaction, count: number): Promise<KnownPolicies> {
    if (this.#policies === null || this.#policies.count !== count) this.#policies = await loadPolicies(tx);
    return this.#policies;
  }
}

function taskOf(one: AffectedCustomer): FoldTask {
  return {
    customerId: one.customerId,
    reason: one.reason,
    pending: one.events.length,
    earliestAt: one.earliestAt,
    events: one.earliestAt === -Infinity ? null : one.events,
    complete: one.complete,
  };
}

/** A customer to be folded from the beginning. */
export function refoldFromStart(customerId: string, reason: Reason): AffectedCustomer {
  return { customerId, reason, events: [], earliestAt: -Infinity, complete: false };
}
