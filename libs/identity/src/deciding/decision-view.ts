import { formatInstant } from '#contracts';
import type { DecisionOnRecord } from '#queries';

/** A decision as it is shown. Instants are RFC 3339. */
export interface DecisionView {
  readonly decisionId: string;
  readonly kind: 'merge' | 'unmerge' | 'keep-apart';
  readonly status: 'stands' | 'ended';
  /** The subjects of one side, the one that was named first. */
  readonly one: readonly string[];
  readonly other: readonly string[];
  readonly decidedAt: string;
  readonly decidedBy: string | null;
  readonly position: number;
  /** Of an unmerge: the merge that it undid. */
  readonly merge: string | null;
  /** When it was undone or lifted. */
  readonly endedAt: string | null;
  readonly endedBy: string | null;
}

export function decisionView(decision: DecisionOnRecord): DecisionView {
  const { decisionId, kind, one, other, occurredAt, by, position, merge, ended } = decision;
  return {
    ...{ decisionId, kind, status: ended === null ? 'stands' : 'ended', one, other },
    ...{ decidedAt: formatInstant(occurredAt), decidedBy: by, position, merge },
    endedAt: ended === null ? null : formatInstant(ended.at),
    endedBy: ended?.by ?? null,
  };
}
