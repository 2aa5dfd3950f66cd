import { setImmediate as nextTurn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import type { Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import type { LifecycleEvent } from '#lifecycle';
import { isRejection, type Database, type Row, type Transaction } from '#database';
import { countOutcomes } from '../read-models/outcomes/projection.js';
import { describe } from '../folding/fold-customers.js';
import { foldOne, inOrder } from '../folding/fold-one.js';
import { readTouchpoints } from '../folding/load.js';
import { Sums } from '../folding/write.js';
import { recountsBetween } from '../indexing/event-ids/recount.js';
import { park, type ParkedCustomer } from '../folding/park.js';
import { emptyFacts, gather, type PageFacts } from '../indexing/page-facts.js';
import { LINKS, SUBJECTS } from '../read-models/links/table.js';
import type { DayOf } from '../read-models/read-model.js';
import { CUSTOMER_READ_MODELS } from '../read-models/registry.js';
import { recordPolicies, recordTypes } from '../read-models/policies/projection.js';
import { loadPolicies, type KnownPolicies } from '../read-models/policies/load-policies.js';
import { listQuarantine } from '../read-models/quarantine/projection.js';
import { insertRows, instantText, sortedByKey } from '#database';
import type { StepTimes } from '../processor/step-times.js';
import { DIRTY, waitingRow } from '../read-models/working-tables.js';
import { advance, type BuildState } from './build-state.js';
import { joinInMemory, type Customer } from './components.js';
import { copiesOf, rowsOf, type FoldedCustomer } from './customer-rows.js';
import { bytesSeen, HeldLog } from './held-log.js';
import { dropIndexes } from './indexes.js';
import { LinksSeen } from './links-seen.js';
import { JOIN_STEPS, joinSeen } from './join-seen.js';
import { DROP_SEEN_TABLES, SEEN_TABLES, writeSeen } from './seen-tables.js';

/** How far a build has come. */
export interface BuildProgress {
  readonly phase: 'links' | 'components' | 'customers' | 'indexes' | 'catching-up' | 'switching';
  /**
   * The share that is done: places in the log in `links` and `catching-up` (events, or bytes where a log counts so), customers folded
   * in `customers`, steps of finding out who belongs together in `components`, indexes made in `indexes`, and steps of becoming the live
   * version in `switching`.
   */
  readonly done: number;
  readonly total: number;
  /** What was done so far, counted: events really read where `done` tells places in the log, else as `done`. */
  readonly items: number;
  /** Items per second, since this process took the phase up. */
  readonly rate: number;
  readonly secondsLeft: number | null;
}

export interface BuildOptions {
  readonly database: Database;
  readonly log: EventLog;
  readonly schema: string;
  /** Nothing of the log above it. A build that is taken up again keeps the one it began with. */
  readonly upTo: number;
  readonly asOf: Instant;
  readonly times: StepTimes;
  /** Customers in the first slice; the next ones are made to hold a good number of events, ten times as many customers at most. */
  readonly foldBatchSize: number;
  /** A long history leaves a snapshot every so many events. */
  readonly snapshotEvery: number;
  /**
   * A log that takes no more memory than this, about, is read once and held; a larger one is read twice. Default 512 MiB, but no more than a quarter
   * of what the process may take.
   */
  readonly heldBytesMax?: number;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

/** What is read of the log at once while looking for links, and kept until it is written. */
const SCAN_PAGE = 2_000;
const SUBJECTS_KEPT = 50_000;
const LINKS_KEPT = 50_000;
const SCANNED_MAX = 250_000;

const HELD_BYTES_MAX = Math.min(512 * 1_024 * 1_024, getHeapStatistics().heap_size_limit / 4);

/** A slice of customers is made to hold about so many events. */
const EVENTS_PER_SLICE = 8_000;

/** So many customers are asked for at once. */
const CUSTOMERS_AHEAD = 20_000;

/** So long this thread works before it lets others have a turn. */
const TURN_MS = 10;

/**
 * Fills a version's empty tables from the log: subjects and links by one scan, who belongs together, then each customer
 * once, slice by slice in the order of their ids. Every step is a transaction that also writes down how far it came, so a build
 * that was killed goes on where it was when called again. Says nothing to anybody: that is for after the switch.
 *
 * A log that is small enough is held in memory by the scan, and nothing is written before its end; of a larger one, what the
 * scan sees is written down on the way, and each slice's events are read again.
 *
 * @returns the position that the tables stand at
 */
export async function build(options: BuildOptions): Promise<number> {
  const builder = new Builder(options);
  return builder.run();
}

class Builder {
  #state!: BuildState;
  #begun = { done: 0, items: 0 };
  #begunAt = 0;
  #turnEndsAt = 0;
  /** The touchpoints, while they are held; null when they must be read from the log. */
  #held: HeldLog | null = null;
  /** The customers, where all of them are at hand; null when they must be asked for. */
  #customers: Customer[] | null = null;

  constructor(private readonly options: BuildOptions) {}

  async run(): Promise<number> {
    const state = await this.#takeUp();
    if (state === null) return this.options.upTo;
    this.#state = state;
    if (this.#state.phase === 'links') await this.#scan();
    if (this.#state.phase === 'components') await this.#join();
    const sums = await this.#foldAll();
    await this.#makeIndexes();
    await this.#end(sums);
    return this.#state.upTo;
  }

  #transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.options.database.transaction(
      async (tx) => {
        await tx.query("SELECT set_config('search_path', $1, true)", [`${this.options.schema}, perennial`]);
        return work(tx);
      },
      { long: true },
    );
  }

  /** The state to go on from, made when there is none; null when the version is built already. */
  #takeUp(): Promise<BuildState | null> {
    return this.#transaction(async (tx) => {
      const [row] = await tx.query<{ position: number; build: BuildState | null }>(
        'SELECT position, build FROM checkpoint FOR UPDATE',
      );
      if (row === undefined) throw new Error(`${this.options.schema} has no checkpoint.`);
      if (row.build !== null) return row.build;
      if (row.position > 0) return null;
      await tx.exec(SEEN_TABLES);
      const { upTo, asOf, schema } = this.options;
      const state: BuildState = {
        ...{ phase: 'links', upTo, asOf, recordedAt: null },
        ...{ scanned: 0, after: '', folded: 0, customers: 0 },
        indexes: await dropIndexes(tx, schema),
      };
      await tx.query('UPDATE checkpoint SET build = $1::text::jsonb', [JSON.stringify(state)]);
      return state;
    });
  }

  /** Writes the next state in the transaction of what it speaks of. */
  async #advance(tx: Transaction, next: BuildState): Promise<void> {
    const { sql, params } = advance(this.#state, next);
    this.#mine(await tx.query(sql, params));
  }

  #mine(advanced: readonly Row[] | undefined): void {
    if (advanced?.length !== 1) throw new Error(`Somebody else is building ${this.options.schema}.`);
  }

  async #scan(): Promise<void> {
    const { log, times, signal, heldBytesMax = HELD_BYTES_MAX } = this.options;
    let { events = 0 } = this.#state;
    this.#beginPhase(this.#state.scanned, events);
    // What was scanned before a kill is written down and held no longer.
    this.#held = this.#state.scanned === 0 ? new HeldLog() : null;
    let facts = emptyFacts();
    let links = new LinksSeen();
    let kept = 0;
    let { scanned, recordedAt } = this.#state;
    const pages = log.readAll(scanned, { pageSize: SCAN_PAGE, upTo: this.#state.upTo })[Symbol.asyncIterator]();
    for (;;) {
      const next = await times.of('read', () => pages.next());
      const done = next.done === true;
      const page: readonly RecordedEvent[] = done ? [] : next.value;
      const last = page[page.length - 1];
      if (last !== undefined) {
        times.ofSync('index', () => {
          gather(facts, page, false);
          links.add(facts.links.splice(0));
          this.#held?.hold(page);
        });
        if (this.#held !== null && this.#held.bytes + bytesSeen(facts.subjects.size, links.kept.length) > heldBytesMax)
          this.#held = null;
        kept += page.length;
        events += page.length;
        scanned = last.position;
        recordedAt = Math.max(recordedAt ?? -Infinity, last.recordedAt);
        this.#tell('links', scanned, this.#state.upTo, events);
      }
      await this.#letOthers();
      signal?.throwIfAborted();
      const state: BuildState = {
        ...this.#state,
        scanned,
        events,
        recordedAt,
        ...(done ? { phase: 'components' } : {}),
      };
      if (this.#held !== null) {
        if (done) await times.of('index', () => this.#joinHeld(facts, links, state));
      } else if (done || facts.subjects.size > SUBJECTS_KEPT || links.kept.length > LINKS_KEPT || kept > SCANNED_MAX) {
        await times.of('index', () => this.#writeSeen(facts, links, state));
        facts = emptyFacts();
        links = new LinksSeen();
        kept = 0;
      }
      if (done) return;
    }
  }

  async #writeSeen(facts: PageFacts, links: LinksSeen, next: BuildState): Promise<void> {
    await this.#transaction(async (tx) => {
      await writeSeen(tx, facts, links);
      await this.#writeBesides(tx, facts, next.phase === 'components');
      await this.#advance(tx, next);
    });
    this.#state = next;
  }

  /** What the log tells beside subjects and links. */
  async #writeBesides(tx: Transaction, facts: PageFacts, done: boolean): Promise<void> {
    await countOutcomes(tx, facts.receipts, done ? await recountsBetween(tx, 0, this.#state.upTo) : []);
    await listQuarantine(tx, facts.quarantine);
    await recordPolicies(tx, facts.policies);
    await recordTypes(tx, facts.types);
    const unreadable = facts.unreadable.map(({ event, subjectId, reason }): ParkedCustomer => ({
      customerId: subjectId,
      reason: 'unreadable-event',
      detail: `Position ${event.position}: ${reason}`,
    }));
    await park(tx, unreadable, this.#state.upTo, this.#state.asOf);
  }

  /** Finds out who belongs together while everything is at hand, and writes it down once. */
  async #joinHeld(facts: PageFacts, links: LinksSeen, scanned: BuildState): Promise<void> {
    this.#tell('components', 0, 1);
    const joined = joinInMemory(facts.subjects, links, facts.erasures);
    const next: BuildState = { ...scanned, phase: 'customers', customers: joined.customers.length };
    await this.#transaction(async (tx) => {
      await this.#writeBesides(tx, facts, true);
      await insertRows(tx, SUBJECTS, joined.subjects);
      await insertRows(tx, LINKS, joined.links);
      await tx.exec(`${DROP_SEEN_TABLES} ANALYZE subjects; ANALYZE links;`);
      await this.#advance(tx, next);
    });
    this.#customers = joined.customers;
    this.#state = next;
  }

  /** Makes subjects and links of what was seen, and finds out who belongs together. */
  async #join(): Promise<void> {
    this.#beginPhase(0);
    const tell = (done: number): void => this.#tell('components', done, JOIN_STEPS.length);
    await this.options.times.of('index', () =>
      this.#transaction(async (tx) => {
        const next: BuildState = { ...this.#state, phase: 'customers', customers: await joinSeen(tx, tell) };
        await this.#advance(tx, next);
        this.#state = next;
      }),
    );
  }

  /** Folds every customer once. While slices are being written, the next is read and folded. Returns the sums over all. */
  async #foldAll(): Promise<readonly Sums[]> {
    const { times, signal } = this.options;
    const policies = await this.#transaction(loadPolicies);
    const sums = await this.#sumsSoFar(policies.dayOf);
    if (this.#state.phase !== 'customers') return sums;
    this.#beginPhase(this.#state.folded);
    let limit = this.options.foldBatchSize;
    let { after, folded } = this.#state;
    let writing: Promise<void> = Promise.resolve();
    let before: Promise<void> = writing;
    let ahead: readonly Customer[] = this.#customers ?? [];
    let all = this.#customers !== null;
    let at = 0;
    try {
      for (;;) {
        // Asked for seldom and in bulk: a question waits until the writing under way is done, and the folding with it.
        if (ahead.length - at < limit && !all) {
          const from = ahead[ahead.length - 1]?.customerId ?? after;
          const more = await times.of('load', () => this.#nextCustomers(from));
          all = more.length < CUSTOMERS_AHEAD;
          ahead = ahead.slice(at).concat(more);
          at = 0;
        }
        const who = ahead.slice(at, at + limit);
        at += who.length;
        const last = who[who.length - 1];
        if (last === undefined) break;
        const slice = await this.#foldSlice(who, policies);
        // Two slices are on their way at most: one being written, one waiting behind it.
        await before;
        signal?.throwIfAborted();
        before = writing;
        after = last.customerId;
        folded += who.length;
        const step = { after, folded };
        writing = before.then(() =>
          times.of('write', () => this.#writeOrPark(slice, sums, { ...this.#state, ...step })),
        );
        // An error is thrown where it is awaited: at one of the next slices.
        writing.catch(() => undefined);
        const perCustomer = Math.max(1, slice.events / who.length);
        limit = Math.round(
          Math.min(Math.max(EVENTS_PER_SLICE / perCustomer, 50), this.options.foldBatchSize * 10, limit * 4),
        );
      }
      await writing;
    } finally {
      // Whoever takes the build up again must not meet what this one was still writing.
      await writing.catch(() => undefined);
    }
    return sums;
  }

  async #nextCustomers(after: string): Promise<Customer[]> {
    const rows = await this.options.database.query<{ customer_id: string; ids: string }>(
      `SELECT customer_id, string_agg(subject_id, ',' ORDER BY subject_id) AS ids FROM ${this.options.schema}.subjects
        WHERE customer_id > $1 GROUP BY customer_id ORDER BY customer_id LIMIT $2`,
      [after, CUSTOMERS_AHEAD],
    );
    return rows.map((row) => ({ customerId: row.customer_id, subjectIds: row.ids.split(',') }));
  }

  async #foldSlice(who: readonly Customer[], policies: KnownPolicies): Promise<FoldedBatch> {
    const { times, snapshotEvery } = this.options;
    const { upTo, asOf } = this.#state;
    const eventsOf = await this.#eventsOf(who);
    const slice: FoldedBatch = { folded: [], failed: [], waiting: [], events: 0 };
    for (const one of who) {
      try {
        const recorded = one.subjectIds.flatMap(eventsOf);
        slice.events += recorded.length;
        const events: LifecycleEvent[] = times.ofSync('parse', () => inOrder(recorded));
        const folded = times.ofSync('fold', () =>
          foldOne(one, events, null, { policies: policies.timeline, asOf, position: upTo, snapshotEvery }),
        );
        if (folded.folded !== null) slice.folded.push({ ...folded, folded: folded.folded });
        else if (folded.waitingUntil !== null)
          slice.waiting.push({ customerId: one.customerId, until: folded.waitingUntil });
      } catch (error) {
        slice.failed.push({ customerId: one.customerId, reason: 'fold-failed', detail: describe(error) });
      }
      await this.#letOthers();
    }
    return slice;
  }

  /** The touchpoints of these customers, by subject: from what is held, or from the log. */
  async #eventsOf(who: readonly Customer[]): Promise<(subjectId: string) => readonly RecordedEvent[]> {
    const held = this.#held;
    if (held !== null) return (subjectId) => held.take(subjectId);
    const { log, times } = this.options;
    const subjectIds = who.flatMap((one) => one.subjectIds);
    // All up to there was judged and committed before: the log knows what repeats a name.
    const found = await times.of('read', () => readTouchpoints(log, subjectIds, { upTo: this.#state.upTo }, null));
    return (subjectId) => found.get(subjectId) ?? [];
  }

  /** A slice that cannot be written is tried one by one: whose rows are rejected is parked, and the rest are written. */
  async #writeOrPark(slice: FoldedBatch, sums: readonly Sums[], next: BuildState): Promise<void> {
    try {
      await this.#writeSlice(slice, sums, next);
    } catch (error) {
      if (!isRejection(error)) throw error;
      const kept: FoldedBatch = { ...slice, folded: [], failed: [...slice.failed] };
      for (const one of slice.folded) {
        const rejected = await this.#rejectionOf(one);
        if (rejected === null) kept.folded.push(one);
        else
          kept.failed.push({ customerId: one.folded.customerId, reason: 'write-failed', detail: describe(rejected) });
      }
      await this.#writeSlice(kept, sums, next);
    }
  }

  /** Writes one customer and takes it back again; the error with which the database rejected them, or null. */
  async #rejectionOf(one: FoldedCustomer): Promise<unknown> {
    const takenBack = new Error('Only tried.');
    try {
      await this.#transaction(async (tx) => {
        for (const [table, rows] of rowsOf([one])) await insertRows(tx, table, rows);
        throw takenBack;
      });
    } catch (error) {
      if (isRejection(error)) return error;
      if (error !== takenBack) throw error;
    }
    return null;
  }

  async #writeSlice(slice: FoldedBatch, sums: readonly Sums[], next: BuildState): Promise<void> {
    const { database, schema } = this.options;
    const { upTo, asOf } = this.#state;
    // Written apart, since they are few and mostly none: after a kill in between they are found to be there already.
    if (slice.failed.length > 0 || slice.waiting.length > 0)
      await this.#transaction(async (tx) => {
        await park(tx, slice.failed, upTo, asOf);
        const waiting = slice.waiting.map((one) => waitingRow(one, upTo, asOf));
        await insertRows(tx, DIRTY, sortedByKey(DIRTY, waiting), '(customer_id) DO NOTHING');
      });
    const { copies, stagePeriods } = copiesOf(slice.folded);
    // What a server loses of its last commits when the machine dies is folded again: the state says how far it came. PGlite has
    // nobody who would write such commits down later.
    const unhurried = database.kind === 'postgres' ? [{ sql: 'SET LOCAL synchronous_commit = off' }] : [];
    await database.transaction(async (tx) => {
      const path = { sql: "SELECT set_config('search_path', $1, true)", params: [`${schema}, perennial`] };
      const [, advanced] = await tx.batch([path, advance(this.#state, next), ...unhurried, ...copies]);
      this.#mine(advanced);
    });
    this.#state = next;
    for (const sum of sums) for (const period of stagePeriods) sum.add(period, 1);
    this.#tell('customers', next.folded, next.customers);
  }

  /** Sums are written once, at the end. A build that is taken up again adds up what it wrote before. */
  async #sumsSoFar(dayOf: DayOf): Promise<Sums[]> {
    const sums = CUSTOMER_READ_MODELS.flatMap((model) => (model.shape === 'sum' ? [new Sums(model, dayOf)] : []));
    const { schema } = this.options;
    for (let customer = '', seq = -1; this.#state.after !== '';) {
      const stagePeriods = await this.options.database.query(
        `SELECT * FROM ${schema}.stage_periods WHERE (customer_id, seq) > ($1, $2) ORDER BY customer_id, seq LIMIT 5000`,
        [customer, seq],
      );
      for (const sum of sums) for (const period of stagePeriods) sum.add(period, 1);
      const last = stagePeriods[stagePeriods.length - 1];
      if (last === undefined) break;
      customer = last['customer_id'] as string;
      seq = last['seq'] as number;
    }
    return sums;
  }

  /** Makes the indexes that were left out while the tables were filled, each in a step of its own. */
  async #makeIndexes(): Promise<void> {
    const { database, times, signal } = this.options;
    const total = this.#state.indexes?.length ?? 0;
    this.#beginPhase(0);
    for (let done = 0; done < total; done += 1) {
      this.#tell('indexes', done, total);
      const [index, ...rest] = this.#state.indexes ?? [];
      const next: BuildState = { ...this.#state, phase: 'indexes', indexes: rest };
      await times.of('write', () =>
        this.#transaction(async (tx) => {
          await tx.exec(index ?? '');
          await this.#advance(tx, next);
        }),
      );
      this.#state = next;
      signal?.throwIfAborted();
    }
    // Nobody sweeps PGlite's tables by itself, and its planner does well without; a server's has more to choose from.
    if (database.kind === 'postgres')
      for (const { table } of CUSTOMER_READ_MODELS) await database.exec(`ANALYZE ${this.options.schema}.${table.name}`);
  }

  async #end(sums: readonly Sums[]): Promise<void> {
    await this.#transaction(async (tx) => {
      for (const sum of sums) await sum.write(tx);
      const { upTo, asOf, recordedAt } = this.#state;
      await tx.query(
        `UPDATE checkpoint SET build = NULL, position = $1, clock = $2::timestamptz, recorded_at = $3::timestamptz
          WHERE build = $4::text::jsonb`,
        [upTo, instantText(asOf), recordedAt === null ? null : instantText(recordedAt), JSON.stringify(this.#state)],
      );
      await tx.query("UPDATE perennial.versions SET status = 'ready', position = $1 WHERE schema_name = $2", [
        upTo,
        this.options.schema,
      ]);
    });
  }

  /** Lets answers of the store and requests of others in, when this thread has worked for a while. */
  async #letOthers(): Promise<void> {
    if (performance.now() < this.#turnEndsAt) return;
    await nextTurn();
    this.#turnEndsAt = performance.now() + TURN_MS;
  }

  #beginPhase(done: number, items = done): void {
    this.#begun = { done, items };
    this.#begunAt = performance.now();
  }

  #tell(phase: BuildProgress['phase'], done: number, total: number, items = done): void {
    const seconds = (performance.now() - this.#begunAt) / 1_000;
    const perSecond = (count: number): number => (seconds > 0 ? count / seconds : 0);
    const speed = perSecond(done - this.#begun.done);
    const secondsLeft = speed > 0 ? (total - done) / speed : null;
    this.options.onProgress?.({ phase, done, total, items, rate: perSecond(items - this.#begun.items), secondsLeft });
  }
}

interface FoldedBatch {
  readonly folded: FoldedCustomer[];
  readonly failed: ParkedCustomer[];
  readonly waiting: { readonly customerId: string; readonly until: Instant }[];
  events: number;
}
