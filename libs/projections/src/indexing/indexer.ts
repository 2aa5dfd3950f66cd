import type { Instant } from '#contracts';
import type { RecordedEvent } from '#event-log';
import type { Transaction } from '#database';
import { countOutcomes } from '../read-models/outcomes/projection.js';
import type { Recount } from './event-ids/recount.js';
import { customersOf, markErased, recordSubjects } from '../read-models/links/projection.js';
import { recordPolicies, recordTypes } from '../read-models/policies/projection.js';
import { listQuarantine } from '../read-models/quarantine/projection.js';
import { instantText } from '#database';
import type { Writes } from '#database';
import { emptyFacts, gather } from './page-facts.js';

/** Why a customer must be folded again. The later ones in this list tell more, and win where several meet. */
export const REASONS = ['events', 'deadline', 'policy-changed', 'released', 'rebuild', 'unmerge', 'merge'] as const;
export type Reason = (typeof REASONS)[number];

/** A customer whom a page of the log concerns. */
export interface AffectedCustomer {
  readonly customerId: string;
  reason: Reason;
  /** Their new events on this page, in log order. */
  readonly events: RecordedEvent[];
  /** The earliest of their instants; -Infinity when nothing folded of them before stands; null without new events. */
  earliestAt: Instant | null;
  /** True when all that the log holds of them is on this page. */
  complete: boolean;
}

/** What a page did, and whom it concerns. */
export interface Indexed {
  readonly position: number;
  readonly recordedAt: Instant;
  readonly touched: ReadonlyMap<string, AffectedCustomer>;
  /** True when a policy was published: everybody is concerned. */
  readonly everybody: boolean;
  readonly unreadable: readonly { readonly subjectId: string; readonly reason: string; readonly position: number }[];
}

/**
 * Takes one page of the log into the tables that follow the log itself, in the caller's transaction, and says whom
 * the page concerns. A handful of statements, however many events the page has. Moves the checkpoint. Of the page only
 * the events in `counting` count; what the others were counted as before is in `recounts`. What needs no answer is put off in `writes`: the
 * caller sends it.
 */
export async function indexPage(
  tx: Transaction,
  writes: Writes,
  events: readonly RecordedEvent[],
  counting = events,
  recounts: readonly Recount[] = [],
): Promise<Indexed> {
  const facts = gather(emptyFacts(), counting);
  const { customerOf, moved, fresh } = await recordSubjects(tx, writes, facts.subjects, facts.links);
  await countOutcomes(writes, facts.receipts, recounts);
  await listQuarantine(writes, facts.quarantine);
  await recordPolicies(writes, facts.policies);
  await recordTypes(writes, facts.types);
  await markErased(writes, facts.erasures.map(erasureOf));

  const erased = await customersOf(
    tx,
    facts.erasures.flatMap((event) => erasureOf(event).subjectIds),
  );

  const touched = new Map<string, AffectedCustomer>();
  const touch = (customerId: string): AffectedCustomer => {
    let one = touched.get(customerId);
    if (one === undefined) {
      one = { customerId, reason: 'events', events: [], earliestAt: null, complete: fresh.has(customerId) };
      touched.set(customerId, one);
    }
    return one;
  };
  for (const [subjectId, own] of facts.touched) {
    const one = touch(customerOf.get(subjectId) ?? subjectId);
    for (const event of own) {
      one.events.push(event);
      if (one.earliestAt === null || event.occurredAt < one.earliestAt) one.earliestAt = event.occurredAt;
    }
  }
  // Nothing is called for any more of whom was erased: their folding says so.
  for (const customerId of erased) touch(customerId);
  for (const customerId of moved) {
    const one = touch(customerId);
    one.reason = 'merge';
    one.earliestAt = -Infinity;
    one.complete = false;
  }
  const last = events[events.length - 1];
  const position = last?.position ?? 0;
  const recordedAt = events.reduce((latest, event) => Math.max(latest, event.recordedAt), -Infinity);
  if (last !== undefined)
    await writes.query('UPDATE checkpoint SET position = $1, recorded_at = greatest(recorded_at, $2::timestamptz)', [
      position,
      instantText(recordedAt),
    ]);
  return {
    position,
    recordedAt,
    touched,
    everybody: facts.policies.length > 0,
    unreadable: facts.unreadable.map(({ event, subjectId, reason }) => ({
      subjectId: customerOf.get(subjectId) ?? subjectId,
      reason,
      position: event.position,
    })),
  };
}

function erasureOf(event: RecordedEvent): { subjectIds: readonly string[]; at: number } {
  const data = JSON.parse(event.data) as { readonly subjectIds?: readonly string[] };
  return { subjectIds: data.subjectIds ?? [], at: event.recordedAt };
}
