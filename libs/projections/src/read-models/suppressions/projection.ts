import { parseInstant } from '#contracts';
import { arrayText, insertRows, sortedByKey, type Row, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { SUPPRESSED_SUBJECTS } from './table.js';

interface AddedOrLifted {
  readonly suppressionId: string;
  readonly subjectId: string;
  readonly namespace?: string;
  readonly medium?: string;
  readonly reason?: string;
  readonly expiresAt?: string;
}

const dataOf = (event: RecordedEvent): AddedOrLifted => JSON.parse(event.data) as AddedOrLifted;

const sealedIn = ({ meta }: RecordedEvent): string | null =>
  (JSON.parse(meta) as { readonly identifiers?: readonly { readonly sealed: string }[] }).identifiers?.[0]?.sealed ??
  null;

/** The subject that a suppression names: also when it is lifted. */
export const subjectOfSuppression = (event: RecordedEvent): string => dataOf(event).subjectId;

/** Keeps the suppressions that were not lifted. The same facts again change nothing. */
export async function recordSuppressions(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = new Map<string, Row>();
  const lifted = new Set<string>();
  for (const event of events) {
    const { suppressionId, subjectId, namespace = 'unknown', medium, reason = 'other', expiresAt } = dataOf(event);
    if (event.type === 'suppression-lifted') {
      rows.delete(suppressionId);
      lifted.add(suppressionId);
    } else
      rows.set(suppressionId, {
        ...{ subject_id: subjectId, suppression_id: suppressionId, namespace, medium: medium ?? null, reason },
        added_at: event.occurredAt,
        expires_at: expiresAt === undefined ? null : parseInstant(expiresAt),
        sealed: sealedIn(event),
      });
  }
  await insertRows(
    writes,
    SUPPRESSED_SUBJECTS,
    sortedByKey(SUPPRESSED_SUBJECTS, [...rows.values()]),
    '(subject_id, suppression_id) DO NOTHING',
  );
  if (lifted.size > 0)
    await writes.query('DELETE FROM suppressed_subjects WHERE suppression_id = ANY($1::text[])', [
      arrayText([...lifted]),
    ]);
}
