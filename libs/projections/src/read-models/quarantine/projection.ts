import { parseInstant } from '#contracts';
import type { RecordedEvent } from '#event-log';
import type { Row } from '#database';
import { insertRows, unnest } from '#database';
import type { Writer } from '#database';
import { QUARANTINE } from './table.js';

const STREAM = 'quarantine-';

/** Lists what was quarantined, and marks what was released or discarded since. Telling it twice changes nothing. */
export async function listQuarantine(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  const opened = new Map<string, Row>();
  const closed = new Map<string, Row>();
  for (const event of events) {
    const id = event.stream.startsWith(STREAM) ? event.stream.slice(STREAM.length) : event.stream;
    if (event.type === 'event-quarantined') opened.set(id, rowOf(id, event));
    else
      closed.set(id, {
        quarantine_id: id,
        status: event.type === 'event-released' ? 'released' : 'discarded',
        released_position: event.position,
      });
  }
  await insertRows(writes, QUARANTINE, [...opened.values()], '(quarantine_id) DO NOTHING');
  if (closed.size === 0) return;
  const changes = unnest(QUARANTINE, ['quarantine_id', 'status', 'released_position'], [...closed.values()], 'c');
  await writes.query(
    `UPDATE quarantine q SET status = c.status, released_position = c.released_position
       FROM ${changes.sql} WHERE q.quarantine_id = c.quarantine_id`,
    changes.params,
  );
}

function rowOf(id: string, event: RecordedEvent): Row {
  const data = JSON.parse(event.data) as Record<string, unknown>;
  const received = data['receivedAt'];
  const text = (key: string) => (typeof data[key] === 'string' ? data[key] : null);
  return {
    quarantine_id: id,
    position: event.position,
    source: text('source'),
    event_id: text('eventId') ?? text('id'),
    type: text('type'),
    code: text('code') ?? 'unknown',
    pointer: text('pointer') ?? text('path'),
    detail: text('detail') ?? text('reason') ?? '',
    hint: text('hint') ?? text('mend'),
    received_at:
      typeof received === 'number'
        ? received
        : ((typeof received === 'string' ? parseInstant(received) : null) ?? event.recordedAt),
    status: 'open',
    subject_id: text('subjectId'),
    released_position: null,
  };
}
