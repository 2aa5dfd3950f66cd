import { arrayText, type Transaction } from '#database';
import { CUSTOMER_READ_MODELS } from '../../read-models/registry.js';
import type { BuildRun } from './build-run.js';
import type { BuildState } from './build-state.js';

/**
 * Drops the indexes of the tables that a build fills, but for those of a key; returns the statements that create them again. An index that
 * is created on a full table is sorted once, instead of searched for each row.
 */
export async function dropIndexes(tx: Transaction, schema: string): Promise<string[]> {
  const tables = CUSTOMER_READ_MODELS.map((model) => model.table.name);
  const rows = await tx.query<{ name: string; definition: string }>(
    `SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
       JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE n.nspname = $1 AND t.relname = ANY($2::text[]) AND NOT i.indisunique ORDER BY c.relname`,
    [schema, arrayText(tables)],
  );
  for (const { name } of rows) await tx.exec(`DROP INDEX ${schema}.${name}`);
  return rows.map((row) => row.definition);
}

/** The phase `indexes`: creates the dropped indexes again, each in a step of its own. */
export async function makeIndexes(run: BuildRun): Promise<void> {
  const { database, times, signal, schema } = run.options;
  const total = run.state.indexes?.length ?? 0;
  run.beginPhase(0);
  for (let done = 0; done < total; done += 1) {
    run.report('indexes', done, total);
    const [index, ...rest] = run.state.indexes ?? [];
    const next: BuildState = { ...run.state, phase: 'indexes', indexes: rest };
    await times.of('write', () =>
      run.transaction(async (tx) => {
        await tx.exec(index ?? '');
        await run.advance(tx, next);
      }),
    );
    run.state = next;
    signal?.throwIfAborted();
  }
  // PGlite plans well without statistics; the planner of a server has more plans to choose from.
  if (database.kind === 'postgres')
    for (const { table } of CUSTOMER_READ_MODELS) await database.exec(`ANALYZE ${schema}.${table.name}`);
}
