import type { Instant } from '#contracts';
import { arrayText, type Row } from '#database';
import { policyTimeline, type Policy, type PolicyTimeline } from '#lifecycle';
import { changesOf, differenceOf, type StageChange } from '../outbox/publications.js';
import { foldOne, inOrder } from '../folding/fold-one.js';
import { readTouchpoints } from '../folding/load.js';
import type { Processor } from '../processor/processor.js';
import type { FoldedView } from '../read-models/read-model.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { STAGE_PERIOD_HISTORY } from '../read-models/stage-periods/projection.js';
import { loadPublished } from '../read-models/policies/load-policies.js';
import type { RebuildOptions } from './build-beside.js';
import type { StageMove } from './differences.js';

/** A policy as it would be published now. */
export interface PolicyDraft {
  readonly version: string;
  readonly policy: Policy;
  /** Null for the beginning of time. */
  readonly effectiveFrom: Instant | null;
  readonly restates: boolean;
}

/** What publishing a policy would change. */
export interface PolicyDryRun {
  /** The log is in up to this position. */
  readonly position: number;
  /** The instant that is looked at: now, or when a policy to come takes effect, if nothing happens until then. */
  readonly asOf: Instant;
  /** How many customers there are. */
  readonly customers: number;
  /** How many of them would stand elsewhere. */
  readonly moving: number;
  /** How many would have another history; those that move are among them. */
  readonly changed: number;
  /** From which phase to which; the most first. */
  readonly moves: readonly StageMove[];
  /** How many messages would be published. */
  readonly messages: { readonly retracted: number; readonly published: number; readonly withdrawn: number };
  /** The customers that would move, in the order of their ids: at most `LISTED_MAX`. */
  readonly listed: readonly MovingCustomer[];
}

export interface MovingCustomer {
  readonly customerId: string;
  readonly from: Place | null;
  readonly to: Place | null;
}

interface Place {
  readonly stage: string;
  readonly phase: string;
}

export const LISTED_MAX = 10_000;
const CUSTOMERS_AT_ONCE = 500;

/** Folds every customer once under the policies as they would be, and compares it with what is believed and published. Nothing is written. */
export async function policyDryRun(
  processor: Processor,
  draft: PolicyDraft,
  { onProgress, signal }: RebuildOptions = {},
): Promise<PolicyDryRun> {
  const { live: store, context } = processor;
  const now = context.now();
  const published = await store.transaction(loadPublished);
  const { effectiveFrom, ...rest } = draft;
  const drafted = { ...rest, effectiveFrom: effectiveFrom ?? -Infinity, recordedAt: now };
  const asOf = draft.restates ? now : Math.max(now, drafted.effectiveFrom);
  const [before, after] = [policyTimeline(published), policyTimeline([...published, drafted])];
  const position = await store.position();
  const [counted] = await context.database.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM ${store.schema}.customers`,
  );
  const total = counted?.n ?? 0;
  const tally = new Tally();
  const begun = performance.now();
  for (let last = ''; ;) {
    signal?.throwIfAborted();
    const batch = await nextCustomers(store, last, asOf > now);
    const end = batch.at(-1);
    if (end === undefined) break;
    last = end.customerId;
    const events = await readTouchpoints(
      context.log,
      batch.flatMap(({ subjectIds }) => subjectIds),
      { upTo: position },
      null,
    );
    for (const one of batch) {
      const sorted = inOrder(one.subjectIds.flatMap((subjectId) => events.get(subjectId) ?? []));
      const under = (policies: PolicyTimeline): FoldedView | null =>
        foldOne(one, sorted, null, { policies, asOf, position, snapshotEvery: Infinity }).folded;
      const then = under(after);
      const stagePeriods = then === null ? [] : periodsOf(then);
      if (asOf > now) {
        const believed = under(before);
        const standing = believed === null ? [] : changesOfAll(periodsOf(believed));
        tally.add(one.customerId, placeOf(believed), placeOf(then), differenceOf(standing, stagePeriods), 0);
      } else {
        const called = new Set((then?.view.actions ?? []).map((action) => actionKey({ ...then?.view, ...action })));
        const withdrawn = one.actions.filter((action) => !called.has(actionKey(action))).length;
        tally.add(one.customerId, one.place, placeOf(then), differenceOf(one.standing, stagePeriods), withdrawn);
      }
    }
    const seconds = (performance.now() - begun) / 1_000;
    const done = tally.customers;
    const rate = done / Math.max(seconds, 1e-3);
    onProgress?.({ phase: 'customers', done, total, items: done, rate, secondsLeft: Math.max(0, total - done) / rate });
  }
  return { position, asOf, ...tally.result() };
}

const placeOf = (folded: FoldedView | null): Place | null =>
  folded === null ? null : { stage: folded.view.stage, phase: folded.view.phase };

const periodsOf = (folded: FoldedView): readonly Row[] =>
  STAGE_PERIOD_HISTORY.shape === 'sequence' ? STAGE_PERIOD_HISTORY.rows(folded) : [];

const changesOfAll = (periods: readonly Row[]): StageChange[] =>
  periods.flatMap((period, i) => changesOf(period, periods[i + 1]));

const actionKey = (action: Row): string =>
  JSON.stringify(['cycle', 'stage', 'phase', 'treatment', 'purpose', 'medium'].map((name) => action[name]));

interface ComparedCustomer {
  readonly customerId: string;
  readonly subjectIds: readonly string[];
  readonly place: Place;
  readonly standing: readonly StageChange[];
  readonly actions: readonly Row[];
}

/** The next customers with what stands published of them. Of an instant to come nothing is published. */
async function nextCustomers(
  { context: { database }, schema }: ReadModelStore,
  after: string,
  future: boolean,
): Promise<readonly ComparedCustomer[]> {
  const rows = await database.query<{ customer_id: string; stage: string; phase: string; ids: string | null }>(
    `SELECT c.customer_id, c.stage, c.phase, s.ids
       FROM (SELECT customer_id, stage, phase FROM ${schema}.customers WHERE customer_id > $1 ORDER BY customer_id LIMIT $2) c
       LEFT JOIN LATERAL (SELECT string_agg(subject_id, ',' ORDER BY subject_id) AS ids
                            FROM ${schema}.subjects WHERE customer_id = c.customer_id) s ON true
      ORDER BY c.customer_id`,
    [after, CUSTOMERS_AT_ONCE],
  );
  const ids = arrayText(rows.map((row) => row.customer_id));
  const ofThese = async (sql: string): Promise<Map<string, Row[]>> => {
    const found = new Map<string, Row[]>();
    if (future || rows.length === 0) return found;
    for (const row of await database.query<Row>(sql, [ids])) {
      const id = row['customer_id'] as string;
      found.set(id, [...(found.get(id) ?? []), row]);
    }
    return found;
  };
  const standing = await ofThese(
    `SELECT * FROM perennial.published WHERE customer_id = ANY($1::text[]) AND NOT retracted AND kind <> 'retracted'`,
  );
  const actions = await ofThese(`SELECT * FROM perennial.actions WHERE customer_id = ANY($1::text[]) AND standing`);
  return rows.map(({ customer_id: customerId, stage, phase, ids: subjectIds }) => ({
    customerId,
    subjectIds: subjectIds?.split(',') ?? [],
    place: { stage, phase },
    standing: (standing.get(customerId) ?? []) as StageChange[],
    actions: actions.get(customerId) ?? [],
  }));
}

class Tally {
  customers = 0;
  private changed = 0;
  private moving = 0;
  private readonly messages = { retracted: 0, published: 0, withdrawn: 0 };
  private readonly moves = new Map<string, { from: Place | null; to: Place | null; customers: number }>();
  private readonly listed: MovingCustomer[] = [];

  add(
    customerId: string,
    from: Place | null,
    to: Place | null,
    { outdated, fresh }: { readonly outdated: readonly unknown[]; readonly fresh: readonly unknown[] },
    withdrawn: number,
  ): void {
    this.customers += 1;
    if (outdated.length > 0 || fresh.length > 0) this.changed += 1;
    this.messages.retracted += outdated.length;
    this.messages.published += fresh.length;
    this.messages.withdrawn += withdrawn;
    if (from?.stage === to?.stage && from?.phase === to?.phase) return;
    this.moving += 1;
    if (this.listed.length < LISTED_MAX) this.listed.push({ customerId, from, to });
    const key = JSON.stringify([from, to]);
    const move = this.moves.get(key) ?? { from, to, customers: 0 };
    move.customers += 1;
    this.moves.set(key, move);
  }

  result(): Omit<PolicyDryRun, 'position' | 'asOf'> {
    const moves = [...this.moves.values()].sort((a, b) => b.customers - a.customers);
    const { customers, moving, changed, messages, listed } = this;
    return { customers, moving, changed, moves, messages, listed };
  }
}
