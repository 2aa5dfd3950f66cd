import type { Instant } from '#contracts';
import type { Transaction, Row } from '#database';
import { insertRows, unnest } from '#database';
import { arrayText } from '#database';
import type { Table } from '#database';
import type { Writer } from '#database';

/** Why something that was said no longer holds. */
export type RetractionReason = 'late-event' | 'reversal' | 'merge' | 'unmerge' | 'policy-changed' | 'rebuild';

/** A customer whose stage periods came out otherwise than they stood. */
export interface ChangedStagePeriods {
  readonly customerId: string;
  /** The stage periods from the first that changed on, as they are now (rows of `stage_periods`). */
  readonly stagePeriods: readonly Row[];
  /** Nothing that began before this instant changed. */
  readonly since: Instant;
  readonly reason: RetractionReason;
}

/** Changes whose instant lies further back than this are told as history, and give no action. */
export const HISTORICAL_AFTER = 24 * 3_600_000;

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

interface Publication extends Record<string, unknown> {
  customer_id: string;
  publication: number;
  seq: number;
  kind: 'entered' | 'left' | 'retracted';
  cycle: number;
  stage: string;
  phase: string;
  entered_at: number;
  at: number;
  cause: unknown;
  policy_version: string | null;
}

/**
 * Says what changed: the difference between what was said of these customers and still stands, and what is believed
 * now. What no longer holds is retracted, what is new is said; saying it twice says nothing the second time.
 */
export async function publish(
  tx: Transaction,
  writes: Writer,
  changed: readonly ChangedStagePeriods[],
  position: number,
  now: Instant,
): Promise<number> {
  if (changed.length === 0) return 0;
  const standing = await standingOf(tx, changed);
  const into = await absorbers(tx, changed, standing);
  const published: Row[] = [];
  const outbox: Row[] = [];
  const retracted: Row[] = [];
  for (const { customerId, stagePeriods, reason } of changed) {
    const said = standing.get(customerId);
    let publication = said?.last ?? 0;
    const stands = new Map((said?.rows ?? []).map((row) => [factKey(row), row]));
    const fresh: Publication[] = [];
    for (const fact of stagePeriods.flatMap((period, i) => factsOf(period, stagePeriods[i + 1])))
      if (!stands.delete(factKey(fact))) fresh.push(fact);
    const say = (fact: Publication, kind: Publication['kind'], more: Row) => {
      publication += 1;
      const row = {
        ...fact,
        customer_id: customerId,
        publication,
        kind,
        position,
        reason: null,
        retracts: null,
        into_id: null,
        historical: fact.at < now - HISTORICAL_AFTER,
        ...more,
      };
      published.push(row);
      outbox.push({ customer_id: customerId, publication, created_at: now });
    };
    // What does not hold any more is taken back first, the newest first: nobody sees two phases at once.
    const takenBack = [...stands.values()].sort((x, y) => y.publication - x.publication);
    for (const row of takenBack) {
      retracted.push({ customer_id: customerId, publication: row.publication });
      const told = { reason, retracts: row.publication, into_id: into.get(customerId) ?? null };
      say(row, 'retracted', { ...told, cause: null, policy_version: null });
    }
    for (const fact of fresh) say(fact, fact.kind, {});
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
  await insertRows(writes, OUTBOX, outbox);
  return published.length;
}

/** What still stands of what was said, per customer, and the number of their last publication. */
async function standingOf(
  tx: Transaction,
  changed: readonly ChangedStagePeriods[],
): Promise<Map<string, { rows: Publication[]; last: number }>> {
  const asked = unnest(
    PUBLISHED,
    ['customer_id', 'entered_at'],
    changed.map((one) => ({ customer_id: one.customerId, entered_at: one.since })),
    'c',
  );
  const found = new Map<string, { rows: Publication[]; last: number }>();
  const rows = await tx.query<Publication & { asked: string; last: number | null; publication: number | null }>(
    `SELECT c.customer_id AS asked, l.last, p.* FROM ${asked.sql}
       LEFT JOIN LATERAL (SELECT max(publication) AS last FROM perennial.published WHERE customer_id = c.customer_id) l ON true
       LEFT JOIN LATERAL (SELECT * FROM perennial.published s WHERE s.customer_id = c.customer_id AND NOT s.retracted
                             AND s.kind <> 'retracted' AND s.entered_at >= c.entered_at OFFSET 0) p ON true`,
    asked.params,
  );
  for (const row of rows) {
    let one = found.get(row.asked);
    if (one === undefined) found.set(row.asked, (one = { rows: [], last: row.last ?? 0 }));
    if (row.publication !== null) one.rows.push(row);
  }
  return found;
}

/** Of those of whom nothing is left since they proved to be another: who that is. */
async function absorbers(
  tx: Transaction,
  changed: readonly ChangedStagePeriods[],
  standing: ReadonlyMap<string, { readonly rows: readonly Publication[] }>,
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

/** What a stage period lets us say: that it began, and that it ended, which the one that followed tells why. */
function factsOf(period: Row, next: Row | undefined): Publication[] {
  const entered = {
    customer_id: period['customer_id'],
    publication: 0,
    seq: period['seq'],
    kind: 'entered',
    cycle: period['cycle'],
    stage: period['stage'],
    phase: period['phase'],
    entered_at: period['entered_at'],
    at: period['entered_at'],
    cause: period['cause'],
    policy_version: period['policy_version'],
  } as Publication;
  const leftAt = period['left_at'] as number | null;
  if (leftAt === null) return [entered];
  const because = {
    cause: next?.['cause'] ?? null,
    policy_version: (next?.['policy_version'] ?? null) as string | null,
  };
  return [entered, { ...entered, kind: 'left', at: leftAt, ...because }];
}

/** Two facts are the same when they say the same; the stage period's number is no part of it, since it may shift. */
function factKey(fact: Publication): string {
  return `${fact.kind} ${fact.cycle} ${fact.stage} ${fact.phase} ${fact.entered_at} ${fact.at}`;
}
