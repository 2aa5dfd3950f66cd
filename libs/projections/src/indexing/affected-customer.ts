import type { Instant } from '#contracts';
import type { RecordedEvent } from '#event-log';

/** Why a customer must be folded again. Where several reasons meet, the later one in this list wins. */
export const REASONS = [
  'events',
  'deadline',
  'segment-defined',
  'policy-changed',
  'policy-restated',
  'released',
  'rebuild',
  'unmerge',
  'merge',
] as const;
export type Reason = (typeof REASONS)[number];

/** A customer that a batch of events concerns. */
export interface AffectedCustomer {
  readonly customerId: string;
  reason: Reason;
  /** Their new events in this batch, in log order. */
  readonly events: RecordedEvent[];
  /** The earliest instant of these events; -Infinity when nothing folded before is still valid; null without new events. */
  earliestAt: Instant | null;
  /** True when this batch holds all their events in the log. */
  complete: boolean;
}

/** A customer who must be folded from the beginning. */
export function refoldFromStart(customerId: string, reason: Reason): AffectedCustomer {
  return { customerId, reason, events: [], earliestAt: -Infinity, complete: false };
}

/** What became of the subjects of a batch. */
export interface SubjectChanges {
  /** The customer of each subject, after the links of the batch. */
  readonly customerOf: ReadonlyMap<string, string>;
  /** Subjects that the batch shows for the first time. */
  readonly fresh: ReadonlySet<string>;
  /** Customers who gained or lost a subject, and which of both: what was folded of them before is not valid. */
  readonly moved: ReadonlyMap<string, 'merge' | 'unmerge'>;
  /** Customers with an erased subject: they are folded again, since no action is proposed to them any more. */
  readonly erased: Iterable<string>;
}

/** The customers that a batch concerns: `touchpoints` are its touchpoints by subject. */
export function affectedCustomers(
  touchpoints: ReadonlyMap<string, readonly RecordedEvent[]>,
  { customerOf, fresh, moved, erased }: SubjectChanges,
): AffectedCustomer[] {
  const affected = new Map<string, AffectedCustomer>();
  const of = (customerId: string): AffectedCustomer => {
    let one = affected.get(customerId);
    if (one === undefined) {
      one = { customerId, reason: 'events', events: [], earliestAt: null, complete: fresh.has(customerId) };
      affected.set(customerId, one);
    }
    return one;
  };
  for (const [subjectId, events] of touchpoints) {
    const one = of(customerOf.get(subjectId) ?? subjectId);
    for (const event of events) {
      one.events.push(event);
      if (one.earliestAt === null || event.occurredAt < one.earliestAt) one.earliestAt = event.occurredAt;
    }
  }
  for (const customerId of erased) of(customerId);
  for (const [customerId, reason] of moved) {
    const one = of(customerId);
    one.reason = reason;
    one.earliestAt = -Infinity;
    one.complete = false;
  }
  return [...affected.values()];
}
