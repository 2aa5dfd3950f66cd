import { subjectOfStream, upcast, type Instant, type TouchpointMeta } from '#contracts';
import type { RecordedEvent } from '#event-log';
import {
  snapshotKey,
  compareEvents,
  foldCustomer,
  type Snapshot,
  type LifecycleEvent,
  type PolicyTimeline,
} from '#lifecycle';
import type { FoldedView } from '../read-models/read-model.js';
import { KnownSegments } from '../read-models/segments/known-segments.js';

/** The state of a fold to go on from, and how many events are in it. */
export interface FoldState {
  readonly events: number;
  readonly uptoAt: Instant;
  readonly position: number;
  readonly snapshot: Snapshot;
}

/** The subjects of a customer, sorted. */
export interface CustomerSubjects {
  readonly customerId: string;
  readonly subjectIds: readonly string[];
}

/** What the events of one customer came to. */
export interface FoldedEvents {
  /** Null when there is nothing to show yet: only test traffic, or only events of the future. */
  readonly folded: FoldedView | null;
  /** The instant of the first event that lies in the future. */
  readonly waitingUntil: Instant | null;
  /** Null when nothing was folded. */
  readonly newest: FoldState | null;
  readonly snapshots: readonly FoldState[];
}

export interface FoldOptions {
  readonly policies: PolicyTimeline;
  /** Later events are left for later. */
  readonly asOf: Instant;
  /** The log is indexed up to here. */
  readonly position: number;
  /** A long history leaves a snapshot every so many events. */
  readonly snapshotEvery: number;
  /** The segments whose conditions look at events; none by default. */
  readonly segments?: KnownSegments;
}

/** A history leaves a snapshot every so many events, by default. */
export const SNAPSHOT_EVERY = 256;

/** The events as the fold reads them, in its order. */
export function inOrder(events: readonly RecordedEvent[]): LifecycleEvent[] {
  return events.map(toLifecycleEvent).sort(compareEvents);
}

/** True when each of these sorted events comes after the last one of the state, so that they can be folded on top of it. */
export function allAfter(events: readonly LifecycleEvent[], base: FoldState): boolean {
  const first = events[0];
  return first === undefined || isAfter(first, base);
}

/** Whether an event comes after the last one of a state, in the order of the fold. */
export function isAfter(event: LifecycleEvent, { snapshot }: FoldState): boolean {
  const key = snapshotKey(snapshot);
  if (key === null) return true;
  if (event.occurredAt !== key.occurredAt) return event.occurredAt > key.occurredAt;
  return compareEvents(event, { ...event, ...key }) > 0;
}

/** Folds one customer. `events` are sorted and all after `base`. Pure: the same input gives the same rows. */
export function foldOne(
  customer: CustomerSubjects,
  events: readonly LifecycleEvent[],
  base: FoldState | null,
  { policies, asOf, position, snapshotEvery, segments = KnownSegments.NONE }: FoldOptions,
): FoldedEvents {
  let count = events.length;
  while (count > 0 && (events[count - 1]?.occurredAt ?? 0) > asOf) count--;
  const due = count === events.length ? events : events.slice(0, count);
  const waitingUntil = events[count]?.occurredAt ?? null;
  if (due.length === 0 && base === null) return { folded: null, waitingUntil, newest: null, snapshots: [] };
  const result = foldCustomer({
    events: due,
    policies,
    asOf,
    snapshot: base?.snapshot ?? null,
    snapshotEvery,
  });
  const before = base?.events ?? 0;
  const newest: FoldState = {
    events: before + due.length,
    uptoAt: due[due.length - 1]?.occurredAt ?? base?.uptoAt ?? 0,
    position,
    snapshot: result.snapshot,
  };
  const snapshots: FoldState[] = [];
  result.snapshots.forEach((snapshot, i) => {
    const at = before + (i + 1) * snapshotEvery;
    const key = snapshotKey(snapshot);
    if (key !== null && at < newest.events) snapshots.push({ events: at, uptoAt: key.occurredAt, position, snapshot });
  });
  // Events that come one by one never fill a whole stretch: the state they were folded on stays as a snapshot where they pass a multiple.
  const passed = Math.floor(before / snapshotEvery) < Math.floor(newest.events / snapshotEvery);
  if (base !== null && snapshots.length === 0 && passed) snapshots.push(base);
  if (result.view === null) return { folded: null, waitingUntil, newest, snapshots };
  const folded: FoldedView = {
    customerId: customer.customerId,
    digestId: customer.subjectIds[0] ?? customer.customerId,
    subjectIds: customer.subjectIds,
    view: result.view,
    stagePeriods: result.stagePeriods,
    bookings: result.bookings,
    discrepancies: result.discrepancies,
    whole: base === null,
    refolded: due,
    rebooked: result.rebooked,
    waitingUntil,
    position,
    happened: segments.happenedIn(due),
  };
  return { folded, waitingUntil, newest, snapshots };
}

/** A recorded touchpoint as the fold reads it: upcast to the newest version of its type. */
export function toLifecycleEvent(event: RecordedEvent): LifecycleEvent {
  const { channel, test, brand } = readMeta(event.meta);
  return {
    position: event.position,
    recordedAt: event.recordedAt,
    occurredAt: event.occurredAt,
    source: event.source,
    id: event.id,
    type: event.type,
    channel,
    subjectId: subjectOfStream(event.stream) ?? '',
    test,
    ...(brand === undefined ? {} : { brand }),
    data: upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Record<string, unknown>),
  };
}

const CHANNEL_FIRST = '{"channel":"';

/** The fields of the metadata that the fold needs. Ingestion writes the channel first, so most metadata need not be parsed. */
function readMeta(meta: string): { channel: string; test: boolean; brand?: string } {
  if (meta.startsWith(CHANNEL_FIRST) && !meta.includes('"test"') && !meta.includes('"brand"')) {
    const end = meta.indexOf('"', CHANNEL_FIRST.length);
    const channel = meta.slice(CHANNEL_FIRST.length, end);
    if (end !== -1 && !channel.includes('\\')) return { channel, test: false };
  }
  const read = JSON.parse(meta) as TouchpointMeta;
  const { channel, test, brand } = read;
  return { channel, test: test === true, ...(typeof brand === 'string' ? { brand } : {}) };
}
