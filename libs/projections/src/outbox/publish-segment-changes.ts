import type { Instant } from '#contracts';
import { arrayText, instantText, unnest, type Row, type Table, type Transaction, type Writer } from '#database';
import type { Epoch } from '../fitting/epoch.js';
import type { FoldOutcome } from '../folding/write.js';
import type { SegmentChange } from '../read-models/read-model.js';
import { historyEnds } from './historical.js';

/** A customer entered a segment or left it, as it is published. */
export interface CustomerSegmentChange extends SegmentChange {
  readonly customerId: string;
  /** The version of the segment by which it was judged. */
  readonly version: number;
}

export const SEGMENT_CHANGES: Table = {
  name: 'perennial.segment_changes',
  migrations: [],
  columns: {
    customer_id: 'text',
    segment_id: 'text',
    number: 'int',
    kind: 'text',
    at: 'timestamptz',
    cause: 'jsonb',
    version: 'int',
    position: 'bigint',
    historical: 'boolean',
    published_at: 'timestamptz',
  },
  key: ['customer_id', 'number'],
  semantic: [],
};

/** The changes of memberships that a batch of folds brought about. */
export function segmentChangesOf(
  outcomes: readonly FoldOutcome[],
  { now, segmentVersions }: { readonly now: Instant; readonly segmentVersions: ReadonlyMap<string, number> },
): CustomerSegmentChange[] {
  return outcomes.flatMap(({ customerId, folded, leftSegments = [], task }) => {
    const kind = task === 'unmerge' ? 'unmerge' : 'merge';
    const changes =
      folded?.segments?.changes ??
      leftSegments.map((segmentId): SegmentChange => ({
        segmentId,
        kind: 'left',
        at: now,
        cause: { kind, events: [] },
      }));
    return changes.map((change) => ({
      ...change,
      customerId,
      version: segmentVersions.get(change.segmentId) ?? 0,
    }));
  });
}

/** Publishes who entered a segment and who left it: numbered for each customer, in their order. */
export async function publishSegmentChanges(
  writes: Writer,
  changes: readonly CustomerSegmentChange[],
  { position, now, epoch }: { readonly position: number; readonly now: Instant; readonly epoch: Epoch },
): Promise<void> {
  if (changes.length === 0) return;
  const historyEnd = historyEnds(now, epoch);
  const nth = new Map<string, number>();
  const rows = changes.map(({ customerId, segmentId, kind, at, cause, version }): Row => {
    const number = (nth.get(customerId) ?? 0) + 1;
    nth.set(customerId, number);
    const historical = at < historyEnd;
    return {
      ...{ customer_id: customerId, segment_id: segmentId, number, kind, at, cause, version, position, historical },
      published_at: now,
    };
  });
  const columns = Object.keys(SEGMENT_CHANGES.columns);
  const source = unnest(SEGMENT_CHANGES, columns, rows, 'c');
  // A late event may lie before the last change: changes of one membership never go back in time.
  const value = (column: string): string => {
    if (column === 'number') return `${numberOfLast('c')} + c.number`;
    return column === 'at' ? 'greatest(c.at, l.at)' : `c.${column}`;
  };
  await writes.query(
    `INSERT INTO perennial.segment_changes (${columns.join(', ')})
     SELECT ${columns.map(value).join(', ')} FROM ${source.sql}
       LEFT JOIN LATERAL (${lastChange('c')}) l ON true
      ORDER BY c.customer_id, c.number`,
    source.params,
  );
}

/** Publishes that the members of removed segments left them. */
export async function publishRemovals(
  tx: Transaction,
  segmentIds: readonly string[],
  { position, now, historical }: { readonly position: number; readonly now: Instant; readonly historical: boolean },
): Promise<void> {
  await tx.query(
    `INSERT INTO perennial.segment_changes (customer_id, segment_id, number, kind, at, cause, version, position, historical, published_at)
     SELECT m.customer_id, m.segment_id, ${numberOfLast('m')} + row_number() OVER (PARTITION BY m.customer_id ORDER BY m.segment_id), 'left', greatest($2::timestamptz, l.at), $3::text::jsonb,
            coalesce(l.version, 1), $4::bigint, $5::boolean, $2::timestamptz
       FROM segment_members m LEFT JOIN LATERAL (${lastChange('m')}) l ON true
      WHERE m.segment_id = ANY($1::text[]) ORDER BY m.customer_id, m.segment_id`,
    [arrayText(segmentIds), instantText(now), JSON.stringify({ kind: 'removal', events: [] }), position, historical],
  );
}

/**
 * Publishes the difference between the memberships of the version on the search path and what stands published: after a switch to a version that
 * was built beside the live one, or back to an older one.
 */
export async function publishWhereSegmentsDiffer(tx: Transaction, now: Instant, epoch: Epoch): Promise<void> {
  await tx.query(
    `WITH standing AS (
       SELECT DISTINCT ON (customer_id, segment_id) customer_id, segment_id, number, kind, at, version
         FROM perennial.segment_changes ORDER BY customer_id, segment_id, number DESC)
     INSERT INTO perennial.segment_changes (customer_id, segment_id, number, kind, at, cause, version, position, historical, published_at)
     SELECT customer_id, segment_id, ${numberOfLast('d')} + row_number() OVER (PARTITION BY customer_id ORDER BY segment_id), CASE WHEN held THEN 'entered' ELSE 'left' END,
            greatest($1::timestamptz, at), $2::text::jsonb,
            coalesce((SELECT max(f.version) FROM segments f WHERE f.segment_id = d.segment_id), version, 1),
            (SELECT position FROM checkpoint), $1::timestamptz < $3::timestamptz, $1::timestamptz
       FROM (SELECT customer_id, segment_id, coalesce(m.held, false) AS held, s.at, s.version
               FROM (SELECT segment_id, customer_id, true AS held FROM segment_members) m
               FULL JOIN standing s USING (customer_id, segment_id)
              WHERE coalesce(m.held, false) <> (coalesce(s.kind, 'left') = 'entered')) d
      ORDER BY customer_id, segment_id`,
    [instantText(now), JSON.stringify({ kind: 'rebuild', events: [] }), instantText(historyEnds(now, epoch))],
  );
}

/** The last change of a membership that a row names. */
const lastChange = (row: string): string =>
  `SELECT at, version FROM perennial.segment_changes e
    WHERE e.customer_id = ${row}.customer_id AND e.segment_id = ${row}.segment_id ORDER BY number DESC LIMIT 1`;

/** The number of the last change of a customer that a row names; 0 where there is none. */
const numberOfLast = (row: string): string =>
  `coalesce((SELECT max(number) FROM perennial.segment_changes n WHERE n.customer_id = ${row}.customer_id), 0)`;
