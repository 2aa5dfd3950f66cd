import type { RecordedEvent } from '#event-log';
import type { AnswerRow, Column, QueryContext } from '../running/query.js';
import { eventData } from './event-data.js';

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
  {
    name: 'data',
    type: 'json',
    description:
      'data as recorded; personal fields absent, sealed in meta. Of an event that is older than the sealing of a field, the field is absent without a purpose that is granted',
  },
];

/** The columns of recorded events that hold text in the clear: of events that are older than the sealing of a field. */
export const RECORDED_OPENS: readonly string[] = ['data'];

/** A page of events as the log holds them, but for text that is personal now: it is shown where personal data are open to the caller. */
export async function asRecorded(
  { log, personalData }: Pick<QueryContext, 'log' | 'personalData'>,
  events: readonly RecordedEvent[],
): Promise<AnswerRow[]> {
  const shown = await eventData(events, { types: log, open: (items) => personalData.open(items), sealed: false });
  return events.map((event, index) => ({
    ...event,
    meta: JSON.parse(event.meta) as unknown,
    data: shown[index]?.data,
  }));
}
