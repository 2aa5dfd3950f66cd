import type { Database, Row, Transaction } from '#database';

/** A database in which the read models are live and empty. Remembers every parameter that reached it. */
export function emptyDatabase(): Database & { readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const queryable: Transaction = {
    query: <R extends Row>(sql: string, params: readonly unknown[] = []): Promise<R[]> => {
      seen.push(...params.flat());
      const rows: Row[] = sql.includes('perennial.versions') ? [{ schema_name: 'rm_1' }] : [];
      return Promise.resolve(rows as R[]);
    },
    exec: () => Promise.resolve(),
    batch: (steps) =>
      Promise.all(steps.map((step) => ('sql' in step ? queryable.query(step.sql, step.params) : Promise.resolve([])))),
    copyIn: () => Promise.resolve(),
  };
  return {
    ...queryable,
    seen,
    kind: 'pglite',
    transaction: (work) => work(queryable),
    close: () => Promise.resolve(),
  };
}
