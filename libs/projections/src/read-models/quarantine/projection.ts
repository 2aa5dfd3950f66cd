import { parseInstant, upcast } from '#contracts';
import { insertRows, unnest, type Row, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { QUARANTINE } from './table.js';

const STREAM = 'quarantine-';

/** What facts about quarantined events change in the table: rows to insert, and rows that get a new status. */
export interface QuarantineChanges {
  readonly opened: readonly Row[];
  readonly closed: readonly Row[];
}

/** Lists quarantined events, and marks those that were released or discarded. The same facts again change nothing. */
export async function listQuarantine(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  const { opened, closed } = quarantineChanges(events);
  await insertRows(writes, QUARANTINE, opened, '(quarantine_id) DO NOTHING');
  if (closed.length === 0) return;
  const changes = unnest(QUARANTINE, ['quarantine_id', 'status', 'released_position'], closed, 'c');
  await writes.query(
    `UPDATE quarantine q SET status = c.status, released_position = c.released_position
       FROM ${changes.sql} WHERE q.quarantine_id = c.quarantine_id`,
    changes.params,
  );
}

/** `events`: facts of the types `event-quarantined`, `event-released` and `event-discarded`, in log order. */
export function quarantineChanges(events: readonly RecordedEvent[]): QuarantineChanges {
  const opened = new Map<string, Row>();
  const closed = new Map<string, Row>();
  for (const event of events) {
    const id = event.stream.startsWith(STREAM) ? event.stream.slice(STREAM.length) : event.stream;
    if (event.type === 'event-quarantined') opened.set(id, openRow(id, event));
    else
      closed.set(id, {
        quarantine_id: id,
        status: event.type === 'event-released' ? 'released' : 'discarded',
        released_position: event.position,
      });
  }
  return { opened: [...opened.values()], closed: [...closed.values()] };
}

function openRow(id: string, event: RecordedEvent): Row {
  const data = dataOf(event);
  const received = data['receivedAt'];
  const text = (key: string) => (typeof data[key] === 'string' ? data[key] : null);
  return {
    quarantine_id: id,
    position: event.position,
    source: text('source'),
    event_id: text('eventId') ?? text('id'),
    type: text('type'),
    code: text('code') ?? 'unknown',
    pointer: text('pointer'),
    detail: text('detail') ?? '',
    hint: text('hint'),
    received_at:
      typeof received === 'number'
        ? received
        : ((typeof received === 'string' ? parseInstant(received) : null) ?? event.recordedAt),
    status: 'open',
    subject_id: text('subjectId'),
    released_position: null,
  };
}

/** The data in the newest version that this program knows. Data of a version it does not know are read as they are: a list must not stop the indexer. */
function dataOf(event: RecordedEvent): Readonly<Record<string, unknown>> {
  const data = JSON.parse(event.data) as Record<string, unknown>;
  try {
    return upcast(event.type, event.schemaVersion, data);
  } catch (error) {
    if (error instanceof RangeError) return data;
    throw error;
  }
}
