import type { Instant } from '#contracts';
import { arrayText, insertRows, unnest, type Row, type Table, type Transaction, type Writer } from '#database';
import type { Epoch } from '../fitting/epoch.js';
import { historyEnds } from './historical.js';
import { publicationsOf, type RetractionReason, type StageChange } from './publications.js';

/** A customer whose stage periods changed. */
export interface ChangedStagePeriods {
  readonly customerId: string;
  /** The stage periods as they are now, from the first that changed (rows of `stage_periods`). */
  readonly stagePeriods: readonly Row[];
  /** No stage period that began before this instant changed. */
  readonly since: Instant;
  readonly reason: RetractionReason;
}

/** The moment at which something is published. */
export interface Publishing {
  /** How much of the log it rests on. */
  readonly position: number;
  readonly now: Instant;
  readonly epoch: Epoch;
  /** When the past was last restated by a policy; −∞ if never. */
  readonly restatedAt: Instant;
}

const PUBLISHED: Table = {
  name: 'perennial.published',
  migrations: [],
  columns: {
    customer_id: 'text',
    publication: 'int',
    seq: 'int',
    kind: 'text',
    cycle: 'int',
    stage: 'text',
    phase: 'text',
    entered_at: 'timestamptz',
    at: 'timestamptz',
    position: 'bigint',
    reason: 'text',
    retracts: 'int',
    historical: 'boolean',
    cause: 'jsonb',
    policy_version: 'text',
    into_id: 'text',
  },
  key: ['customer_id', 'publication'],
  semantic: [],
};

const OUTBOX: Table = {
  name: 'perennial.outbox',
  migrations: [],
  columns: {
    customer_id: 'text',
    publication: 'int',
    created_at: 'timestamptz',
  },
  key: ['customer_id', 'publication'],
  semantic: [],
};

/**
 * Publishes the difference between the stage changes of these customers that stand published and those that follow from their stage
 * periods now: the ones that no longer hold are retracted, the new ones published. The second time there is no difference. Returns
 * how many messages were published.
 */
export async function publishStageChanges(
  tx: Transaction,
  writes: Writer,
  changed: readonly ChangedStagePeriods[],
  { position, now, epoch, restatedAt }: Publishing,
): Promise<number> {
  if (changed.length === 0) return 0;
  const historyEnd = historyEnds(now, epoch);
  const standing = await standingOf(tx, changed);
  const into = await absorbers(tx, changed, standing);
  const published: Row[] = [];
  const retracted: Row[] = [];
  for (const { customerId, stagePeriods, reason } of changed) {
    const before = standing.get(customerId) ?? { rows: [], last: 0 };
    const found = publicationsOf(before, stagePeriods, { reason, position, historyEnd, restatedAt });
    for (const row of found.rows) {
      const intoId = row['kind'] === 'retracted' ? (into.get(customerId) ?? null) : null;
      published.push({ ...row, customer_id: customerId, into_id: intoId });
    }
    for (const publication of found.retracted) retracted.push({ customer_id: customerId, publication });
  }
  if (retracted.length > 0) {
    const rows = unnest(PUBLISHED, ['customer_id', 'publication'], retracted, 'r');
    await writes.query(
      `UPDATE perennial.published p SET retracted = true FROM ${rows.sql}
        WHERE p.customer_id = r.customer_id AND p.publication = r.publication`,
      rows.params,
    );
  }
  await insertRows(writes, PUBLISHED, published);
  await insertRows(
    writes,
    OUTBOX,
    published.map(({ customer_id, publication }) => ({ customer_id, publication, created_at: now })),
  );
  return published.length;
}

/** The publications of each customer that were not retracted, from the first instant that changed, and the number of the last publication. */
async function standingOf(
  tx: Transaction,
  changed: readonly ChangedStagePeriods[],
): Promise<Map<string, { rows: StageChange[]; last: number }>> {
  const customers = unnest(
    PUBLISHED,
    ['customer_id', 'entered_at'],
    changed.map((one) => ({ customer_id: one.customerId, entered_at: one.since })),
    'c',
  );
  const found = new Map<string, { rows: StageChange[]; last: number }>();
  const rows = await tx.query<StageChange & { for_customer: string; last: number | null; publication: number | null }>(
    `SELECT c.customer_id AS for_customer, l.last, p.* FROM ${customers.sql}
       LEFT JOIN LATERAL (SELECT max(publication) AS last FROM perennial.published WHERE customer_id = c.customer_id) l ON true
       LEFT JOIN LATERAL (SELECT * FROM perennial.published s WHERE s.customer_id = c.customer_id AND NOT s.retracted
                             AND s.kind <> 'retracted' AND s.entered_at >= c.entered_at OFFSET 0) p ON true`,
    customers.params,
  );
  for (const row of rows) {
    let one = found.get(row.for_customer);
    if (one === undefined) found.set(row.for_customer, (one = { rows: [], last: row.last ?? 0 }));
    if (row.publication !== null) one.rows.push(row);
  }
  return found;
}

/** For customers that were merged into another one and have no stage periods left: that other customer. */
async function absorbers(
  tx: Transaction,
  changed: readonly ChangedStagePeriods[],
  standing: ReadonlyMap<string, { readonly rows: readonly StageChange[] }>,
): Promise<Map<string, string>> {
  const gone = changed.filter(
    ({ customerId, stagePeriods, reason }) =>
      reason === 'merge' && stagePeriods.length === 0 && (standing.get(customerId)?.rows.length ?? 0) > 0,
  );
  if (gone.length === 0) return new Map();
  const rows = await tx.query<{ subject_id: string; customer_id: string }>(
    'SELECT subject_id, customer_id FROM subjects WHERE subject_id = ANY($1::text[]) AND customer_id <> subject_id',
    [arrayText(gone.map((one) => one.customerId))],
  );
  return new Map(rows.map((row) => [row.subject_id, row.customer_id]));
}
