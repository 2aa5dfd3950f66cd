import { formatInstant, STREAMS, type Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import {
  compareEvents,
  customersDecided,
  foldCustomer,
  RESOLUTION_RULES,
  type IdentityDecision,
  type Resolution,
} from '#lifecycle';
import { lifecycleEventOf, policiesKnown, type ConnectedSubjects } from '#queries';

/** A customer as a decision leaves or finds them. Money is in minor units. */
export interface PreviewedCustomer {
  readonly customerId: string;
  readonly subjects: readonly { readonly subjectId: string; readonly namespace: string }[];
  /** Touchpoints of all their subjects, test traffic left out. */
  readonly touchpoints: number;
  /** Null where there is test traffic only. */
  readonly stage: string | null;
  readonly phase: string | null;
  readonly cycle: number | null;
  readonly enteredAt: string | null;
  readonly orders: number;
  readonly revenue: readonly { readonly currency: string; readonly amountMinor: number }[];
  readonly firstSeenAt: string | null;
  readonly lastSeenAt: string | null;
}

/** A link that joins no customers. */
export interface PreviewedLink {
  readonly a: string;
  readonly b: string;
  readonly occurredAt: string;
  readonly source: string;
  readonly eventId: string;
  readonly origin: string;
  readonly reason: string;
}

/** What a decision would change. */
export interface DecisionPreview {
  /** The log position that it rests on. */
  readonly position: number;
  /** The customers that it concerns, as they are now. */
  readonly before: readonly PreviewedCustomer[];
  /** The same people as they would be. */
  readonly after: readonly PreviewedCustomer[];
  /** Links that would be rejected, and are not now. */
  readonly rejected: readonly PreviewedLink[];
  /** Links that are rejected now, and would not be. */
  readonly admitted: readonly PreviewedLink[];
}

/** What a preview rests on. */
export interface PreviewBasis {
  readonly connected: ConnectedSubjects;
  /** The subjects that the decision names. */
  readonly named: readonly string[];
  readonly before: readonly IdentityDecision[];
  readonly after: readonly IdentityDecision[];
  readonly position: number;
  readonly now: Instant;
}

/** The customers of a connected by decisions. */
export const resolved = ({ subjects, links }: ConnectedSubjects, decisions: readonly IdentityDecision[]): Resolution =>
  customersDecided(subjects, links, decisions, RESOLUTION_RULES);

/** Works out what a decision would change. Nothing is written: customers are folded from the log, as they are and as they would be. */
export async function previewDecision(
  log: Pick<EventLog, 'readStreams' | 'read'>,
  { connected, named, before, after, position, now }: PreviewBasis,
): Promise<DecisionPreview> {
  const [then, become] = [resolved(connected, before), resolved(connected, after)];
  const concerned = concernedSubjects(then, become, named);
  const events = await eventsOf(log, [...concerned], position);
  const policies = await policiesKnown(log as EventLog, null);
  const namespaces = new Map(connected.subjects.map(({ subjectId, namespace }) => [subjectId, namespace]));
  const shown = ({ customers }: Resolution): PreviewedCustomer[] =>
    customers
      .filter(({ subjects }) => subjects.some((id) => concerned.has(id)))
      .map(({ customerId, subjects }) => {
        const own = subjects.flatMap((id) => events.get(id) ?? []).map(lifecycleEventOf);
        const { view } = foldCustomer({ events: own.sort(compareEvents), policies, asOf: now });
        return {
          customerId,
          subjects: subjects.map((subjectId) => ({ subjectId, namespace: namespaces.get(subjectId) ?? 'unknown' })),
          ...{ touchpoints: view?.touchpoints ?? 0, stage: view?.stage ?? null, phase: view?.phase ?? null },
          ...{ cycle: view?.cycle ?? null, enteredAt: textOf(view?.enteredAt), orders: view?.orders ?? 0 },
          revenue: (view?.revenue ?? []).map(({ currency, amountMinor }) => ({ currency, amountMinor })),
          ...{ firstSeenAt: textOf(view?.firstSeenAt), lastSeenAt: textOf(view?.lastSeenAt) },
        };
      });
  return {
    ...{ position, before: shown(then), after: shown(become) },
    ...{ rejected: rejectedOnlyIn(become, then), admitted: rejectedOnlyIn(then, become) },
  };
}

const textOf = (at: Instant | undefined): string | null => (at === undefined ? null : formatInstant(at));

/** All subjects of customers that the decision names or changes. */
function concernedSubjects(then: Resolution, become: Resolution, named: readonly string[]): ReadonlySet<string> {
  const concerned = new Set<string>();
  const known = new Set(then.customers.map(({ subjects }) => subjects.join()));
  for (const { subjects } of become.customers)
    if (!known.has(subjects.join())) for (const id of subjects) concerned.add(id);
  for (const { customers } of [then, become])
    for (const { subjects } of customers)
      if (named.some((id) => subjects.includes(id))) for (const id of subjects) concerned.add(id);
  return concerned;
}

async function eventsOf(
  log: Pick<EventLog, 'readStreams'>,
  subjectIds: readonly string[],
  position: number,
): Promise<ReadonlyMap<string, readonly RecordedEvent[]>> {
  const events = new Map<string, RecordedEvent[]>();
  const prefix = STREAMS.subject('').length;
  for (const event of await log.readStreams(subjectIds.map(STREAMS.subject), { upTo: position })) {
    const subjectId = event.stream.slice(prefix);
    const list = events.get(subjectId);
    if (list === undefined) events.set(subjectId, [event]);
    else list.push(event);
  }
  return events;
}

function rejectedOnlyIn(one: Resolution, other: Resolution): PreviewedLink[] {
  const keyOf = ({ link }: Resolution['rejected'][number]): string =>
    `${link.a} ${link.b} ${link.origin} ${link.source} ${link.id}`;
  const elsewhere = new Set(other.rejected.map(keyOf));
  return one.rejected
    .filter((each) => !elsewhere.has(keyOf(each)))
    .map(({ link: { a, b, occurredAt, source, id, origin }, reason }) => ({
      ...{ a, b, occurredAt: formatInstant(occurredAt), source, eventId: id, origin, reason },
    }));
}
