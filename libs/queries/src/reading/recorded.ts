import type { RecordedEvent } from '#event-log';
import type { AnswerRow, Column } from '../running/query.js';

/** An event exactly as the log holds it: the columns of every answer for an auditor. */
export const RECORDED_COLUMNS: readonly Column[] = [
  { name: 'position', type: 'integer', description: 'place in the whole log' },
  { name: 'recordedAt', type: 'instant', description: 'when the log took it' },
  { name: 'occurredAt', type: 'instant', description: 'when it happened' },
  { name: 'stream', type: 'text', description: 'the stream that holds it' },
  { name: 'revision', type: 'integer', description: 'place in the stream, from 0' },
  { name: 'source', type: 'text', description: 'the channel system that sent it' },
  { name: 'id', type: 'text', description: 'the id by which the source names it' },
  { name: 'type', type: 'text', description: 'what it was' },
  { name: 'schemaVersion', type: 'integer', description: 'the version of data' },
  { name: 'meta', type: 'json', description: 'metadata as recorded; identifiers sealed' },
  { name: 'data', type: 'json', description: 'data as recorded; personal fields absent, sealed in meta' },
];

export function asRecorded(event: RecordedEvent): AnswerRow {
  return { ...event, meta: JSON.parse(event.meta) as unknown, data: JSON.parse(event.data) as unknown };
}
