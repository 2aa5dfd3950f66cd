import type { Row, Table, Transaction } from '#database';
import { DIGESTED, semanticSource } from './digest.js';

/** Where two versions differ in one table: how many rows each has, how many of them the other lacks, and some of these. */
export interface TableDifference {
  readonly table: string;
  readonly live: number;
  readonly rebuilt: number;
  readonly onlyLive: number;
  readonly onlyRebuilt: number;
  /** The first that differ, in the order of their keys: the semantic columns of each version's row; null where it has none. */
  readonly samples: readonly RowDifference[];
}

export interface RowDifference {
  readonly live: Row | null;
  readonly rebuilt: Row | null;
}

/** So many customers are in another phase in the other version. Null: they are not there. */
export interface StageMove {
  readonly from: { readonly stage: string; readonly phase: string } | null;
  readonly to: { readonly stage: string; readonly phase: string } | null;
  readonly customers: number;
}

const SAMPLES_MAX = 5;

/**
 * Compares two versions row by row, in the semantic columns; returns the tables that differ. Columns and tables that only one of them has,
 * since it was built for other read models, are skipped.
 */
export async function compareVersions(tx: Transaction, live: string, rebuilt: string): Promise<TableDifference[]> {
  const differences: TableDifference[] = [];
  for (const table of DIGESTED) {
    const columns = await commonColumns(tx, table, live, rebuilt);
    if (columns.length === 0) continue;
    const names = columns.map((column) => (column === 'customer_id' ? 'n.digest_id AS customer_id' : `t.${column}`));
    const side = (schema: string) => `SELECT ${names.join(', ')} FROM ${semanticSource(table, `${schema}.`)}`;
    const key = keyOf(table).filter((column) => columns.includes(column));
    const [row] = await tx.query<{
      live: number;
      rebuilt: number;
      only_live: number;
      only_rebuilt: number;
      samples: { live: Row | null; rebuilt: Row | null }[] | null;
    }>(
      `WITH l AS MATERIALIZED (${side(live)} EXCEPT ALL ${side(rebuilt)}),
            r AS MATERIALIZED (${side(rebuilt)} EXCEPT ALL ${side(live)}),
            pairs AS (SELECT to_jsonb(l) AS live, to_jsonb(r) AS rebuilt
                        FROM l FULL JOIN r ON ${key.map((column) => `l.${column} = r.${column}`).join(' AND ')}
                       ORDER BY ${key.map((column) => `coalesce(l.${column}, r.${column})`).join(', ')} LIMIT ${SAMPLES_MAX})
       SELECT (SELECT count(*) FROM ${semanticSource(table, `${live}.`)}) AS live,
              (SELECT count(*) FROM ${semanticSource(table, `${rebuilt}.`)}) AS rebuilt,
              (SELECT count(*) FROM l) AS only_live, (SELECT count(*) FROM r) AS only_rebuilt,
              (SELECT jsonb_agg(pairs) FROM pairs) AS samples`,
    );
    if (row === undefined || row.only_live + row.only_rebuilt === 0) continue;
    differences.push({
      ...{ table: table.name, live: row.live, rebuilt: row.rebuilt },
      ...{ onlyLive: row.only_live, onlyRebuilt: row.only_rebuilt, samples: row.samples ?? [] },
    });
  }
  return differences;
}

/** How many customers are in another phase, from which to which; the most first. */
export async function compareStages(tx: Transaction, live: string, rebuilt: string): Promise<StageMove[]> {
  const rows = await tx.query<
    Record<'from_stage' | 'from_phase' | 'to_stage' | 'to_phase', string | null> & { n: number }
  >(
    `SELECT l.stage AS from_stage, l.phase AS from_phase, r.stage AS to_stage, r.phase AS to_phase, count(*) AS n
       FROM ${live}.customers l FULL JOIN ${rebuilt}.customers r ON l.digest_id = r.digest_id
      WHERE (l.stage, l.phase) IS DISTINCT FROM (r.stage, r.phase)
      GROUP BY 1, 2, 3, 4 ORDER BY n DESC, 1, 2, 3, 4`,
  );
  const place = (stage: string | null, phase: string | null) =>
    stage === null || phase === null ? null : { stage, phase };
  return rows.map((row) => ({
    from: place(row.from_stage, row.from_phase),
    to: place(row.to_stage, row.to_phase),
    customers: row.n,
  }));
}

/** What identifies a row in both versions: the semantic columns of its key. */
function keyOf(table: Table): readonly string[] {
  const key = table.key.filter((column) => table.semantic.includes(column));
  return key.length > 0 ? key : table.semantic.slice(0, 1);
}

async function commonColumns(tx: Transaction, table: Table, live: string, rebuilt: string): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema IN ($1, $2) AND table_name = $3 GROUP BY column_name HAVING count(*) = 2`,
    [live, rebuilt, table.name],
  );
  const common = new Set(rows.map((row) => row.name));
  return table.semantic.filter((column) => common.has(column));
}
