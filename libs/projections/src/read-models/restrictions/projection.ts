import { arrayText, insertRows, sortedByKey, type Row, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { RESTRICTED_SUBJECTS } from './table.js';

interface PlacedOrLifted {
  readonly restrictionId: string;
  readonly subjectIds?: readonly string[];
}

/** Keeps the subjects of the restrictions that stand. The same facts again change nothing. */
export async function recordRestrictions(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = new Map<string, Row[]>();
  const lifted = new Set<string>();
  for (const { type, data, occurredAt } of events) {
    const { restrictionId, subjectIds = [] } = JSON.parse(data) as PlacedOrLifted;
    if (type === 'restriction-lifted') {
      rows.delete(restrictionId);
      lifted.add(restrictionId);
    } else
      rows.set(
        restrictionId,
        subjectIds.map((id) => ({ subject_id: id, restriction_id: restrictionId, placed_at: occurredAt })),
      );
  }
  await insertRows(
    writes,
    RESTRICTED_SUBJECTS,
    sortedByKey(RESTRICTED_SUBJECTS, [...rows.values()].flat()),
    '(subject_id, restriction_id) DO NOTHING',
  );
  if (lifted.size > 0)
    await writes.query('DELETE FROM restricted_subjects WHERE restriction_id = ANY($1::text[])', [
      arrayText([...lifted]),
    ]);
}
