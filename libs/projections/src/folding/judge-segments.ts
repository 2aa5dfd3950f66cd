import type { Instant } from '#contracts';
import { arrayText, instantText, type Transaction } from '#database';
import {
  addDays,
  policyAt,
  relationAt,
  type CustomerView,
  type Moment,
  type PolicyTimeline,
  type SegmentFacts,
} from '#lifecycle';
import type {
  FoldedEvent,
  FoldedView,
  JudgedSegments,
  SegmentCause,
  SegmentChange,
} from '../read-models/read-model.js';
import type { Happened, KnownSegments } from '../read-models/segments/known-segments.js';
import type { Reason } from '../indexing/affected-customer.js';
import type { FoldOutcome } from './write.js';

/** A customer whose memberships are to be judged. */
export interface SegmentCase {
  readonly folded: FoldedView;
  readonly erased: boolean;
  readonly restricted: boolean;
  /** When the touchpoints of each pattern happened, by the hash of the pattern, sorted. */
  readonly happened: ReadonlyMap<string, readonly Instant[]>;
  /** The segments that the tables have the customer in. */
  readonly before: readonly string[];
  /** The first instant since the last fold at which time alone may have changed something; null where there is none. */
  readonly since: Instant | null;
  /** The events that no fold had seen before, in their order. */
  readonly fresh: readonly FoldedEvent[];
  readonly cause: SegmentCause;
}

/** So many instants of a past that was slept through are looked at one by one; then only how it is now. */
const INSTANTS_MAX = 1_000;

/**
 * Judges one customer: at each instant since the last fold at which time alone may have changed a membership, and as it is now. So a
 * membership that ended at an instant ended then, however late the projector looked. Pure.
 */
export function judge(
  one: SegmentCase,
  segments: KnownSegments,
  policies: PolicyTimeline,
  now: Instant,
): JudgedSegments {
  const { folded, before, cause } = one;
  let members = new Set(before);
  const changes: SegmentChange[] = [];
  const note = (found: ReadonlySet<string>, at: Instant, why: SegmentCause): void => {
    for (const id of members) if (!found.has(id)) changes.push({ segmentId: id, kind: 'left', at, cause: why });
    for (const id of found) if (!members.has(id)) changes.push({ segmentId: id, kind: 'entered', at, cause: why });
    members = new Set(found);
  };
  const done = (nextAt: Instant | null): JudgedSegments => ({
    ...{ members: [...members], nextAt, changes },
    added: [...members].filter((id) => !before.includes(id)),
    removed: before.filter((id) => !members.has(id)),
  });
  if (one.erased) {
    // The tables of an erased person stay, and no segment may rest on them.
    note(new Set(), now, { kind: 'privacy', events: [] });
    return done(null);
  }
  const happenedOf = new Map(segments.patterns.map(({ key, hash }) => [key, one.happened.get(hash) ?? []]));
  const look = (view: CustomerView, at: Instant) => {
    const facts: SegmentFacts = { view, restricted: one.restricted, happened: (key) => happenedOf.get(key) ?? [] };
    const moment: Moment = { at, timeZone: policyAt(policies, at).policy.timeZone };
    const found = new Set<string>();
    let nextAt = Infinity;
    for (const [id, membership] of segments.set.membershipsOf(facts, moment)) {
      if (membership.member) found.add(id);
      if (membership.nextAt !== null && membership.nextAt < nextAt) nextAt = membership.nextAt;
    }
    return { found, nextAt };
  };
  const firstNew = one.fresh[0]?.occurredAt ?? Infinity;
  let at = one.since ?? Infinity;
  for (let looks = 0; at <= now && at < firstNew && looks < INSTANTS_MAX; looks += 1) {
    const { found, nextAt } = look(viewAt(folded, at), at);
    note(found, at, { kind: 'time', events: [] });
    const moved = folded.stagePeriods.find(({ enteredAt }) => enteredAt > at)?.enteredAt ?? Infinity;
    at = Math.min(nextAt, moved);
  }
  const { found, nextAt } = look(folded.view, now);
  note(found, changedAt(one, now), cause);
  return done(nextAt === Infinity ? null : nextAt);
}

/** When what changed now changed: with the newest event, or now. */
function changedAt({ fresh, cause }: SegmentCase, now: Instant): Instant {
  return cause.kind === 'event' ? Math.min(now, fresh.at(-1)?.occurredAt ?? now) : now;
}

/** The view with the place that the customer had at an earlier instant. */
function viewAt({ view: present, stagePeriods }: FoldedView, at: Instant): CustomerView {
  const relation = relationAt(present.relation, at);
  const view = relation === present.relation ? present : { ...present, relation };
  const period = stagePeriods.findLast(({ enteredAt }) => enteredAt <= at);
  if (period === undefined || period.enteredAt === view.enteredAt) return view;
  const { cycle, stage, phase, enteredAt } = period;
  return { ...view, cycle, stage, phase, enteredAt };
}

/** Judges the customers that were just folded: one query for their memberships, and one for what they did before. */
export async function judgeOutcomes(
  tx: Transaction,
  outcomes: readonly FoldOutcome[],
  segments: KnownSegments,
  policies: PolicyTimeline,
  now: Instant,
): Promise<FoldOutcome[]> {
  if (segments.isEmpty || outcomes.length === 0) return [...outcomes];
  const before = await membershipsOf(
    tx,
    outcomes.filter(({ written }) => written),
  );
  const earlier = await happenedBefore(
    tx,
    outcomes.filter((one) => one.folded !== null && !one.folded.whole && !one.erased),
    segments,
    policies,
    now,
  );
  return outcomes.map((one) => {
    const { customerId, folded, erased, restricted, known } = one;
    const held = before.get(customerId) ?? [];
    if (folded === null) return { ...one, leftSegments: held };
    const happened = together(earlier.get(customerId), folded.happened);
    const fresh = freshOf(folded, known);
    const standing = { before: held, since: known.wakeAt, fresh, cause: causeOf(one.task, fresh) };
    const judged = judge({ folded, erased, restricted, happened, ...standing }, segments, policies, now);
    return { ...one, folded: { ...folded, segments: judged } };
  });
}

/** The events that no fold had seen before: they came since, or lay in the future then. */
function freshOf(
  { refolded }: FoldedView,
  { foldedPosition, waitingUntil }: FoldOutcome['known'],
): readonly FoldedEvent[] {
  return refolded.filter(
    ({ position, occurredAt }) => position > foldedPosition || (waitingUntil !== null && occurredAt >= waitingUntil),
  );
}

/** So many of the new events are named as the cause. */
const EVENTS_NAMED = 5;

function causeOf(task: Reason, fresh: readonly FoldedEvent[]): SegmentCause {
  switch (task) {
    case 'merge':
    case 'unmerge':
    case 'rebuild':
      return { kind: task, events: [] };
    case 'policy-changed':
    case 'policy-restated':
      return { kind: 'policy', events: [] };
    case 'segment-defined':
      return { kind: 'definition', events: [] };
    case 'deadline':
    case 'events':
    case 'released': {
      const events = fresh.slice(-EVENTS_NAMED).map(({ source, id }) => ({ source, id }));
      if (events.length > 0) return { kind: 'event', events };
      // An erasure or a restriction folds a customer again without an event.
      return { kind: task === 'deadline' ? 'time' : 'privacy', events: [] };
    }
    default:
      return task satisfies never;
  }
}

/** The segments that the tables have each customer in. */
async function membershipsOf(tx: Transaction, outcomes: readonly FoldOutcome[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  if (outcomes.length === 0) return found;
  const rows = await tx.query<{ customer_id: string; ids: string }>(
    `SELECT customer_id, string_agg(segment_id, ',' ORDER BY segment_id) AS ids FROM segment_members
      WHERE customer_id = ANY($1::text[]) GROUP BY customer_id`,
    [arrayText(outcomes.map((one) => one.customerId))],
  );
  for (const row of rows) found.set(row.customer_id, row.ids.split(','));
  return found;
}

/** What the customers did before the events that were just folded, by customer and pattern, sorted. */
async function happenedBefore(
  tx: Transaction,
  outcomes: readonly FoldOutcome[],
  segments: KnownSegments,
  policies: PolicyTimeline,
  now: Instant,
): Promise<Map<string, Map<string, Instant[]>>> {
  const found = new Map<string, Map<string, Instant[]>>();
  if (outcomes.length === 0 || segments.patterns.length === 0) return found;
  const { timeZone } = policyAt(policies, now).policy;
  // A window is looked at from the last fold on, which may lie back: a day more costs little.
  const since = outcomes.reduce((first, { known }) => Math.min(first, known.wakeAt ?? now), now);
  const rows = await tx.query<{ customer_id: string; pattern: string; ats: string }>(
    `SELECT customer_id, pattern, string_agg(ms::text, ',' ORDER BY ms) AS ats FROM (
       SELECT e.customer_id, e.pattern, (extract(epoch FROM e.at) * 1000)::bigint AS ms, p.latest,
              row_number() OVER (PARTITION BY e.customer_id, e.pattern ORDER BY e.at DESC) AS nth
         FROM segment_events e
         JOIN unnest($2::text[], $3::timestamptz[], $4::int[]) AS p(pattern, since, latest) ON p.pattern = e.pattern AND e.at > p.since
         LEFT JOIN unnest($5::text[], $6::text[], $7::text[]) AS f(customer_id, source, event_id)
                ON f.customer_id = e.customer_id AND f.source = e.source AND f.event_id = e.event_id
        WHERE e.customer_id = ANY($1::text[]) AND f.customer_id IS NULL) r
      WHERE nth <= latest GROUP BY customer_id, pattern`,
    [
      arrayText(outcomes.map((one) => one.customerId)),
      arrayText(segments.patterns.map(({ hash }) => hash)),
      arrayText(
        segments.patterns.map(({ withinDays }) =>
          instantText(withinDays === Infinity ? -Infinity : addDays(since, -withinDays - 2, timeZone)),
        ),
      ),
      arrayText(segments.patterns.map(({ latest }) => Math.min(latest, LATEST_MAX))),
      ...refoldedOf(outcomes),
    ],
  );
  for (const { customer_id: customerId, pattern, ats } of rows) {
    const ofCustomer = found.get(customerId) ?? new Map<string, Instant[]>();
    ofCustomer.set(pattern, ats.split(',').map(Number));
    found.set(customerId, ofCustomer);
  }
  return found;
}

const LATEST_MAX = 2_147_483_647;

/** The events that were folded before and are folded again: their rows are replaced, so what the tables say of them does not count. */
function refoldedOf(outcomes: readonly FoldOutcome[]): [string, string, string] {
  const rows = outcomes.flatMap(({ customerId, again, folded }) =>
    again ? (folded?.refolded ?? []).map(({ source, id }) => ({ customerId, source, id })) : [],
  );
  return [
    arrayText(rows.map(({ customerId }) => customerId)),
    arrayText(rows.map(({ source }) => source)),
    arrayText(rows.map(({ id }) => id)),
  ];
}

/** What happened before and what is new, by pattern, sorted. */
export function together(
  earlier: ReadonlyMap<string, readonly Instant[]> | undefined,
  fresh: readonly Happened[],
): ReadonlyMap<string, readonly Instant[]> {
  if (fresh.length === 0) return earlier ?? new Map();
  const all = new Map<string, Instant[]>();
  for (const [pattern, ats] of earlier ?? []) all.set(pattern, [...ats]);
  for (const { pattern, at } of fresh) {
    const ats = all.get(pattern);
    if (ats === undefined) all.set(pattern, [at]);
    else ats.push(at);
  }
  // Events come in their order, and late ones are folded from before the first of them: sorting is for what the tables have between.
  for (const ats of all.values()) ats.sort((a, b) => a - b);
  return all;
}
