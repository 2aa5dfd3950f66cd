import { insertRows, sortedByKey, type Row, type Writer } from '#database';
import { MENTIONS } from './table.js';

/** A subject that a touchpoint in the stream of another names without a link. */
export interface MentionFact {
  readonly subjectId: string;
  readonly position: number;
  readonly role: string;
  readonly namespace: string;
  readonly source: string;
  readonly id: string;
}

/** Lists who is named in touchpoints of others. The same facts again change nothing. */
export async function recordMentions(writes: Writer, mentions: readonly MentionFact[]): Promise<void> {
  if (mentions.length === 0) return;
  await insertRows(
    writes,
    MENTIONS,
    sortedByKey(MENTIONS, mentions.map(mentionRow)),
    '(subject_id, position, role) DO NOTHING',
  );
}

export const mentionRow = ({ subjectId, position, role, namespace, source, id }: MentionFact): Row => ({
  ...{ subject_id: subjectId, position, role, namespace, source, event_id: id },
});
