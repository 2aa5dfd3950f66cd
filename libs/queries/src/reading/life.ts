import { STREAMS, subjectOfStream, upcast, type Instant, type TouchpointMeta } from '#contracts';
import type { RecordedEvent } from '#event-log';
import { compareEvents, type LifecycleEvent, type PolicyTimeline } from '#lifecycle';
import type { QueryContext } from '../running/query.js';
import { decisionsOnRecord } from './decisions.js';
import { policiesKnown } from './policies.js';
import { inReadModels } from './read-models.js';
import { subjectsKnownBy, type KnownSubjects } from './subjects-known.js';
import { namedSubject, unknown, type NamedCustomer } from './who.js';

/** Everything that was known of one customer at a position of the log. */
export interface Life {
  /** Who they were then: an id may have become another by a merge since. */
  readonly customerId: string;
  readonly subjectIds: readonly string[];
  /** In the order of folding; empty where nothing was known of the customer yet. */
  readonly events: readonly LifecycleEvent[];
  readonly policies: PolicyTimeline;
  readonly position: number;
}

/** What bounds the knowledge: an instant of belief, or a position that an earlier page rested on. */
export interface KnowledgeBound {
  readonly knownAt: Instant | null;
  readonly position: number | null;
}

/** Who a customer was by the links known at a position of the log. */
export interface Known extends KnownSubjects {
  readonly position: number;
}

/** Who was named, by what was known within the bound. @throws QueryRejected where the subject is not known even now. */
export async function knownCustomer(
  context: QueryContext,
  named: NamedCustomer,
  bound: KnowledgeBound,
): Promise<Known> {
  const subjectId = await namedSubject(context, named);
  const knownPosition = bound.knownAt === null ? Infinity : await context.log.positionAt(bound.knownAt);
  return inReadModels(context.database, async (models) => {
    const position = Math.min(models.position, knownPosition, bound.position ?? Infinity);
    const { decisions } = await decisionsOnRecord(context.log);
    const known = await subjectsKnownBy(models, subjectId, position, decisions);
    if (known === null) throw unknown(named);
    return { ...known, position };
  });
}

/**
 * Reads one customer's life from the log: their subjects by the links known then, their touchpoints recorded by then, the
 * policies published by then.
 * @throws QueryRejected where the subject is not known even now.
 */
export async function lifeOf(context: QueryContext, named: NamedCustomer, bound: KnowledgeBound): Promise<Life> {
  const { customerId, subjectIds, position } = await knownCustomer(context, named, bound);
  const recorded = await context.log.readStreams(subjectIds.map(STREAMS.subject), { upTo: position });
  return {
    customerId,
    subjectIds,
    events: recorded.map(lifecycleEventOf).sort(compareEvents),
    policies: await policiesKnown(context.log, bound.knownAt),
    position,
  };
}

/** A recorded touchpoint as the fold takes it: data of the newest version, personal fields absent. */
export function lifecycleEventOf(recorded: RecordedEvent): LifecycleEvent {
  const meta = JSON.parse(recorded.meta) as TouchpointMeta;
  const data = JSON.parse(recorded.data) as Record<string, unknown>;
  return {
    position: recorded.position,
    recordedAt: recorded.recordedAt,
    occurredAt: recorded.occurredAt,
    source: recorded.source,
    id: recorded.id,
    type: recorded.type,
    channel: meta.channel,
    subjectId: subjectOfStream(recorded.stream) ?? '',
    test: meta.test === true,
    ...(meta.brand === undefined ? {} : { brand: meta.brand }),
    data: upcast(recorded.type, recorded.schemaVersion, data),
  };
}
