import type { CustomersUnmerged, Instant } from '#contracts';
import { linkOfMerge, revokes, type IdentityDecision } from './decisions.js';

/** An event of the stream `identity`, as a log gives it. */
export interface DecisionEvent {
  readonly type: string;
  /** JSON. */
  readonly data: string;
  readonly occurredAt: Instant;
  readonly source: string;
  readonly id: string;
  readonly position: number;
}

const KINDS: Readonly<Record<string, IdentityDecision['kind']>> = {
  'customers-merged': 'merge',
  'customers-unmerged': 'unmerge',
  'customers-kept-apart': 'keep-apart',
};

/** The facts by which people decide who is who. */
export const DECISION_FACTS: readonly string[] = [...Object.keys(KINDS), 'keep-apart-lifted'];

/** What one event decides, as it stands when it is recorded; null for the lifting of a decision, and for any other event. */
export function decisionOf({ type, data, occurredAt, source, id, position }: DecisionEvent): IdentityDecision | null {
  const kind = KINDS[type];
  if (kind === undefined) return null;
  const { decisionId, one, other } = JSON.parse(data) as CustomersUnmerged;
  return { decisionId, kind, one, other, occurredAt, source, id, position, endedAt: null };
}

/** The decisions after these events of their stream, in its order. The same decision again changes nothing. */
export function foldDecisions(
  decisions: readonly IdentityDecision[],
  events: readonly DecisionEvent[],
): readonly IdentityDecision[] {
  const folded = new Map(decisions.map((decision) => [decision.decisionId, decision]));
  for (const event of events) {
    const { position } = event;
    if (event.type === 'keep-apart-lifted') {
      const { decisionId } = JSON.parse(event.data) as CustomersUnmerged;
      const known = folded.get(decisionId);
      if (known !== undefined && known.kind !== 'merge' && known.endedAt === null)
        folded.set(decisionId, { ...known, endedAt: position });
      continue;
    }
    const decided = decisionOf(event);
    if (decided === null || folded.has(decided.decisionId)) continue;
    for (const known of folded.values())
      if (known.kind === 'merge' && known.endedAt === null && revokes(decided, linkOfMerge(known)))
        folded.set(known.decisionId, { ...known, endedAt: position });
    folded.set(decided.decisionId, decided);
  }
  return [...folded.values()];
}
