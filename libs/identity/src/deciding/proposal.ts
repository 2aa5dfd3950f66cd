import { compareNamespaces } from '#contracts';
import type { IdentityDecision, KnownSubject } from '#lifecycle';
import type { DecisionOnRecord, ConnectedSubjects } from '#queries';
import { resolved } from '../preview/preview.js';

/** Why something cannot be decided. */
export type Impossible =
  | { readonly outcome: 'unknown'; readonly detail: string }
  | { readonly outcome: 'conflict'; readonly detail: string; readonly extension?: Readonly<Record<string, unknown>> };

/** A decision as it would be recorded. */
export interface Proposal {
  readonly kind: 'merge' | 'unmerge' | 'keep-apart' | 'lift';
  readonly one: readonly string[];
  readonly other: readonly string[];
  /** The merge that is undone, or the decision that is lifted. */
  readonly of: string | null;
}

/** A customer as a request names them: the subject that was named, and all that are theirs. */
export interface NamedSide {
  /** Whether an identifier was named: then the decision is about that one. */
  readonly byIdentifier: boolean;
  readonly subjectId: string;
}

/**
 * The subject that stands for a customer in a decision: the identifier that was named, or else the strongest of theirs. A decision by the id of a customer
 * then stays with the person where a device changes hands.
 */
export function anchorOf(
  side: NamedSide,
  subjects: readonly KnownSubject[],
  customerOf: ReadonlyMap<string, string>,
): string {
  if (side.byIdentifier) return side.subjectId;
  const customerId = customerOf.get(side.subjectId);
  const [strongest] = subjects
    .filter(({ subjectId }) => customerOf.get(subjectId) === customerId)
    .sort((a, b) => compareNamespaces(a.namespace, b.namespace) || a.firstPosition - b.firstPosition);
  return strongest?.subjectId ?? side.subjectId;
}

/** The decisions as they would be with a proposal; `position` lies behind all others. */
export function decisionsWith(
  decisions: readonly IdentityDecision[],
  { kind, one, other, of }: Proposal,
  at: { readonly now: number; readonly position: number; readonly decisionId: string; readonly source: string },
): readonly IdentityDecision[] {
  const { now: occurredAt, position, decisionId, source } = at;
  if (kind === 'lift') return decisions.map((each) => (each.decisionId === of ? { ...each, endedAt: position } : each));
  return [
    ...decisions,
    { ...{ decisionId, kind, one, other, occurredAt, source, id: decisionId, position }, endedAt: null },
  ];
}

/** Whether a merge would do nothing, and why: its link would be rejected, or the two are one customer already. */
export function mergeImpossible(
  connected: ConnectedSubjects,
  decisions: readonly DecisionOnRecord[],
  after: readonly IdentityDecision[],
  [one, other]: readonly [string, string],
): Impossible | null {
  const { customerOf: before } = resolved(connected, decisions);
  if (before.get(one) === before.get(other))
    return { outcome: 'conflict', detail: 'The two are one customer already: there is nothing to merge.' };
  const { customerOf, rejected } = resolved(connected, after);
  if (customerOf.get(one) === customerOf.get(other)) return null;
  const reason = rejected.find(({ link }) => link.origin === 'operator' && joins(link, one, other))?.reason;
  if (reason === 'kept-apart') {
    const standing = standingBetween(decisions, before, [one, other]);
    return {
      outcome: 'conflict',
      detail: `The two are kept apart by the decision ${standing?.decisionId ?? ''}: lift it first.`,
      ...(standing === undefined ? {} : { extension: { decisionId: standing.decisionId } }),
    };
  }
  return {
    outcome: 'conflict',
    detail:
      'Each of the two has a userId of its own, and a customer has one: they cannot be merged. Keep them apart, or part the identifier that is on the wrong side (unmerge).',
  };
}

const joins = ({ a, b }: { readonly a: string; readonly b: string }, one: string, other: string): boolean =>
  (a === one && b === other) || (a === other && b === one);

/** The decision that keeps the customers of two subjects apart; undefined where none does. */
export function standingBetween(
  decisions: readonly DecisionOnRecord[],
  customerOf: ReadonlyMap<string, string>,
  [one, other]: readonly [string, string],
): DecisionOnRecord | undefined {
  const [p, q] = [customerOf.get(one), customerOf.get(other)];
  const customersOf = (side: readonly string[]): ReadonlySet<string | undefined> =>
    new Set(side.map((id) => customerOf.get(id)));
  return decisions.find((each) => {
    if (each.kind === 'merge' || each.endedAt !== null) return false;
    const [x, y] = [customersOf(each.one), customersOf(each.other)];
    return (x.has(p) && y.has(q)) || (x.has(q) && y.has(p));
  });
}
