import type { Queryable, Row } from '#database';
import type { SegmentChange } from '../outbox-message.js';
import type { OutboxSource } from '../outbox-source.js';
import { anyPending, drainOutbox, replayOutbox, type OutboxTable } from './outbox.js';

interface SegmentChangeRow extends Row {
  readonly customer_id: string;
  readonly segment_id: string;
  readonly number: number;
  readonly epoch: number | null;
  readonly kind: SegmentChange['kind'];
  readonly at: number;
  readonly cause: SegmentChange['cause'];
  readonly version: number;
  readonly historical: boolean;
}

export const SEGMENT_CHANGES_OUTBOX: OutboxTable<SegmentChange> = {
  table: 'perennial.segment_changes',
  owner: 'customer_id',
  ownerOf: ({ customerId }) => customerId,
  keepsPublished: true,
  sequence: 'number',
  sequenceOf: ({ number }) => number,
  read: readSegmentChanges,
};

/** Changes of memberships: one table holds the pending and the published ones. */
export const SEGMENT_CHANGES_SOURCE: OutboxSource = {
  pending: anyPending(SEGMENT_CHANGES_OUTBOX),
  drain: (database, publish, now, cursor) => drainOutbox(database, SEGMENT_CHANGES_OUTBOX, publish, now, cursor),
  replay: (database, fromPosition) =>
    replayOutbox(database, SEGMENT_CHANGES_OUTBOX, SEGMENT_CHANGES_OUTBOX.table, fromPosition),
};

async function readSegmentChanges(on: Queryable, which: string, params: readonly unknown[]): Promise<SegmentChange[]> {
  const rows = await on.query<SegmentChangeRow>(
    `WITH o AS (${which}) SELECT c.*, (SELECT epoch FROM perennial.log_identity) AS epoch FROM o JOIN perennial.segment_changes c USING (customer_id, number) ORDER BY customer_id, number`,
    params,
  );
  return rows.map((row) => ({
    segmentId: row.segment_id,
    customerId: row.customer_id,
    number: row.number,
    epoch: row.epoch ?? 0,
    kind: row.kind,
    at: row.at,
    cause: row.cause,
    version: row.version,
    historical: row.historical,
  }));
}
