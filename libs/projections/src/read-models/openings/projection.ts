import { upcast, type Data, type Instant, type PersonalDataOpened } from '#contracts';
import { insertRows, instantText, sortedByKey, type Row, type Transaction, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { openingsKeptSince, policyAt, type PolicyTimeline } from '#lifecycle';
import { OPENED_SUBJECTS, OPENINGS_TABLE } from './table.js';

/** Lists who opened whose personal data. The same facts again change nothing. */
export async function recordOpenings(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(openingRow);
  await insertRows(writes, OPENINGS_TABLE, sortedByKey(OPENINGS_TABLE, rows), '(position) DO NOTHING');
  const subjects = rows.flatMap(({ position, subject_ids: ids, quarantine_ids: bodies }) =>
    [...new Set([...(ids as string[]), ...(bodies as string[])])].map((subjectId) => ({
      subject_id: subjectId,
      position,
    })),
  );
  await insertRows(
    writes,
    OPENED_SUBJECTS,
    sortedByKey(OPENED_SUBJECTS, subjects),
    '(subject_id, position) DO NOTHING',
  );
}

export function openingRow({ position, id, recordedAt, type, schemaVersion, meta, data }: RecordedEvent): Row {
  const opened = upcast(type, schemaVersion, JSON.parse(data) as Data) as unknown as PersonalDataOpened;
  const { by = 'unknown' } = JSON.parse(meta) as { readonly by?: string };
  return {
    ...{ position, opening_id: id, recorded_at: recordedAt, opened_by: by },
    ...{ purpose: opened.purpose, ticket: opened.ticket ?? null, kind: opened.kind, query: opened.query },
    ...{ parameters: opened.parameters, columns: opened.columns, subject_ids: opened.subjectIds },
    ...{ quarantine_ids: opened.quarantineIds ?? [], count: opened.count, request_id: opened.requestId },
    sealed_reason: opened.sealedReason ?? null,
  };
}

/** Deletes the openings that the policy in force keeps no longer. The log has them still. */
export async function forgetOpenings(
  tx: Pick<Transaction, 'query'>,
  timeline: PolicyTimeline,
  now: Instant,
): Promise<void> {
  const before = [instantText(openingsKeptSince(policyAt(timeline, now).policy, now))];
  await tx.query(
    `DELETE FROM opened_subjects WHERE position IN (SELECT position FROM openings WHERE recorded_at < $1::timestamptz)`,
    before,
  );
  await tx.query('DELETE FROM openings WHERE recorded_at < $1::timestamptz', before);
}
