import type { Instant } from '#contracts';
import { insertRows, sortedByKey, type Transaction, type Writes } from '#database';
import type { RecordedEvent } from '#event-log';
import { policyAt, type LifecycleEvent, type PolicyTimeline } from '#lifecycle';
import { describeError } from '#platform';
import type { AffectedCustomer, Reason } from '../indexing/affected-customer.js';
import { DIRTY, waitingRow } from '../read-models/working-tables.js';
import type { DayZone } from '../read-models/read-model.js';
import type { KnownPolicies } from '../read-models/policies/load-policies.js';
import type { ProjectionContext, ReadModelStore } from '../read-models/read-model-store.js';
import type { KnownSegments } from '../read-models/segments/known-segments.js';
import { CUSTOMER_READ_MODELS } from '../read-models/registry.js';
import type { RetractionReason } from '../outbox/publications.js';
import { allAfter, foldOne, inOrder, type FoldState } from './fold-one.js';
import { readKnown, selectKnown, type KnownCustomer } from './load.js';
import { parkFailed, type ParkedCustomer } from './park.js';
import { judgeOutcomes } from './judge-segments.js';
import { goBack, readEvents, stateFits } from './read-events.js';
import { writeOutcomes, type FoldOutcome } from './write.js';

/** A customer who is to be folded. */
export interface FoldTask {
  readonly customerId: string;
  readonly reason: Reason;
  /** How many events came since the last fold. */
  readonly pending: number;
  /** The earliest instant of these events; -Infinity when nothing folded before is still valid; null without any. */
  readonly earliestAt: Instant | null;
  /** The new events, when they are at hand; null when they must be read from the log. */
  readonly events: readonly RecordedEvent[] | null;
  /** True when the events at hand are all events of the customer. */
  readonly complete: boolean;
}

/** How a task is carried out: on which state, with which events. */
export interface FoldPlan {
  readonly task: FoldTask;
  readonly known: KnownCustomer;
  base: FoldState | null;
  /** Null until they were read. */
  events: LifecycleEvent[] | null;
  /** Where reading begins in the log: above a position, at the start (0), or nowhere since the events are at hand (null). */
  readonly readAfter: number | null;
  /** True when events that were folded before are folded again. */
  again: boolean;
  /** Whether a row of the customer may stand in `states`. */
  readonly hadState: boolean;
}

/** When and on what a batch of customers is folded. */
export interface FoldMoment {
  readonly policies: PolicyTimeline;
  readonly asOf: Instant;
  /** The log is indexed up to here: nothing above it is folded. */
  readonly position: number;
  /** The segments whose conditions look at events. */
  readonly segments?: KnownSegments;
}

/** Where the tables stand when customers are folded: what is known of policies and zones, and how much of the log is in. */
export interface FoldPlace {
  readonly policies: KnownPolicies;
  readonly zones: readonly DayZone[];
  readonly position: number;
  readonly now: Instant;
}

/** The task of folding an affected customer at once. */
export function taskOf(one: AffectedCustomer): FoldTask {
  return {
    customerId: one.customerId,
    reason: one.reason,
    pending: one.events.length,
    earliestAt: one.earliestAt,
    events: one.earliestAt === -Infinity ? null : one.events,
    complete: one.complete,
  };
}

/**
 * Folds customers and writes what came of it, in the caller's transaction. `known` is what the tables know of them, when it was loaded
 * already. Statements whose answer is not needed are added to `writes`, which the caller sends.
 */
export async function foldAndWrite(
  tx: Transaction,
  writes: Writes,
  tasks: readonly FoldTask[],
  known: ReadonlyMap<string, KnownCustomer> | null,
  { policies, zones, position, now }: FoldPlace,
  { context, isLive }: ReadModelStore,
): Promise<void> {
  const moment: FoldMoment = { policies: policies.timeline, asOf: now, position, segments: policies.segments };
  const { outcomes: folded, failed } = await foldCustomers(tx, tasks, known, moment, context);
  const { segments } = policies;
  const outcomes = await context.times.of('fold', () => judgeOutcomes(tx, folded, segments, policies.timeline, now));
  await context.times.of('write', async () => {
    const { snapshotEvery, epoch } = context;
    const write = {
      models: CUSTOMER_READ_MODELS,
      zones,
      restatedAt: policies.restatedAt,
      segmentVersions: segments.versions,
      policy: policyAt(policies.timeline, now).policy,
      position,
      now,
      snapshotEvery,
      publishes: isLive,
      epoch,
    };
    context.counters.published += await writeOutcomes(tx, writes, outcomes, write);
    await parkFailed(tx, writes, failed, { position, now, epoch, publishes: isLive });
    await keepWaiting(writes, outcomes, position, now);
  });
  context.counters.folded += outcomes.length;
  context.counters.parked += failed.length;
}

/** Customers whose events all lie in the future stay dirty until the first of them comes. */
async function keepWaiting(
  writes: Writes,
  outcomes: readonly FoldOutcome[],
  position: number,
  now: Instant,
): Promise<void> {
  const rows = outcomes.flatMap(({ customerId, folded, waitingUntil: until }) =>
    folded === null && until !== null ? [waitingRow({ customerId, until }, position, now)] : [],
  );
  const onConflict = '(customer_id) DO UPDATE SET not_before = EXCLUDED.not_before';
  await insertRows(writes, DIRTY, sortedByKey(DIRTY, rows), onConflict);
}

/**
 * Folds a batch of customers: one query for what the tables know of them, one reading of the log for all whose events are not at hand,
 * one fold each. A customer whose events cannot be read or folded is listed as failed; the others go on.
 */
export async function foldCustomers(
  tx: Transaction,
  tasks: readonly FoldTask[],
  loaded: ReadonlyMap<string, KnownCustomer> | null,
  moment: FoldMoment,
  context: ProjectionContext,
): Promise<{ readonly outcomes: FoldOutcome[]; readonly failed: ParkedCustomer[] }> {
  const outcomes: FoldOutcome[] = [];
  const failed: ParkedCustomer[] = [];
  const fail = (customerId: string, error: unknown): void => {
    failed.push({ customerId, reason: 'fold-failed', detail: describeError(error) });
  };
  if (tasks.length === 0) return { outcomes, failed };
  const known = loaded ?? (await context.times.of('load', () => load(tx, tasks)));
  const plans = tasks.map((task) => plan(task, known.get(task.customerId), moment.policies));
  await readEvents(tx, plans, moment, context, fail);
  // Some prove to have an event that belongs before what was folded: they go back to an older state.
  const late = plans.filter((one) => one.events !== null && one.base !== null && !allAfter(one.events, one.base));
  await goBack(tx, late, moment, context, fail);
  const options = { ...moment, snapshotEvery: context.snapshotEvery };
  for (const one of plans) {
    if (one.known.subjectIds.length === 0) {
      outcomes.push({ ...outcomeOf(one), folded: null, waitingUntil: null, newest: null, snapshots: [] });
      continue;
    }
    const { events } = one;
    if (events === null) continue;
    try {
      const folded = context.times.ofSync('fold', () => foldOne(one.known, events, one.base, options));
      outcomes.push({ ...outcomeOf(one), ...folded });
    } catch (error) {
      fail(one.task.customerId, error);
    }
  }
  return { outcomes, failed };
}

async function load(tx: Transaction, tasks: readonly FoldTask[]): Promise<Map<string, KnownCustomer>> {
  const [rows = []] = await tx.batch([selectKnown(tasks)]);
  return readKnown(rows);
}

function plan(task: FoldTask, found: KnownCustomer | undefined, policies: PolicyTimeline): FoldPlan {
  const known = withFittingState(found, policies) ?? {
    customerId: task.customerId,
    subjectIds: [],
    written: false,
    waitingUntil: null,
    newest: null,
    wakeAt: null,
    foldedPosition: 0,
    hadActions: false,
    erased: false,
    restricted: false,
    suppressions: [],
  };
  const hadState = task.earliestAt === -Infinity || (found?.newest ?? null) !== null;
  const one: FoldPlan = { task, known, base: known.newest, events: null, readAfter: 0, again: false, hadState };
  if (known.subjectIds.length === 0) return { ...one, readAfter: null };
  if (known.newest === null) {
    if (task.events !== null && task.complete && !known.written)
      return { ...one, readAfter: null, events: eventsOf(task) };
    return { ...one, again: known.written };
  }
  if (known.waitingUntil !== null) return one;
  if (task.events !== null) return { ...one, readAfter: null, events: eventsOf(task) };
  if (task.pending === 0) return { ...one, readAfter: null, events: [] };
  return { ...one, readAfter: known.newest.position };
}

/** Without the state, where another policy or another program folded it: then the customer is folded from the beginning. */
function withFittingState(found: KnownCustomer | undefined, policies: PolicyTimeline): KnownCustomer | undefined {
  if (found === undefined || found.newest === null) return found;
  return stateFits(found.newest, policies) ? found : { ...found, newest: null };
}

/** The events at hand, sorted; null when one of them is unreadable: then reading them from the log gives the reason. */
function eventsOf(task: FoldTask): LifecycleEvent[] | null {
  try {
    return inOrder(task.events ?? []);
  } catch {
    return null;
  }
}

function outcomeOf(one: FoldPlan): Omit<FoldOutcome, 'folded' | 'waitingUntil' | 'newest' | 'snapshots'> {
  return {
    customerId: one.task.customerId,
    base: one.base,
    written: one.known.written,
    hadActions: one.known.hadActions,
    erased: one.known.erased,
    restricted: one.known.restricted,
    suppressions: one.known.suppressions,
    hadState: one.hadState,
    again: one.again,
    reason: retractionReason(one.task),
    task: one.task.reason,
    known: one.known,
  };
}

function retractionReason({ reason, events }: FoldTask): RetractionReason {
  switch (reason) {
    case 'merge':
    case 'unmerge':
    case 'policy-changed':
    case 'policy-restated':
    case 'rebuild':
      return reason;
    case 'events':
    case 'deadline':
    case 'released':
    case 'segment-defined': {
      const reversal = (events ?? []).some(
        (event) => event.type === 'order-cancelled' || event.type === 'order-returned',
      );
      return reversal ? 'reversal' : 'late-event';
    }
  }
}
