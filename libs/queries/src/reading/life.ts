import { STREAMS, subjectOfStream, upcast, type Instant, type TouchpointMeta } from '#contracts';
import type { RecordedEvent } from '#event-log';
import { compareEvents, type LifecycleEvent, type PolicyTimeline } from '#lifecycle';
import type { AskContext } from '../asking/question.js';
import { policiesKnown } from './policies.js';
import { inReadModels } from './read-models.js';
import { subjectsKnownBy } from './subjects-known.js';
import { namedSubject, nobody, type NamedCustomer } from './who.js';

/** A touchpoint of a customer, as recorded and as the fold takes it. */
export interface LivedEvent {
  readonly recorded: RecordedEvent;
  readonly event: LifecycleEvent;
}

/** Everything that was known of one customer at a position of the log. */
export interface Life {
  /** Who she was then: an id may have become another by a merge since. */
  readonly customerId: string;
  readonly subjectIds: readonly string[];
  /** In the order of folding; empty where nothing was known of her yet. */
  readonly events: readonly LivedEvent[];
  readonly policies: PolicyTimeline;
  readonly position: number;
}

/** What bounds the knowledge: an instant of belief, or a position that an earlier page rested on. */
export interface KnowledgeBound {
  readonly knownAt: Instant | null;
  readonly position: number | null;
}

/**
 * Reads one customer's life from the log: her subjects by the links known then, their touchpoints recorded by then, the
 * policies published by then.
 * @throws QuestionRefused where the subject is not known even now.
 */
export async function lifeOf(context: AskContext, named: NamedCustomer, bound: KnowledgeBound): Promise<Life> {
  const subjectId = namedSubject(context, named);
  const knownPosition = bound.knownAt === null ? Infinity : await context.log.positionAt(bound.knownAt);
  const { customerId, subjectIds, position } = await inReadModels(context.database, async (models) => {
    const position = Math.min(models.position, knownPosition, bound.position ?? Infinity);
    const known = await subjectsKnownBy(models, subjectId, position);
    if (known === null) throw nobody(named);
    return { ...known, position };
  });
  const recorded = await context.log.readStreams(subjectIds.map(STREAMS.subject), { upTo: position });
  return {
    customerId,
    subjectIds,
    events: recorded
      .map((each) => ({ recorded: each, event: lifecycleEventOf(each) }))
      .sort((a, b) => compareEvents(a.event, b.event)),
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
    data: upcast(recorded.type, recorded.schemaVersion, data),
  };
}
