import { STREAMS, type CustomersUnmerged, type Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { foldDecisions, type IdentityDecision } from '#lifecycle';

/** A decision about who is who, as the log holds it. */
export interface DecisionOnRecord extends IdentityDecision {
  readonly recordedAt: Instant;
  readonly by: string | null;
  /** Why, under the key with the id of the decision; null where none was kept. */
  readonly sealed: string | null;
  /** Of an unmerge, the merge that it undid. */
  readonly merge: string | null;
  /** When it was undone or lifted, by which principal and which decision where that is another one; null while it stands. */
  readonly ended: { readonly at: Instant; readonly by: string | null; readonly decisionId: string } | null;
}

/** The decisions of a log, and the revision of the last event about them; null where there is none. */
export interface DecisionsOnRecord {
  readonly decisions: readonly DecisionOnRecord[];
  readonly last: number | null;
}

/** What was read of each log so far: decisions only grow in number. */
const READ = new WeakMap<object, { readonly events: readonly RecordedEvent[]; readonly recorded: DecisionsOnRecord }>();

const NONE = { events: [], recorded: { decisions: [], last: null } };

/** Everything that was decided about who is who, in the order of the log. */
export async function decisionsOnRecord(log: Pick<EventLog, 'read'>): Promise<DecisionsOnRecord> {
  const known = READ.get(log) ?? NONE;
  const fresh: RecordedEvent[] = [];
  for await (const page of log.read(STREAMS.identity, known.events.length)) fresh.push(...page);
  if (fresh.length === 0) return known.recorded;
  const events = [...known.events, ...fresh];
  const recorded = { decisions: recordedOf(events), last: events.at(-1)?.revision ?? null };
  READ.set(log, { events, recorded });
  return recorded;
}

function recordedOf(events: readonly RecordedEvent[]): readonly DecisionOnRecord[] {
  const byPosition = new Map(events.map((event) => [event.position, event]));
  return foldDecisions([], events).map((decision): DecisionOnRecord => {
    const event = byPosition.get(decision.position) as RecordedEvent;
    const { sealed = null, merge = null } = factOf(event);
    const ending = decision.endedAt === null ? undefined : byPosition.get(decision.endedAt);
    return {
      ...{ ...decision, recordedAt: event.recordedAt, by: byOf(event), sealed, merge },
      ended:
        ending === undefined
          ? null
          : { at: ending.occurredAt, by: byOf(ending), decisionId: factOf(ending).decisionId },
    };
  });
}

type Fact = CustomersUnmerged & { readonly sealed?: string };

const factOf = ({ data }: RecordedEvent): Fact => JSON.parse(data) as Fact;

const byOf = ({ meta }: RecordedEvent): string | null => (JSON.parse(meta) as { readonly by?: string }).by ?? null;

/** The decisions that name one of these subjects. */
export function decisionsAbout(
  decisions: readonly DecisionOnRecord[],
  subjectIds: readonly string[],
): readonly DecisionOnRecord[] {
  const theirs = new Set(subjectIds);
  return decisions.filter(({ one, other }) => [...one, ...other].some((id) => theirs.has(id)));
}
