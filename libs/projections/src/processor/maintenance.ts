import { READ_MODEL_TABLES } from '../read-models/registry.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';

/** A table is vacuumed when such a share of its rows is dead, and analyzed when as many rows changed as it has. */
const DEAD_SHARE_MAX = 0.2;

/**
 * Vacuums and analyzes the tables of PGlite. A PostgreSQL server does so by itself (autovacuum); PGlite has no background process, and
 * answers no other query in the meantime. So it is one table at a time, only when it pays, and only the columns that plans rest on are analyzed.
 */
export class Maintenance {
  #changes = 0;
  /** How many changes of a table PostgreSQL had counted when it was analyzed last. */
  readonly #analyzedAt = new Map<string, number>();

  /** @param every so many indexed events and folded customers, one table is maintained if it needs it */
  constructor(private readonly every: number) {}

  /** Counts indexed events and folded customers; maintains one table when there were enough of them. */
  async changed(store: ReadModelStore, count: number): Promise<void> {
    this.#changes += count;
    if (this.#changes < this.every) return;
    this.#changes = 0;
    if (await this.#maintainOne(store)) store.context.counters.vacuumed += 1;
  }

  /** Vacuums the table with the most dead rows, or analyzes one that has changed much; false when none needs it. */
  async #maintainOne({ context: { database }, schema }: ReadModelStore): Promise<boolean> {
    if (database.kind !== 'pglite') return false;
    // PostgreSQL publishes its counts once a second at most unless it is asked to, and then after the asking statement.
    await database.query('SELECT pg_stat_force_next_flush()');
    const tables = await database.query<{ schema: string; name: string; live: number; dead: number; changed: number }>(
      `SELECT schemaname AS schema, relname AS name, n_live_tup AS live, n_dead_tup AS dead, n_mod_since_analyze AS changed
         FROM pg_stat_user_tables WHERE schemaname IN ($1, 'perennial') AND n_mod_since_analyze > $2 ORDER BY n_dead_tup DESC`,
      [schema, this.every],
    );
    const swollen = tables.find(({ live, dead }) => dead > this.every + live * DEAD_SHARE_MAX);
    if (swollen !== undefined) {
      await database.query(`VACUUM ${swollen.schema}.${swollen.name}`);
      return true;
    }
    const nameOf = (table: { readonly schema: string; readonly name: string }) => `${table.schema}.${table.name}`;
    // Analyzing some columns only does not reset the count of changes, so it is remembered here.
    const grown = tables.find(
      (table) => table.changed - (this.#analyzedAt.get(nameOf(table)) ?? 0) > this.every + table.live,
    );
    if (grown === undefined) return false;
    const key = READ_MODEL_TABLES.find(({ name }) => name === grown.name)?.key ?? [];
    await database.query(`ANALYZE ${nameOf(grown)}${key.length === 0 ? '' : ` (${key.join(', ')})`}`);
    this.#analyzedAt.set(nameOf(grown), key.length === 0 ? 0 : grown.changed);
    return true;
  }
}
