import type { Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { CHECKPOINT_FORMAT, checkpointFits, type LifecycleEvent, type PolicyTimeline } from '#lifecycle';
import type { Transaction } from '#database';
import type { Reason } from '../indexing/indexer.js';
import type { RetractionReason } from '../outbox/publish.js';
import type { StepTimes } from '../processor/step-times.js';
import { allAfter, foldOne, inOrder, isAfter, type Base, type FoldedOne } from './fold-one.js';
import { knownOf, loadSnapshotsBefore, readKnown, readTouchpoints, type KnownCustomer } from './load.js';
import type { Outcome } from './write.js';

/** A customer who is to be folded. */
export interface Claim {
  readonly customerId: string;
  readonly reason: Reason;
  /** How many events came that are not folded yet. */
  readonly pending: number;
  /** The earliest of their instants; -Infinity when nothing folded before stands; null without any. */
  readonly earliestAt: Instant | null;
  /** The new events, when they are at hand; null: they must be read from the log. */
  readonly events: readonly RecordedEvent[] | null;
  /** True when the events at hand are all there are of her. */
  readonly complete: boolean;
}

export interface FoldContext {
  readonly log: EventLog;
  /** Whether some of what the log gives may have been found to repeat a name, in this very transaction even. */
  readonly judging: boolean;
  readonly policies: PolicyTimeline;
  readonly asOf: Instant;
  /** The log is indexed up to here: nothing above it is folded. */
  readonly position: number;
  readonly times: StepTimes;
}

/** What a slice of customers came to. */
export interface Slice {
  readonly outcomes: Outcome[];
  readonly failed: { readonly customerId: string; readonly detail: string }[];
  /** Customers of whom only the future is known: not to be looked at before. */
  readonly waiting: { readonly customerId: string; readonly until: Instant }[];
}

interface Planned {
  readonly claim: Claim;
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
  claims: readonly Claim[],
  loaded: ReadonlyMap<string, KnownCustomer> | null,
  context: FoldContext,
): Promise<Slice> {
  const slice: Slice = { outcomes: [], failed: [], waiting: [] };
  if (claims.length === 0) return slice;
  const known = loaded ?? (await context.times.of('load', () => load(tx, claims)));
  const planned = claims.map((claim) => plan(claim, known.get(claim.customerId), context.policies));
  await readFor(tx, planned, context, slice);
  // Some prove to have an event that belongs before what was folded: these go back to an older state.
  const late = planned.filter((one) => one.events !== null && one.base !== null && !allAfter(one.events, one.base));
  await goBack(tx, late, context, slice);
  for (const one of planned) {
    const { known: who, claim } = one;
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
      noteWaiting(slice, claim.customerId, folded);
    } catch (error) {
      slice.failed.push({ customerId: claim.customerId, detail: describe(error) });
    }
  }
  return slice;
}

async function load(tx: Transaction, claims: readonly Claim[]): Promise<Map<string, KnownCustomer>> {
  const asked = claims.map((claim) => ({ customerId: claim.customerId, anew: claim.earliestAt === -Infinity }));
  const [rows = []] = await tx.batch([knownOf(asked)]);
  return readKnown(rows);
}

function outcomeOf(one: Planned): Omit<Outcome, 'one'> {
  return {
    customerId: one.claim.customerId,
    base: one.base,
    written: one.known.written,
    hadActions: one.known.hadActions,
    erased: one.known.erased,
    hadState: one.hadState,
    again: one.again,
    reason: retractionReason(one),
  };
}

function noteWaiting(slice: Slice, customerId: string, one: FoldedOne): void {
  if (one.folded === null && one.waitingUntil !== null) slice.waiting.push({ customerId, until: one.waitingUntil });
}

function plan(claim: Claim, found: KnownCustomer | undefined, policies: PolicyTimeline): Planned {
  const known = fitting(found, policies) ?? {
    customerId: claim.customerId,
    subjectIds: [],
    written: false,
    waitingUntil: null,
    newest: null,
    hadActions: false,
    erased: false,
  };
  const hadState = claim.earliestAt === -Infinity || (found?.newest ?? null) !== null;
  const one: Planned = { claim, known, base: known.newest, events: null, readAfter: 0, again: false, hadState };
  if (known.subjectIds.length === 0) return { ...one, readAfter: null };
  if (known.newest === null) {
    if (claim.events !== null && claim.complete && !known.written)
      return { ...one, readAfter: null, events: take(claim) };
    return { ...one, again: known.written };
  }
  if (known.waitingUntil !== null) return one;
  if (claim.events !== null) return { ...one, readAfter: null, events: take(claim) };
  if (claim.pending === 0) return { ...one, readAfter: null, events: [] };
  return { ...one, readAfter: known.newest.position };
}

/** Without the state, where it was folded under another policy or by another program: then she is folded from the beginning. */
function fitting(found: KnownCustomer | undefined, policies: PolicyTimeline): KnownCustomer | undefined {
  const checkpoint = found?.newest?.checkpoint;
  if (found === undefined || checkpoint === undefined) return found;
  const fits = checkpoint.format === CHECKPOINT_FORMAT && checkpointFits(checkpoint, policies);
  return fits ? found : { ...found, newest: null };
}

/** The events at hand, sorted; null when one of them cannot be read: then the reading from the log says so. */
function take(claim: Claim): LifecycleEvent[] | null {
  try {
    return inOrder(claim.events ?? []);
  } catch {
    return null;
  }
}

async function readFor(
  tx: Transaction,
  planned: readonly Planned[],
  context: FoldContext,
  slice: Slice,
): Promise<void> {
  const whole = planned.filter((one) => one.events === null && one.known.subjectIds.length > 0 && !tail(one));
  const tails = planned.filter((one) => one.events === null && one.known.subjectIds.length > 0 && tail(one));
  await readGroup(tx, whole, 0, context, slice);
  const after = Math.min(...tails.map((one) => one.readAfter ?? 0));
  await readGroup(tx, tails, Number.isFinite(after) ? after : 0, context, slice);
}

function tail(one: Planned): boolean {
  return one.readAfter !== null && one.readAfter > 0;
}

async function readGroup(
  tx: Transaction,
  group: readonly Planned[],
  after: number,
  context: FoldContext,
  slice: Slice,
): Promise<void> {
  if (group.length === 0) return;
  const subjectIds = group.flatMap((one) => one.known.subjectIds);
  const found = await context.times.of('read', () =>
    readTouchpoints(
      context.log,
      subjectIds,
      { ...(after > 0 ? { after } : {}), upTo: context.position },
      context.judging ? tx : null,
    ),
  );
  context.times.ofSync('parse', () => {
    for (const one of group) {
      try {
        const events = one.known.subjectIds.flatMap((subjectId) => found.get(subjectId) ?? []);
        const from = one.readAfter ?? 0;
        const sorted = inOrder(from > 0 ? events.filter((event) => event.position > from) : events);
        // With a state and everything read (something of hers lay in the future), the state's own events come again.
        one.events = keepNew(one, sorted);
      } catch (error) {
        slice.failed.push({ customerId: one.claim.customerId, detail: describe(error) });
      }
    }
  });
}

/** Of all her events those that the base does not hold: above its position, or later in order. */
function keepNew(one: Planned, events: LifecycleEvent[]): LifecycleEvent[] {
  const { base } = one;
  if (base === null || tail(one)) return events;
  return events.filter((event) => event.position > base.position || isAfter(event, base.checkpoint));
}

async function goBack(tx: Transaction, late: readonly Planned[], context: FoldContext, slice: Slice): Promise<void> {
  if (late.length === 0) return;
  const bases = await loadSnapshotsBefore(
    tx,
    late.map((one) => ({ customerId: one.claim.customerId, before: one.events?.[0]?.occurredAt ?? -Infinity })),
  );
  const again = late.map((one): Planned => ({
    ...one,
    base: bases.get(one.claim.customerId) ?? null,
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
  group: readonly Planned[],
  context: FoldContext,
  slice: Slice,
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

function retractionReason(one: Planned): RetractionReason {
  switch (one.claim.reason) {
    case 'merge':
    case 'unmerge':
    case 'policy-changed':
    case 'rebuild':
      return one.claim.reason;
    case 'events':
    case 'deadline':
    case 'released': {
      const reversal = (one.claim.events ?? []).some(
        (event) => event.type === 'order-cancelled' || event.type === 'order-returned',
      );
      return reversal ? 'reversal' : 'late-event';
    }
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
