import type { Database, Row, Transaction } from '#database';

/** A statement as it was asked. */
export interface Asked {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** A database that also remembers what is asked of it. */
export function watchedDatabase(database: Database, asked: Asked[]): Database {
  const watching = (on: Transaction): Transaction => ({
    query: <R extends Row>(sql: string, params: readonly unknown[] = []) => {
      asked.push({ sql, params });
      return on.query<R>(sql, params);
    },
    exec: (sql) => on.exec(sql),
    batch: (steps) => {
      for (const step of steps) if ('sql' in step) asked.push({ sql: step.sql, params: step.params ?? [] });
      return on.batch(steps);
    },
    copyIn: (table, columns, rows) => on.copyIn(table, columns, rows),
  });
  return {
    ...watching(database),
    kind: database.kind,
    transaction: (work, options) => database.transaction((tx) => work(watching(tx)), options),
    close: () => database.close(),
  };
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** How PostgreSQL goes about a statement: the indexes it takes, and the tables that it reads from end to end. */
export async function planOf(
  database: Database,
  schema: string,
  { sql, params }: Asked,
): Promise<{ readonly indexes: string[]; readonly scanned: string[] }> {
  const rows = await database.transaction(async (tx) => {
    await tx.query("SELECT set_config('search_path', $1, true)", [`${schema}, perennial`]);
    return tx.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(`EXPLAIN (FORMAT JSON) ${sql}`, params);
  });
  const indexes: string[] = [];
  const scanned: string[] = [];
  const walk = (plan: Plan): void => {
    if (plan['Index Name'] !== undefined) indexes.push(plan['Index Name']);
    if (plan['Node Type'] === 'Seq Scan') scanned.push(plan['Relation Name'] ?? '?');
    plan.Plans?.forEach(walk);
  };
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
  if (plan !== undefined) walk(plan);
  return { indexes, scanned };
}
