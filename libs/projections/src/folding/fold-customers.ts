import type { Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { SNAPSHOT_FORMAT, snapshotFits, type LifecycleEvent, type PolicyTimeline } from '#lifecycle';
import type { Transaction } from '#database';
import type { Reason } from '../indexing/indexer.js';
import type { RetractionReason } from '../outbox/publish.js';
import type { StepTimes } from '../processor/step-times.js';
import { allAfter, foldOne, inOrder, isAfter, type Base, type FoldedEvents } from './fold-one.js';
import { knownOf, loadSnapshotsBefore, readKnown, readTouchpoints, type KnownCustomer } from './load.js';
import type { FoldOutcome } from './write.js';

/** A customer who is to be folded. */
export interface FoldTask {
  readonly customerId: string;
  readonly reason: Reason;
  /** How many events came that are not folded yet. */
  readonly pending: number;
  /** The earliest of their instants; -Infinity when nothing folded before stands; null without any. */
  readonly earliestAt: Instant | null;
  /** The new events, when they are at hand; null: they must be read from the log. */
  readonly events: readonly RecordedEvent[] | null;
  /** True when the events at hand are all there are of them. */
  readonly complete: boolean;
}

export interface FoldContext {
  readonly log: EventLog;
  /** Whether some of what the log gives may have been found to repeat a name, in this very transaction even. */
  readonly deduplicating: boolean;
  readonly policies: PolicyTimeline;
  readonly asOf: Instant;
  /** The log is indexed up to here: nothing above it is folded. */
  readonly position: number;
  readonly times: StepTimes;
}

/** What a slice of customers came to. */
export interface FoldBatch {
  readonly outcomes: FoldOutcome[];
  readonly failed: { readonly customerId: string; readonly detail: string }[];
  /** Customers of whom only the future is known: not to be looked at before. */
  readonly waiting: { readonly customerId: string; readonly until: Instant }[];
}

interface PlannedFold {
  readonly task: FoldTask;
  readonly known: KnownCustomer;
  base: Base | null;
  events: LifecycleEvent[] | null;
  /** Null: no reading; a number: the log above it; 0: everything. */
  readAfter: number | null;
  again: boolean;
  /** A state was found, or was not looked for since it would not stand. */
  readonly hadState: boolean;
}

/**
 * Folds a slice of customers, `loaded` or not: one query for what is known of them, one reading of the log for all whose events are not at
 * hand, one fold each. One whose events cannot be read or folded is listed as failed; the others go on.
 */
export async function foldCustomers(
  tx: Transaction,
  tasks: readonly FoldTask[],
  loaded: ReadonlyMap<string, KnownCustomer> | null,
  context: FoldContext,
): Promise<FoldBatch> {
  const slice: FoldBatch = { outcomes: [], failed: [], waiting: [] };
  if (tasks.length === 0) return slice;
  const known = loaded ?? (await context.times.of('load', () => load(tx, tasks)));
  const planned = tasks.map((task) => plan(task, known.get(task.customerId), context.policies));
  await readFor(tx, planned, context, slice);
  // Some prove to have an event that belongs before what was folded: these go back to an older state.
  const late = planned.filter((one) => one.events !== null && one.base !== null && !allAfter(one.events, one.base));
  await goBack(tx, late, context, slice);
  for (const one of planned) {
    const { known: who, task } = one;
    if (who.subjectIds.length === 0) {
      slice.outcomes.push({ ...outcomeOf(one), one: null });
      continue;
    }
    if (one.events === null) continue;
    const { events } = one;
    try {
      const folded = context.times.ofSync('fold', () =>
        foldOne(who, events, one.base, context.policies, context.asOf, context.position),
      );
      slice.outcomes.push({ ...outcomeOf(one), one: folded });
      noteWaiting(slice, task.customerId, folded);
    } catch (error) {
      slice.failed.push({ customerId: task.customerId, detail: describe(error) });
    }
  }
  return slice;
}

async function load(tx: Transaction, tasks: readonly FoldTask[]): Promise<Map<string, KnownCustomer>> {
  const asked = tasks.map((task) => ({ customerId: task.customerId, anew: task.earliestAt === -Infinity }));
  const [rows = []] = await tx.batch([knownOf(asked)]);
  return readKnown(rows);
}

function outcomeOf(one: PlannedFold): Omit<FoldOutcome, 'one'> {
  return {
    customerId: one.task.customerId,
    base: one.base,
    written: one.known.written,
    hadActions: one.known.hadActions,
    erased: one.known.erased,
    hadState: one.hadState,
    again: one.again,
    reason: retractionReason(one),
  };
}

function noteWaiting(slice: FoldBatch, customerId: string, one: FoldedEvents): void {
  if (one.folded === null && one.waitingUntil !== null) slice.waiting.push({ customerId, until: one.waitingUntil });
}

function plan(task: FoldTask, found: KnownCustomer | undefined, policies: PolicyTimeline): PlannedFold {
  const known = fitting(found, policies) ?? {
    customerId: task.customerId,
    subjectIds: [],
    written: false,
    waitingUntil: null,
    newest: null,
    hadActions: false,
    erased: false,
  };
  const hadState = task.earliestAt === -Infinity || (found?.newest ?? null) !== null;
  const one: PlannedFold = { task, known, base: known.newest, events: null, readAfter: 0, again: false, hadState };
  if (known.subjectIds.length === 0) return { ...one, readAfter: null };
  if (known.newest === null) {
    if (task.events !== null && task.complete && !known.written) return { ...one, readAfter: null, events: take(task) };
    return { ...one, again: known.written };
  }
  if (known.waitingUntil !== null) return one;
  if (task.events !== null) return { ...one, readAfter: null, events: take(task) };
  if (task.pending === 0) return { ...one, readAfter: null, events: [] };
  return { ...one, readAfter: known.newest.position };
}

/** Without the state, where it was folded under another policy or by another program: then they are folded from the beginning. */
function fitting(found: KnownCustomer | undefined, policies: PolicyTimeline): KnownCustomer | undefined {
  const checkpoint = found?.newest?.checkpoint;
  if (found === undefined || checkpoint === undefined) return found;
  const fits = checkpoint.format === SNAPSHOT_FORMAT && snapshotFits(checkpoint, policies);
  return fits ? found : { ...found, newest: null };
}

/** The events at hand, sorted; null when one of them cannot be read: then the reading from the log says so. */
function take(task: FoldTask): LifecycleEvent[] | null {
  try {
    return inOrder(task.events ?? []);
  } catch {
    return null;
  }
}

async function readFor(
  tx: Transaction,
  planned: readonly PlannedFold[],
  context: FoldContext,
  slice: FoldBatch,
): Promise<void> {
  const whole = planned.filter((one) => one.events === null && one.known.subjectIds.length > 0 && !tail(one));
  const tails = planned.filter((one) => one.events === null && one.known.subjectIds.length > 0 && tail(one));
  await readGroup(tx, whole, 0, context, slice);
  const after = Math.min(...tails.map((one) => one.readAfter ?? 0));
  await readGroup(tx, tails, Number.isFinite(after) ? after : 0, context, slice);
}

function tail(one: PlannedFold): boolean {
  return one.readAfter !== null && one.readAfter > 0;
}

async function readGroup(
  tx: Transaction,
  group: readonly PlannedFold[],
  after: number,
  context: FoldContext,
  slice: FoldBatch,
): Promise<void> {
  if (group.length === 0) return;
  const subjectIds = group.flatMap((one) => one.known.subjectIds);
  const found = await context.times.of('read', () =>
    readTouchpoints(
      context.log,
      subjectIds,
      { ...(after > 0 ? { after } : {}), upTo: context.position },
      context.deduplicating ? tx : null,
    ),
  );
  context.times.ofSync('parse', () => {
    for (const one of group) {
      try {
        const events = one.known.subjectIds.flatMap((subjectId) => found.get(subjectId) ?? []);
        const from = one.readAfter ?? 0;
        const sorted = inOrder(from > 0 ? events.filter((event) => event.position > from) : events);
        // With a state and everything read (something of theirs lay in the future), the state's own events come again.
        one.events = keepNew(one, sorted);
      } catch (error) {
        slice.failed.push({ customerId: one.task.customerId, detail: describe(error) });
      }
    }
  });
}

/** Of all their events those that the base does not hold: above its position, or later in order. */
function keepNew(one: PlannedFold, events: LifecycleEvent[]): LifecycleEvent[] {
  const { base } = one;
  if (base === null || tail(one)) return events;
  return events.filter((event) => event.position > base.position || isAfter(event, base.checkpoint));
}

async function goBack(
  tx: Transaction,
  late: readonly PlannedFold[],
  context: FoldContext,
  slice: FoldBatch,
): Promise<void> {
  if (late.length === 0) return;
  const bases = await loadSnapshotsBefore(
    tx,
    late.map((one) => ({ customerId: one.task.customerId, before: one.events?.[0]?.occurredAt ?? -Infinity })),
  );
  const again = late.map((one): PlannedFold => ({
    ...one,
    base: bases.get(one.task.customerId) ?? null,
    events: null,
    readAfter: 0,
  }));
  await readGroupFrom(tx, again, context, slice);
  late.forEach((one, i) => {
    one.base = again[i]?.base ?? null;
    one.events = again[i]?.events ?? null;
    one.again = true;
  });
}

/** As readGroup, for bases that are older than what was folded: their position says nothing about what they lack. */
async function readGroupFrom(
  tx: Transaction,
  group: readonly PlannedFold[],
  context: FoldContext,
  slice: FoldBatch,
): Promise<void> {
  const bases = group.map((one) => one.base);
  for (const one of group) one.base = null;
  await readGroup(tx, group, 0, context, slice);
  group.forEach((one, i) => {
    const base = bases[i] ?? null;
    one.base = base;
    if (base !== null && one.events !== null)
      one.events = one.events.filter((event) => isAfter(event, base.checkpoint));
  });
}

function retractionReason(one: PlannedFold): RetractionReason {
  switch (one.task.reason) {
    case 'merge':
    case 'unmerge':
    case 'policy-changed':
    case 'rebuild':
      return one.task.reason;
    case 'events':
    case 'deadline':
    case 'released': {
      const reversal = (one.task.events ?? []).some(
        (event) => event.type === 'order-cancelled' || event.type === 'order-returned',
      );
      return reversal ? 'reversal' : 'late-event';
    }
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
