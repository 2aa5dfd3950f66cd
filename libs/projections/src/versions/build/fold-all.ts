import type { LifecycleEvent } from '#lifecycle';
import { describeError } from '#platform';
import { foldOne, inOrder, type FoldOptions } from '../../folding/fold-one.js';
import { judge, together } from '../../folding/judge-segments.js';
import { Sums } from '../../folding/sums.js';
import { loadPolicies } from '../../read-models/policies/load-policies.js';
import { zonesWanted } from '../../read-models/stage-counts/zones.js';
import type { FoldedView } from '../../read-models/read-model.js';
import { CUSTOMER_READ_MODELS } from '../../read-models/registry.js';
import type { BuildRun } from './build-run.js';
import type { Customer } from './components.js';
import type { TouchpointSource } from './touchpoints/touchpoint-source.js';
import { touchpointSource } from './touchpoints/sources.js';
import { writeOrPark, type FoldedBatch } from './write-batch.js';

/** A batch of customers is sized to hold about so many events. */
const EVENTS_PER_BATCH = 8_000;

/** So many customers are selected at once. */
const CUSTOMERS_AHEAD = 20_000;

/**
 * The phase `customers`: folds every customer once, batch by batch in the order of their ids. While batches are being written, the next one
 * is read and folded. Returns the sums over all customers.
 */
export async function foldAll(run: BuildRun): Promise<readonly Sums[]> {
  const { times, signal, foldBatchSize, snapshotEvery } = run.options;
  const policies = await run.transaction(loadPolicies);
  const sums = await sumsSoFar(run, zonesWanted(policies.timeline, run.state.asOf));
  if (run.state.phase !== 'customers') return sums;
  const touchpoints = await touchpointSource(run);
  run.beginPhase(run.state.folded);
  const { asOf, upTo } = run.state;
  const options: FoldOptions = {
    policies: policies.timeline,
    asOf,
    position: upTo,
    snapshotEvery,
    segments: policies.segments,
  };
  const held = policies.segments.isEmpty ? NOT_HELD_BACK : await heldBack(run);
  const customers = new CustomersAhead(run);
  let limit = foldBatchSize;
  let { folded } = run.state;
  let writing: Promise<void> = Promise.resolve();
  let before: Promise<void> = writing;
  try {
    for (;;) {
      const next = await customers.next(limit);
      const last = next[next.length - 1];
      if (last === undefined) break;
      const batch = await foldBatch(run, next, touchpoints, options, held);
      // Two batches are on their way at most: one being written, one waiting behind it.
      await before;
      signal?.throwIfAborted();
      before = writing;
      folded += next.length;
      const step = { after: last.customerId, folded };
      writing = before.then(() => times.of('write', () => writeOrPark(run, batch, sums, { ...run.state, ...step })));
      // An error is thrown where it is awaited: at one of the next batches.
      writing.catch(() => undefined);
      const perCustomer = Math.max(1, batch.events / next.length);
      limit = Math.round(Math.min(Math.max(EVENTS_PER_BATCH / perCustomer, 50), foldBatchSize * 10, limit * 4));
    }
    await writing;
  } finally {
    // A build that is resumed must not meet what this one was still writing.
    await writing.catch(() => undefined);
  }
  return sums;
}

/** The customers that an erasure or a restriction concerns: memberships of segments depend on it. */
interface HeldBack {
  readonly erased: ReadonlySet<string>;
  readonly restricted: ReadonlySet<string>;
}

const NOT_HELD_BACK: HeldBack = { erased: new Set(), restricted: new Set() };

async function heldBack(run: BuildRun): Promise<HeldBack> {
  const { database, schema } = run.options;
  const idsOf = async (sql: string): Promise<ReadonlySet<string>> =>
    new Set((await database.query<{ customer_id: string }>(sql)).map((row) => row.customer_id));
  return {
    erased: await idsOf(
      `SELECT customer_id FROM ${schema}.subjects GROUP BY customer_id HAVING bool_and(erased_at IS NOT NULL)`,
    ),
    restricted: await idsOf(
      `SELECT DISTINCT s.customer_id FROM ${schema}.subjects s JOIN ${schema}.restricted_subjects r USING (subject_id)`,
    ),
  };
}

/** A fold with the segments that the customer belongs to. */
function withSegments(folded: FoldedView, { policies, asOf, segments }: FoldOptions, held: HeldBack): FoldedView {
  if (segments === undefined || segments.isEmpty) return folded;
  const { customerId } = folded;
  const known = { erased: held.erased.has(customerId), restricted: held.restricted.has(customerId) };
  const standing = { before: [], since: null, fresh: [], cause: { kind: 'rebuild' as const, events: [] } };
  const happened = together(undefined, folded.happened);
  return { ...folded, segments: judge({ folded, ...known, ...standing, happened }, segments, policies, asOf) };
}

/** The customers that are not folded yet, in the order of their ids. */
class CustomersAhead {
  #ahead: readonly Customer[];
  #all: boolean;
  #at = 0;

  constructor(private readonly run: BuildRun) {
    this.#ahead = run.customers ?? [];
    this.#all = run.customers !== null;
  }

  /** The next customers, at most `limit`; none at the end. */
  async next(limit: number): Promise<readonly Customer[]> {
    // Selected seldom and in bulk: a query waits until the current write is done, and the folding with it.
    if (this.#ahead.length - this.#at < limit && !this.#all) {
      const from = this.#ahead[this.#ahead.length - 1]?.customerId ?? this.run.state.after;
      const more = await this.run.options.times.of('load', () => this.#select(from));
      this.#all = more.length < CUSTOMERS_AHEAD;
      this.#ahead = this.#ahead.slice(this.#at).concat(more);
      this.#at = 0;
    }
    const next = this.#ahead.slice(this.#at, this.#at + limit);
    this.#at += next.length;
    return next;
  }

  async #select(after: string): Promise<Customer[]> {
    const { database, schema } = this.run.options;
    const rows = await database.query<{ customer_id: string; ids: string }>(
      `SELECT customer_id, string_agg(subject_id, ',' ORDER BY subject_id) AS ids FROM ${schema}.subjects
        WHERE customer_id > $1 GROUP BY customer_id ORDER BY customer_id LIMIT $2`,
      [after, CUSTOMERS_AHEAD],
    );
    return rows.map((row) => ({ customerId: row.customer_id, subjectIds: row.ids.split(',') }));
  }
}

async function foldBatch(
  run: BuildRun,
  customers: readonly Customer[],
  touchpoints: TouchpointSource,
  options: FoldOptions,
  held: HeldBack,
): Promise<FoldedBatch> {
  const { times } = run.options;
  const eventsOf = await times.of('read', () => touchpoints.of(customers));
  const batch: FoldedBatch = { folded: [], failed: [], waiting: [], events: 0 };
  for (const one of customers) {
    const { customerId } = one;
    try {
      const recorded = one.subjectIds.flatMap(eventsOf);
      batch.events += recorded.length;
      const events: LifecycleEvent[] = times.ofSync('parse', () => inOrder(recorded));
      const folded = times.ofSync('fold', () => foldOne(one, events, null, options));
      if (folded.folded !== null) batch.folded.push({ ...folded, folded: withSegments(folded.folded, options, held) });
      else if (folded.waitingUntil !== null) batch.waiting.push({ customerId, until: folded.waitingUntil });
    } catch (error) {
      batch.failed.push({ customerId, reason: 'fold-failed', detail: describeError(error) });
    }
    await run.pause();
  }
  return batch;
}

/** Sums are written once, at the end. A build that is resumed adds up the stage periods that it wrote before. */
async function sumsSoFar(run: BuildRun, timeZones: readonly string[]): Promise<Sums[]> {
  const { database, schema } = run.options;
  const zones = timeZones.map((timeZone) => ({ timeZone, countedTo: null }));
  const sums = CUSTOMER_READ_MODELS.flatMap((model) => (model.shape === 'sum' ? [new Sums(model, zones)] : []));
  for (let customer = '', seq = -1; run.state.after !== '';) {
    const stagePeriods = await database.query(
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
