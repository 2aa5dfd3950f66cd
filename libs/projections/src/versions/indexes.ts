import type { Transaction } from '#database';
import { CUSTOMER_READ_MODELS } from '../read-models/registry.js';

/**
 * Takes the indexes off the tables that a rebuild fills in bulk, but for those that hold a key; returns the statements that make them
 * again. An index that is made of a full table is sorted once, instead of searched for each row.
 */
export async function dropIndexes(tx: Transaction, schema: string): Promise<string[]> {
  const tables = CUSTOMER_READ_MODELS.map((model) => model.table.name);
  const rows = await tx.query<{ name: string; definition: string }>(
    `SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS definition
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
       JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE n.nspname = $1 AND t.relname = ANY($2::text[]) AND NOT i.indisunique ORDER BY c.relname`,
    [schema, `{${tables.join(',')}}`],
  );
  for (const { name } of rows) await tx.exec(`DROP INDEX ${schema}.${name}`);
  return rows.map((row) => row.definition);
}
