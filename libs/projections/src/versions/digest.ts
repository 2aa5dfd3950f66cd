import { createHash } from 'node:crypto';
import type { Instant } from '#contracts';
import type { Table, Transaction } from '#database';
import type { Processor } from '../processor/processor.js';
import { READ_MODEL_TABLES } from '../read-models/registry.js';

/**
 * The content of the read models in a few characters: equal for any arrival order, any batching, any number of workers and
 * any store, at one position of the log and one instant of the clock.
 */
export interface Digest {
  /** The log is indexed up to here. */
  readonly position: number;
  /** Every deadline up to here is persisted. */
  readonly clock: Instant | null;
  readonly models: Readonly<Record<string, { readonly rows: number; readonly digest: string }>>;
  readonly overall: string;
}

/** The tables that a digest covers. */
export const DIGESTED = READ_MODEL_TABLES.filter((table) => table.semantic.length > 0);

/** The digest of the live read models, after catching up. */
export async function digestLive(processor: Processor): Promise<Digest> {
  await processor.rebuildUnlessFitting();
  const { position: upTo } = await processor.context.log.head();
  return processor.exclusively(async () => {
    await processor.settle(upTo);
    return processor.live.transaction(digestTables);
  });
}

/** Digests the tables that the search path shows. In one transaction, or the tables may belong to different moments. */
export async function digestTables(tx: Transaction): Promise<Digest> {
  const models: Record<string, { rows: number; digest: string }> = {};
  for (const table of DIGESTED) {
    // The sum over rows does not depend on their order; two halves of 64 bits are summed each for itself.
    const [row] = await tx.query<{ rows: number; high: string; low: string }>(
      `SELECT count(*) AS rows, coalesce(sum(('x' || substr(h, 1, 16))::bit(64)::bigint::numeric), 0)::text AS high,
              coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint::numeric), 0)::text AS low
         FROM (SELECT md5(${semanticText(table)}) AS h FROM ${semanticSource(table)}) hashed`,
    );
    const digest = createHash('sha256').update(`${row?.rows} ${row?.high} ${row?.low}`).digest('hex').slice(0, 32);
    models[table.name] = { rows: row?.rows ?? 0, digest };
  }
  const [at] = await tx.query<{ position: number; clock: Instant | null }>('SELECT position, clock FROM checkpoint');
  const overall = createHash('sha256').update(JSON.stringify(models)).digest('hex').slice(0, 32);
  return { position: at?.position ?? 0, clock: at?.clock ?? null, models, overall };
}

/** The rows of a table with the id that stands for the customer in digests: the smallest of the customer's subject ids. */
export function semanticSource(table: Table, schema = ''): string {
  const rows = (table.semanticRows ?? `SELECT * FROM ${table.name}`).replace(
    ` FROM ${table.name}`,
    ` FROM ${schema}${table.name}`,
  );
  if (!table.semantic.includes('customer_id')) return `(${rows}) t`;
  return `(${rows}) t LEFT JOIN (SELECT customer_id AS id, min(subject_id) AS digest_id FROM ${schema}subjects
                                  GROUP BY customer_id) n ON n.id = t.customer_id`;
}

/** One text for a row. A character that no column holds separates the columns; null differs from empty. */
function semanticText(table: Table): string {
  const parts = table.semantic.map((column) => {
    if (column === 'customer_id') return "coalesce(n.digest_id, '')";
    const text =
      table.columns[column] === 'timestamptz'
        ? `(extract(epoch FROM t.${column}) * 1000)::bigint::text`
        : `t.${column}::text`;
    return `coalesce(${text}, E'\\x02')`;
  });
  return parts.join(" || E'\\x1f' || ");
}
