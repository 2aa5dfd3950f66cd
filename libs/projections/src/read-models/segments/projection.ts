import { upcast, type Data } from '#contracts';
import { insertRows, type Row, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import type { CustomerReadModel } from '../read-model.js';
import { SEGMENT_EVENTS, SEGMENT_MEMBERS, SEGMENTS } from './table.js';

/** The touchpoints that conditions of segments ask about. */
export const WHAT_SEGMENTS_ASK: CustomerReadModel = {
  shape: 'by-event',
  table: SEGMENT_EVENTS,
  // What an event means to a segment does not depend on the order that it names.
  keepsRebooked: true,
  rows: ({ customerId, happened }) =>
    happened.map(({ pattern, at, source, id }) => ({ customer_id: customerId, pattern, at, source, event_id: id })),
};

/** The members of each segment. */
export const MEMBERS_OF_SEGMENTS: CustomerReadModel = {
  shape: 'set',
  table: SEGMENT_MEMBERS,
  rows: ({ customerId, segments }) => membershipRows(customerId, segments?.members ?? []),
  added: ({ customerId, segments }) => membershipRows(customerId, segments?.added ?? []),
  removed: ({ customerId, segments }) => membershipRows(customerId, segments?.removed ?? []),
};

const membershipRows = (customerId: string, segmentIds: readonly string[]): Row[] =>
  segmentIds.map((segmentId) => ({ segment_id: segmentId, customer_id: customerId }));

/** Stores definitions and removals of segments. The same facts again change nothing. */
export async function recordSegments(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  await insertRows(writes, SEGMENTS, events.map(segmentRow), 'DO NOTHING');
}

/** The row of a `segment-defined` or `segment-removed`. */
export function segmentRow(event: RecordedEvent): Row {
  const data = upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Data);
  const { by = null } = JSON.parse(event.meta) as { readonly by?: string };
  return {
    position: event.position,
    segment_id: data['segmentId'],
    version: data['version'],
    definition: data['definition'] ?? null,
    recorded_at: event.recordedAt,
    recorded_by: by,
  };
}
