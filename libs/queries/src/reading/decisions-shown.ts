import { formatInstant, type Instant } from '#contracts';
import type { Column } from '../running/query.js';
import { decisionsAbout, type DecisionOnRecord } from './decisions.js';

/** A decision as it stands beside other facts of a customer. Instants are RFC 3339. */
export interface ShownDecision {
  readonly decisionId: string;
  readonly kind: 'merge' | 'unmerge' | 'keep-apart';
  readonly decidedAt: string;
  readonly decidedBy: string | null;
  readonly one: readonly string[];
  readonly other: readonly string[];
  readonly endedAt: string | null;
}

export const DECISIONS_COLUMN: Column = {
  name: 'decisions',
  type: 'json',
  description:
    'what operators decided about who the customer is: merges, unmerges, keep-aparts, in the order of the log',
};

/** The decisions that name one of these subjects, as they were known at a position and made up to an instant. */
export function decisionsShown(
  decisions: readonly DecisionOnRecord[],
  subjectIds: readonly string[],
  { position, asOf }: { readonly position: number; readonly asOf: Instant },
): readonly ShownDecision[] {
  return decisionsAbout(decisions, subjectIds)
    .filter((decision) => decision.position <= position && decision.occurredAt <= asOf)
    .map(({ decisionId, kind, occurredAt, by, one, other, ended, endedAt }) => ({
      ...{ decisionId, kind, decidedAt: formatInstant(occurredAt), decidedBy: by, one, other },
      endedAt: ended === null || (endedAt ?? Infinity) > position ? null : formatInstant(ended.at),
    }));
}

const DID = {
  merge: 'merged two customers into this one',
  unmerge: 'parted this customer from another one',
  'keep-apart': 'decided that this customer and another one are different people',
} as const;

/** The decisions as sentences, one each. */
export const decisionSentences = (decisions: readonly ShownDecision[]): readonly string[] =>
  decisions.map(
    ({ kind, decidedAt, decidedBy, decisionId, endedAt }) =>
      `On ${decidedAt.slice(0, 10)} ${decidedBy ?? 'an operator'} ${DID[kind]} (decision ${decisionId})${
        endedAt === null ? '' : `; ${kind === 'merge' ? 'undone' : 'lifted'} on ${endedAt.slice(0, 10)}`
      }.`,
  );
