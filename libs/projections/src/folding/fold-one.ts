import type { Instant } from '#contracts';
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
import { toLifecycleEvent } from './lifecycle-event.js';

/** A fold state to go on from, and how many events are in it. */
export interface Base {
  readonly events: number;
  readonly uptoAt: Instant;
  readonly position: number;
  readonly checkpoint: Snapshot;
}

/** Who is to be folded, and what was found of them. */
export interface Subjected {
  readonly customerId: string;
  /** All subjects of the component, sorted. */
  readonly subjectIds: readonly string[];
}

/** What one customer's fold gave. `folded` is null where there is nothing to show of their yet (only test traffic, only the future). */
export interface FoldedEvents {
  readonly folded: FoldedView | null;
  readonly waitingUntil: Instant | null;
  /** Null where nothing was folded at all. */
  readonly newest: Base | null;
  readonly snapshots: readonly Base[];
}

/** A long history leaves a snapshot every so many events. */
export const SNAPSHOT_EVERY = 256;

/** The events as the fold takes them, in its order. */
export function inOrder(events: readonly RecordedEvent[]): LifecycleEvent[] {
  return events.map(toLifecycleEvent).sort(compareEvents);
}

/** True when every one of these comes after what the state holds, so that they can be folded on top of it. */
export function allAfter(events: readonly LifecycleEvent[], base: Base): boolean {
  const first = events[0];
  return first === undefined || isAfter(first, base.checkpoint);
}

/** Whether an event comes after a state's last one in the order of the fold. */
export function isAfter(event: LifecycleEvent, checkpoint: Snapshot): boolean {
  const key = snapshotKey(checkpoint);
  if (key === null) return true;
  if (event.occurredAt !== key.occurredAt) return event.occurredAt > key.occurredAt;
  return compareEvents(event, { ...event, ...key }) > 0;
}

/** Folds one customer up to `asOf`. `events` are sorted and all after the base. Pure: the same input, the same rows. */
export function foldOne(
  who: Subjected,
  events: readonly LifecycleEvent[],
  base: Base | null,
  policies: PolicyTimeline,
  asOf: Instant,
  position: number,
): FoldedEvents {
  let ripe = events.length;
  while (ripe > 0 && (events[ripe - 1]?.occurredAt ?? 0) > asOf) ripe--;
  const due = ripe === events.length ? events : events.slice(0, ripe);
  const waitingUntil = events[ripe]?.occurredAt ?? null;
  if (due.length === 0 && base === null) return { folded: null, waitingUntil, newest: null, snapshots: [] };
  const result = foldCustomer({
    events: due,
    policies,
    asOf,
    checkpoint: base?.checkpoint ?? null,
    checkpointEvery: SNAPSHOT_EVERY,
  });
  const before = base?.events ?? 0;
  const last = due[due.length - 1];
  const newest: Base = {
    events: before + due.length,
    uptoAt: last?.occurredAt ?? base?.uptoAt ?? 0,
    position,
    checkpoint: result.checkpoint,
  };
  const snapshots: Base[] = [];
  result.checkpoints.forEach((checkpoint, i) => {
    const at = before + (i + 1) * SNAPSHOT_EVERY;
    const key = snapshotKey(checkpoint);
    if (key !== null && at < newest.events)
      snapshots.push({ events: at, uptoAt: key.occurredAt, position, checkpoint });
  });
  // One event after the other never gives a full stretch: the state that was newest stays behind when a mark is passed.
  if (base !== null && snapshots.length === 0 && crosses(before, newest.events)) snapshots.push(base);
  if (result.view === null) return { folded: null, waitingUntil, newest, snapshots };
  const folded: FoldedView = {
    customerId: who.customerId,
    digestId: who.subjectIds[0] ?? who.customerId,
    subjectIds: who.subjectIds,
    view: result.view,
    stagePeriods: result.stagePeriods,
    bookings: result.bookings,
    whole: base === null,
    refolded: due,
    waitingUntil,
    position,
  };
  return { folded, waitingUntil, newest, snapshots };
}

function crosses(before: number, after: number): boolean {
  return Math.floor(before / SNAPSHOT_EVERY) < Math.floor(after / SNAPSHOT_EVERY);
}
