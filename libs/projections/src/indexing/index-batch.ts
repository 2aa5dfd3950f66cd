import type { Instant } from '#contracts';
import { arrayText, instantText, LOCKS, tryLock, Writes, type Row, type Statement, type Transaction } from '#database';
import { fingerprintOf, type RecordedEvent } from '#event-log';
import { markAccounts, markAllAccounts } from '../accounts/mark-accounts.js';
import type { AttributeDefinition } from '#lifecycle';
import { foldAndWrite, taskOf, type FoldTask } from '../folding/fold-customers.js';
import { foldsAlone } from '../folding/folding-lock.js';
import { readKnown, selectKnown, type KnownCustomer } from '../folding/load.js';
import { park, type ParkedCustomer } from '../folding/park.js';
import { recordMembershipChanges } from '../read-models/accounts/membership-changes.js';
import {
  forgetAttributes,
  readAttributes,
  recordAttributeDefinitions,
  recordAttributeFacts,
  SELECT_ATTRIBUTES,
} from '../read-models/attributes/projection.js';
import { keepBooks } from '../read-models/completeness/projection.js';
import { customersOf, markErased, recordSubjects } from '../read-models/links/projection.js';
import { recordMentions } from '../read-models/mentions/projection.js';
import { countOutcomes } from '../read-models/outcomes/projection.js';
import { recordRestrictions } from '../read-models/restrictions/projection.js';
import { recordSuppressions, subjectOfSuppression } from '../read-models/suppressions/projection.js';
import { forgetOpenings, recordOpenings } from '../read-models/openings/projection.js';
import {
  loadPolicies,
  readPolicies,
  RESTATES_WITH_CUSTOMERS,
  SELECT_POLICIES,
} from '../read-models/policies/load-policies.js';
import { noteWhenInForce, recordPolicies, recordTypes } from '../read-models/policies/projection.js';
import { listQuarantine, replaceQuarantined } from '../read-models/quarantine/projection.js';
import { recordSegments } from '../read-models/segments/projection.js';
import type { DayZone } from '../read-models/read-model.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { affectedCustomers, type AffectedCustomer } from './affected-customer.js';
import { markAllDirty, markDirty } from './dirty.js';
import { deduplicateEventIds } from './event-ids/deduplicate.js';
import { segmentsChanged } from './segments-changed.js';
import { recountsBetween } from './event-ids/recount.js';
import { emptyFacts, erasureOf, subjectsOfRestriction, gather, type PageFacts } from './page-facts.js';

/** A page of the log: the events that follow position `after`. */
export interface IndexBatch {
  readonly events: readonly RecordedEvent[];
  readonly after: number;
  /** Whether the affected customers are folded in the same transaction, from the events at hand; else they are only marked dirty. */
  readonly foldNow: boolean;
  /** Where the tables stand; null when another process indexes. */
  readonly position: number | null;
  /** How many policies were published up to there. */
  readonly policies: number;
  /** The zones whose days are counted. */
  readonly zones: readonly DayZone[];
  /** Whether any membership of an account is on record. */
  readonly accounts: boolean;
  /** The attributes that are defined. */
  readonly attributes: readonly AttributeDefinition[];
}

/** The page does not follow on the position of the tables: another process was faster, or the log was read from elsewhere. */
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

/** What a transaction that indexes asks first: the lock with the position of the tables, and how many policies there are. */
export function selectTurn({ version }: ReadModelStore): Statement[] {
  return [
    {
      sql: `SELECT position, EXISTS (SELECT FROM membership_changes) AS accounts FROM checkpoint
             WHERE (SELECT ${tryLock(LOCKS.indexing(version))}) FOR UPDATE`,
    },
    SELECT_POLICIES,
    SELECT_ATTRIBUTES,
  ];
}

/** The rows of `selectTurn`. */
export function readTurn([turn = [], counted = [], defined = []]: readonly Row[][]): Pick<
  IndexBatch,
  'position' | 'policies' | 'zones' | 'accounts' | 'attributes'
> {
  const { count: policies, zones } = readPolicies(counted);
  const position = turn[0] === undefined ? null : Number(turn[0]['position']);
  const accounts = turn[0]?.['accounts'] === true;
  return { position, policies, zones, accounts, attributes: readAttributes(defined) };
}

/**
 * Indexes a page of the log, in the caller's transaction: writes the tables that follow the log itself (subjects, links, outcomes, quarantine,
 * policies), folds the affected customers or marks them dirty, and moves the checkpoint. A handful of statements, however many
 * events the page has. Events that were indexed before are skipped. Returns the position of the tables.
 *
 * @throws OutOfStep, StandBy
 */
export async function indexBatch(tx: Transaction, batch: IndexBatch, store: ReadModelStore): Promise<number> {
  const { context } = store;
  const { position: from } = batch;
  if (from === null) throw new StandBy();
  // Positions may have gaps: only the position where the page begins tells whether something lies between.
  if (batch.after > from) throw new OutOfStep(from);
  const fresh = batch.events.filter((event) => event.position > from);
  const position = fresh.at(-1)?.position;
  if (position === undefined) return from;
  const now = context.now();
  const writes = new Writes();
  const { facts, affected, unreadable } = await context.times.of('index', () =>
    index(tx, writes, fresh, from, batch.attributes, store),
  );
  context.counters.events += fresh.length;
  const published = facts.policies.length > 0 || facts.segments.length > 0;
  if (published) {
    await writes.send(tx);
    if (facts.policies.length > 0) await policiesPublished(tx, facts.policies, position, now);
    if (facts.segments.length > 0) await segmentsChanged(tx, facts.segments, { from, position, now }, store);
  }
  if (facts.openings.length > 0) {
    await writes.send(tx);
    await forgetOpenings(tx, (await loadPolicies(tx)).timeline, now);
  }
  const foldNow = batch.foldNow && !published && (await foldsAlone(tx, store));
  const { fold, mark, known } = await divide(tx, writes, affected, foldNow, context.snapshotEvery);
  await markDirty(writes, mark, position, now);
  await markAccounts(writes, affected, facts.memberships, batch.accounts, position, now);
  await park(writes, unreadable, position, now);
  if (fold.length > 0) {
    const policies = await store.policies(tx, batch.policies);
    await foldAndWrite(tx, writes, fold, known, { policies, zones: batch.zones, position, now }, store);
  }
  await writes.send(tx);
  return position;
}

interface Indexed {
  readonly facts: PageFacts;
  readonly affected: readonly AffectedCustomer[];
  readonly unreadable: readonly ParkedCustomer[];
}

/** Writes what the events tell into the tables that follow the log. Repeated event ids are found first, where the log does not find them. */
async function index(
  tx: Transaction,
  writes: Writes,
  events: readonly RecordedEvent[],
  from: number,
  attributes: readonly AttributeDefinition[],
  { context: { ids, open } }: ReadModelStore,
): Promise<Indexed> {
  const last = events.at(-1)?.position ?? from;
  const counting = ids === null ? events : await deduplicateEventIds(tx, events, from, ids);
  const recounts = ids === null ? [] : await recountsBetween(tx, from, last);
  const facts = gather(emptyFacts(), counting);
  const erasures = facts.erasures.map(erasureOf);
  const { customerOf, moved, fresh } = await recordSubjects(tx, writes, facts);
  await recordMentions(writes, facts.mentions);
  await recordMembershipChanges(writes, facts.memberships);
  await countOutcomes(writes, facts.receipts, recounts);
  await keepBooks(writes, facts.books);
  await listQuarantine(writes, facts.quarantine);
  await recordOpenings(writes, facts.openings);
  if (facts.touched.size > 0) await replaceQuarantined(tx, writes, touchpointsOf(facts), facts.quarantine.length > 0);
  await recordPolicies(writes, facts.policies);
  await recordTypes(writes, facts.types);
  await recordSegments(writes, facts.segments);
  await markErased(writes, erasures);
  await recordRestrictions(writes, facts.restrictions);
  await recordSuppressions(writes, facts.suppressions);
  await recordAttributeFacts(writes, attributes, touchpointsOf(facts), open);
  await recordAttributeDefinitions(writes, facts.attributes, last);
  await forgetAttributes(
    writes,
    erasures.flatMap(({ subjectIds }) => subjectIds),
  );
  // Nothing else of their customers changes but what is to be done for them.
  const erased = await customersOf(tx, [
    ...erasures.flatMap(({ subjectIds }) => subjectIds),
    ...facts.restrictions.flatMap(subjectsOfRestriction),
    ...facts.suppressions.map(subjectOfSuppression),
  ]);
  const affected = affectedCustomers(facts.touched, { customerOf, fresh, moved, erased });
  const recordedAt = events.reduce((latest, event) => Math.max(latest, event.recordedAt), -Infinity);
  const lastEvent = events.at(-1);
  await writes.query(
    'UPDATE checkpoint SET position = $1, recorded_at = greatest(recorded_at, $2::timestamptz), fingerprint = $3',
    [last, instantText(recordedAt), lastEvent === undefined ? null : fingerprintOf(lastEvent)],
  );
  const unreadable = facts.unreadable.map(({ event, subjectId, reason }): ParkedCustomer => ({
    customerId: customerOf.get(subjectId) ?? subjectId,
    reason: 'unreadable-event',
    detail: `Position ${event.position}: ${reason}`,
  }));
  return { facts, affected, unreadable };
}

function* touchpointsOf({ touched }: PageFacts): Iterable<RecordedEvent> {
  for (const events of touched.values()) yield* events;
}

/**
 * Marks all customers dirty after policies were published, and deletes the states and snapshots that these make invalid: those after the
 * instant from which one of them counts. The first policy of all counts from the beginning of time.
 */
async function policiesPublished(
  tx: Transaction,
  published: readonly RecordedEvent[],
  position: number,
  now: Instant,
): Promise<void> {
  const { timeline } = await loadPolicies(tx);
  await noteWhenInForce(tx, timeline);
  const [row] = await tx.query<{ at: Instant; restated: boolean }>(
    `SELECT min(CASE WHEN p.position = (SELECT min(position) FROM policies) THEN '-infinity'
                     WHEN p.restates THEN coalesce(p.effective_from, '-infinity')
                     ELSE greatest(p.recorded_at, p.effective_from) END) AS at,
            coalesce(bool_or(${RESTATES_WITH_CUSTOMERS}), false) AS restated
       FROM policies p WHERE p.position = ANY($1::bigint[])`,
    [arrayText(published.map((event) => event.position))],
  );
  // First the marks: they wait for transactions that are folding a customer at this moment, and may leave a state.
  const reason = row?.restated === true ? 'policy-restated' : 'policy-changed';
  await markAllDirty(tx, reason, position, now);
  await markAllAccounts(tx, reason, position, now);
  const from = instantText(row?.at ?? -Infinity);
  await tx.query('DELETE FROM states WHERE upto_at >= $1::timestamptz', [from]);
  await tx.query('DELETE FROM snapshots WHERE upto_at >= $1::timestamptz', [from]);
  await tx.query('DELETE FROM account_states WHERE upto_at >= $1::timestamptz', [from]);
}

/** An affected customer who is dirty, parked or heavy. */
interface SpecialCustomer {
  readonly customer_id: string;
  readonly dirty: boolean;
  readonly parked: boolean;
  readonly events: number | null;
  readonly upto_at: number | null;
}

/**
 * Divides the affected customers into those who are folded at once and those who are marked dirty. Parked customers are neither, unless they
 * were merged or unmerged. The statements in `writes` are sent before.
 */
async function divide(
  tx: Transaction,
  writes: Writes,
  affected: readonly AffectedCustomer[],
  foldNow: boolean,
  heavyAbove: number,
): Promise<{ fold: FoldTask[]; mark: AffectedCustomer[]; known: ReadonlyMap<string, KnownCustomer> | null }> {
  const fold: FoldTask[] = [];
  const mark: AffectedCustomer[] = [];
  if (affected.length === 0) return { fold, mark, known: null };
  const special: Statement = {
    sql: `SELECT c.customer_id, d.customer_id IS NOT NULL AS dirty, p.customer_id IS NOT NULL AS parked, n.events, n.upto_at
       FROM unnest($1::text[]) AS c(customer_id)
       LEFT JOIN dirty d ON d.customer_id = c.customer_id
       LEFT JOIN parked p ON p.customer_id = c.customer_id
       LEFT JOIN states n ON n.customer_id = c.customer_id
      WHERE d.customer_id IS NOT NULL OR p.customer_id IS NOT NULL OR n.events > $2`,
    params: [arrayText(affected.map((one) => one.customerId)), heavyAbove],
  };
  // Most of them are folded at once: what the tables know of them is selected in the same round trip.
  const [rows = [], states = []] = await writes.send(tx, foldNow ? [special, selectKnown(affected)] : [special]);
  const bySpecial = new Map((rows as unknown as SpecialCustomer[]).map((row) => [row.customer_id, row]));
  const unparked: string[] = [];
  for (const one of affected) {
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
