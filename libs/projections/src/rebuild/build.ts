import type { Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import type { LifecycleEvent } from '#lifecycle';
import { isRefusal, type Database, type Row, type Transaction } from '../database.js';
import { countFates } from '../fates/projection.js';
import { describe } from '../folding/fold-customers.js';
import { foldOne, inOrder } from '../folding/fold-one.js';
import { readTouchpoints } from '../folding/load.js';
import { Sums } from '../folding/write.js';
import { recountsBetween } from '../ids/recount.js';
import { park } from '../indexing/dirty.js';
import { emptyFacts, gather, type LinkFact, type PageFacts } from '../indexing/page-facts.js';
import { compareLinks, linkRow, resolve, subjectRow, type LinkRow, type SubjectRow } from '../links/projection.js';
import { LINKS, SUBJECTS } from '../links/table.js';
import type { DayOf } from '../read-model.js';
import { CUSTOMER_READ_MODELS } from '../read-models.js';
import { recordPolicies, recordTypes } from '../policies/projection.js';
import { loadPolicies, type KnownPolicies } from '../policies/timeline.js';
import { listQuarantine } from '../quarantine/projection.js';
import { insertRows, instantText, sortedByKey, unnest } from '../rows.js';
import type { StepTimes } from '../step-times.js';
import { DIRTY, waitingRow } from '../working/table.js';
import { copy, writeRows, type FoldedCustomer } from './write-rows.js';

/** How far a build has come. */
export interface BuildProgress {
  readonly phase: 'links' | 'components' | 'customers' | 'catching-up' | 'done';
  /** Events read in `links` and `catching-up`, customers folded in `customers`. */
  readonly done: number;
  readonly total: number;
  /** Per second, since this process took the phase up. */
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
  readonly sliceSize: number;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

/** Where a build stands: kept in the version's own checkpoint, in the transactions that write its rows. */
interface BuildState {
  readonly phase: 'links' | 'components' | 'customers';
  readonly upTo: number;
  readonly asOf: Instant;
  readonly recordedAt: Instant | null;
  /** links: read up to this position. */
  readonly scanned: number;
  /** customers: folded up to this customer, and how many that were. */
  readonly after: string;
  readonly folded: number;
  readonly customers: number;
}

/** What is read of the log at once while looking for links, and kept until it is written. */
const SCAN_PAGE = 5_000;
const SUBJECTS_KEPT = 50_000;
const LINKS_KEPT = 50_000;
const SCANNED_MAX = 250_000;

/** A slice of customers is made to hold about so many events. */
const EVENTS_PER_SLICE = 8_000;

/** So many customers are asked for at once. */
const CUSTOMERS_AHEAD = 20_000;

/**
 * Subjects and links as a scan sees them, before they are made unique. Dropped when the scan is over. Never unlogged: what
 * is not logged is emptied after a kill, while the build goes on from where it was.
 */
const SEEN = /* sql */ `
  CREATE TABLE IF NOT EXISTS subjects_seen (LIKE subjects);
  CREATE TABLE IF NOT EXISTS links_seen (LIKE links);
  CREATE TABLE IF NOT EXISTS erasures_seen (subject_id text NOT NULL, erased_at timestamptz(3) NOT NULL);`;

/**
 * Fills a version's empty tables from the log: subjects and links by one scan, who belongs together, then each customer
 * once, slice by slice in the order of their ids. Every step is a transaction that also writes down how far it came, so a build
 * that was killed goes on where it was when called again. Says nothing to anybody: that is for after the switch.
 *
 * @returns the position that the tables stand at
 */
export async function build(options: BuildOptions): Promise<number> {
  const builder = new Builder(options);
  return builder.run();
}

class Builder {
  #state!: BuildState;
  #begun = 0;
  #begunAt = 0;

  constructor(private readonly options: BuildOptions) {}

  async run(): Promise<number> {
    const state = await this.#takeUp();
    if (state === null) return this.options.upTo;
    this.#state = state;
    if (this.#state.phase === 'links') await this.#scan();
    if (this.#state.phase === 'components') await this.#join();
    await this.#foldAll();
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
      await tx.exec(SEEN);
      const { upTo, asOf } = this.options;
      const state: BuildState = {
        ...{ phase: 'links', upTo, asOf, recordedAt: null },
        ...{ scanned: 0, after: '', folded: 0, customers: 0 },
      };
      await tx.query('UPDATE checkpoint SET build = $1::text::jsonb', [JSON.stringify(state)]);
      return state;
    });
  }

  /** Writes the next state in the transaction of what it speaks of. Two builders on one version would meet here. */
  async #advance(tx: Transaction, next: BuildState): Promise<void> {
    const rows = await tx.query(
      'UPDATE checkpoint SET build = $1::text::jsonb WHERE build = $2::text::jsonb RETURNING 1 AS done',
      [JSON.stringify(next), JSON.stringify(this.#state)],
    );
    if (rows.length === 0) throw new Error(`Somebody else is building ${this.options.schema}.`);
  }

  async #scan(): Promise<void> {
    const { log, times, signal } = this.options;
    this.#beginPhase(this.#state.scanned);
    let facts = emptyFacts();
    let kept = 0;
    let scanned = this.#state.scanned;
    let recordedAt = this.#state.recordedAt;
    const pages = log.readAll(scanned, { pageSize: SCAN_PAGE, upTo: this.#state.upTo })[Symbol.asyncIterator]();
    for (;;) {
      const next = await times.of('read', () => pages.next());
      const page: readonly RecordedEvent[] = next.done === true ? [] : next.value;
      const last = page[page.length - 1];
      if (last !== undefined) {
        times.ofSync('index', () => gather(facts, page, false));
        kept += page.length;
        scanned = last.position;
        recordedAt = Math.max(recordedAt ?? -Infinity, last.recordedAt);
        this.#tell('links', scanned, this.#state.upTo);
      }
      const full = facts.subjects.size > SUBJECTS_KEPT || facts.links.length > LINKS_KEPT || kept > SCANNED_MAX;
      if (!full && next.done !== true) continue;
      const done = next.done === true;
      await times.of('index', () => this.#writeSeen(facts, { ...this.#state, scanned, recordedAt }, done));
      facts = emptyFacts();
      kept = 0;
      if (done) return;
      signal?.throwIfAborted();
    }
  }

  async #writeSeen(facts: PageFacts, state: BuildState, done: boolean): Promise<void> {
    const next: BuildState = done ? { ...state, phase: 'components' } : state;
    await this.#transaction(async (tx) => {
      await copy(tx, SUBJECTS, [...facts.subjects.values()].map(subjectRow), 'subjects_seen');
      await copy(tx, LINKS, earlierAndEarlier(facts.links).map(linkRow), 'links_seen');
      await countFates(tx, facts.receipts, done ? await recountsBetween(tx, 0, this.#state.upTo) : []);
      await listQuarantine(tx, facts.quarantine);
      await recordPolicies(tx, facts.policies);
      await recordTypes(tx, facts.types);
      await tx.copyIn('erasures_seen', ['subject_id', 'erased_at'], facts.erasures.flatMap(erased));
      const unreadable = facts.unreadable.map(({ event, subjectId, reason }) => ({
        customerId: subjectId,
        reason: 'unreadable-event',
        detail: `Position ${event.position}: ${reason}`,
      }));
      await park(tx, unreadable, this.#state.upTo, this.#state.asOf);
      await this.#advance(tx, next);
    });
    this.#state = next;
  }

  /** Makes subjects and links of what was seen, and finds out who belongs together. */
  async #join(): Promise<void> {
    this.#beginPhase(0);
    this.#tell('components', 0, 1);
    await this.options.times.of('index', () =>
      this.#transaction(async (tx) => {
        await tx.exec(`
          INSERT INTO subjects
          SELECT DISTINCT ON (s.subject_id) s.subject_id, s.namespace, s.subject_id, s.first_position,
                 min(s.first_seen_at) OVER (PARTITION BY s.subject_id),
                 CASE WHEN e.erased_at IS NULL THEN s.sealed END, e.erased_at
            FROM subjects_seen s
            LEFT JOIN (SELECT subject_id, max(erased_at) AS erased_at FROM erasures_seen GROUP BY subject_id) e USING (subject_id)
           ORDER BY s.subject_id, s.first_position;
          CREATE INDEX ON links_seen (a, b, position);
          INSERT INTO links
          SELECT * FROM links_seen l WHERE NOT EXISTS (
            SELECT 1 FROM links_seen p WHERE p.a = l.a AND p.b = l.b AND p.position < l.position
               AND (p.occurred_at, p.source, p.event_id) <= (l.occurred_at, l.source, l.event_id));
          DROP TABLE subjects_seen, links_seen, erasures_seen;
          ANALYZE subjects; ANALYZE links;`);
        // Only those who are linked at all: the others are customers of their own already.
        const subjects = await tx.query<SubjectRow>(
          `SELECT subject_id, namespace, customer_id, first_position FROM subjects s WHERE EXISTS
             (SELECT 1 FROM links l WHERE l.a = s.subject_id) OR EXISTS (SELECT 1 FROM links l WHERE l.b = s.subject_id)`,
        );
        const links = await tx.query<LinkRow>('SELECT DISTINCT ON (a, b) * FROM links ORDER BY a, b, position DESC');
        const { customerOf, refusals } = resolve(subjects, links);
        await this.#writeJoined(tx, customerOf);
        await this.#writeRefused(tx, links, refusals);
        const [count] = await tx.query<{ n: number }>('SELECT count(DISTINCT customer_id)::int AS n FROM subjects');
        const next: BuildState = { ...this.#state, phase: 'customers', customers: count?.n ?? 0 };
        await this.#advance(tx, next);
        this.#state = next;
      }),
    );
  }

  async #writeJoined(tx: Transaction, customerOf: ReadonlyMap<string, string>): Promise<void> {
    const changes: Row[] = [];
    for (const [subject_id, customer_id] of customerOf)
      if (subject_id !== customer_id) changes.push({ subject_id, customer_id });
    for (let at = 0; at < changes.length; at += 5_000) {
      const rows = unnest(SUBJECTS, ['subject_id', 'customer_id'], changes.slice(at, at + 5_000), 'c');
      await tx.query(
        `UPDATE subjects s SET customer_id = c.customer_id FROM ${rows.sql} WHERE s.subject_id = c.subject_id`,
        rows.params,
      );
    }
  }

  async #writeRefused(
    tx: Transaction,
    links: readonly LinkRow[],
    refusals: ReadonlyMap<string, string>,
  ): Promise<void> {
    const verdicts: Row[] = [];
    for (const link of links) {
      const refused = refusals.get(`${link.a} ${link.b}`);
      if (refused !== undefined) verdicts.push({ a: link.a, b: link.b, position: link.position, refused });
    }
    if (verdicts.length === 0) return;
    const rows = unnest(LINKS, ['a', 'b', 'position', 'refused'], verdicts, 'v');
    await tx.query(
      `UPDATE links l SET refused = v.refused FROM ${rows.sql} WHERE l.a = v.a AND l.b = v.b AND l.position = v.position`,
      rows.params,
    );
  }

  /** Folds every customer once. While one slice is being written, the next is read and folded. */
  async #foldAll(): Promise<void> {
    const { times, signal } = this.options;
    const policies = await this.#transaction(loadPolicies);
    this.#beginPhase(this.#state.folded);
    let limit = this.options.sliceSize;
    let after = this.#state.after;
    let folded = this.#state.folded;
    let writing: Promise<void> = Promise.resolve();
    let ahead: Customer[] = [];
    let all = false;
    const sums = await this.#sumsSoFar(policies.dayOf);
    for (;;) {
      // Asked for seldom and in bulk: a question waits until the writing under way is done, and the folding with it.
      if (ahead.length < limit && !all) {
        const from = ahead[ahead.length - 1]?.customerId ?? after;
        const more = await times.of('load', () => this.#nextCustomers(from));
        all = more.length < CUSTOMERS_AHEAD;
        ahead = ahead.concat(more);
      }
      const who = ahead.slice(0, limit);
      ahead = ahead.slice(limit);
      const last = who[who.length - 1];
      if (last === undefined) break;
      const slice = await this.#foldSlice(who, policies);
      await writing;
      signal?.throwIfAborted();
      after = last.customerId;
      folded += who.length;
      const next: BuildState = { ...this.#state, after, folded };
      writing = times.of('write', () => this.#writeOrPark(slice, sums, next));
      // An error is thrown where it is awaited: at the next slice.
      writing.catch(() => undefined);
      const perCustomer = Math.max(1, slice.events / who.length);
      limit = Math.round(
        Math.min(Math.max(EVENTS_PER_SLICE / perCustomer, 50), this.options.sliceSize * 10, limit * 4),
      );
      this.#tell('customers', folded, this.#state.customers);
    }
    await writing;
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

  async #nextCustomers(after: string): Promise<Customer[]> {
    const rows = await this.options.database.query<{ customer_id: string; ids: string }>(
      `SELECT customer_id, string_agg(subject_id, ',' ORDER BY subject_id) AS ids FROM ${this.options.schema}.subjects
        WHERE customer_id > $1 GROUP BY customer_id ORDER BY customer_id LIMIT $2`,
      [after, CUSTOMERS_AHEAD],
    );
    return rows.map((row) => ({ customerId: row.customer_id, subjectIds: row.ids.split(',') }));
  }

  async #foldSlice(who: readonly Customer[], policies: KnownPolicies): Promise<FoldedSlice> {
    const { log, times } = this.options;
    const { upTo, asOf } = this.#state;
    const found = await times.of('read', () =>
      readTouchpoints(
        log,
        who.flatMap((one) => one.subjectIds),
        { upTo },
        // All up to there was judged and committed before: the log knows what repeats a name.
        null,
      ),
    );
    const slice: FoldedSlice = { folded: [], failed: [], waiting: [], events: 0 };
    for (const one of who) {
      try {
        const recorded = one.subjectIds.flatMap((subjectId) => found.get(subjectId) ?? []);
        slice.events += recorded.length;
        const events: LifecycleEvent[] = times.ofSync('parse', () => inOrder(recorded));
        const folded = times.ofSync('fold', () => foldOne(one, events, null, policies.timeline, asOf, upTo));
        if (folded.folded !== null) slice.folded.push({ ...folded, folded: folded.folded });
        else if (folded.waitingUntil !== null)
          slice.waiting.push({ customerId: one.customerId, until: folded.waitingUntil });
      } catch (error) {
        slice.failed.push({ customerId: one.customerId, reason: 'fold-failed', detail: describe(error) });
      }
    }
    return slice;
  }

  /** A slice that cannot be written is tried one by one: whose rows are refused is parked, and the rest are written. */
  async #writeOrPark(slice: FoldedSlice, sums: readonly Sums[], next: BuildState): Promise<void> {
    try {
      await this.#writeSlice(slice, sums, next);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const kept: FoldedSlice = { ...slice, folded: [], failed: [...slice.failed] };
      for (const one of slice.folded) {
        const refused = await this.#refusalOf(one);
        if (refused === null) kept.folded.push(one);
        else kept.failed.push({ customerId: one.folded.customerId, reason: 'write-failed', detail: describe(refused) });
      }
      await this.#writeSlice(kept, sums, next);
    }
  }

  /** Writes one customer and takes it back again; the error with which the database refused her, or null. */
  async #refusalOf(one: FoldedSlice['folded'][number]): Promise<unknown> {
    const takenBack = new Error('Only tried.');
    try {
      await this.#transaction(async (tx) => {
        await writeRows(tx, [one], false);
        throw takenBack;
      });
    } catch (error) {
      if (isRefusal(error)) return error;
      if (error !== takenBack) throw error;
    }
    return null;
  }

  async #writeSlice(slice: FoldedSlice, sums: readonly Sums[], next: BuildState): Promise<void> {
    const visits = await this.#transaction(async (tx) => {
      const written = await writeRows(tx, slice.folded, this.options.database.kind === 'pglite');
      await park(tx, slice.failed, this.#state.upTo, this.#state.asOf);
      const waiting = slice.waiting.map((one) => waitingRow(one, this.#state.upTo, this.#state.asOf));
      await insertRows(tx, DIRTY, sortedByKey(DIRTY, waiting), '(customer_id) DO NOTHING');
      await this.#advance(tx, next);
      return written;
    });
    this.#state = next;
    for (const sum of sums) for (const visit of visits) sum.add(visit, 1);
  }

  /** Sums are written once, at the end. A build that is taken up again adds up what it wrote before. */
  async #sumsSoFar(dayOf: DayOf): Promise<Sums[]> {
    const sums = CUSTOMER_READ_MODELS.flatMap((model) => (model.shape === 'sum' ? [new Sums(model, dayOf)] : []));
    const { schema } = this.options;
    for (let customer = '', seq = -1; this.#state.after !== '';) {
      const visits = await this.options.database.query(
        `SELECT * FROM ${schema}.visits WHERE (customer_id, seq) > ($1, $2) ORDER BY customer_id, seq LIMIT 5000`,
        [customer, seq],
      );
      for (const sum of sums) for (const visit of visits) sum.add(visit, 1);
      const last = visits[visits.length - 1];
      if (last === undefined) break;
      customer = last['customer_id'] as string;
      seq = last['seq'] as number;
    }
    return sums;
  }

  #beginPhase(done: number): void {
    this.#begun = done;
    this.#begunAt = performance.now();
  }

  #tell(phase: BuildProgress['phase'], done: number, total: number): void {
    const seconds = (performance.now() - this.#begunAt) / 1_000;
    const rate = seconds > 0 ? (done - this.#begun) / seconds : 0;
    this.options.onProgress?.({ phase, done, total, rate, secondsLeft: rate > 0 ? (total - done) / rate : null });
  }
}

interface Customer {
  readonly customerId: string;
  readonly subjectIds: readonly string[];
}

interface FoldedSlice {
  readonly folded: FoldedCustomer[];
  readonly failed: { readonly customerId: string; readonly reason: string; readonly detail: string }[];
  readonly waiting: { readonly customerId: string; readonly until: Instant }[];
  events: number;
}

/** Of each pair only the links that are earlier than all before them in the log. */
function earlierAndEarlier(links: readonly LinkFact[]): LinkFact[] {
  const earliest = new Map<string, LinkFact>();
  return links.filter((link) => {
    const pair = `${link.a} ${link.b}`;
    const before = earliest.get(pair);
    if (before !== undefined && compareLinks(link, before) >= 0) return false;
    earliest.set(pair, link);
    return true;
  });
}

function erased(event: RecordedEvent): unknown[][] {
  const data = JSON.parse(event.data) as { readonly subjectIds?: readonly string[] };
  return (data.subjectIds ?? []).map((subjectId) => [subjectId, instantText(event.recordedAt)]);
}
