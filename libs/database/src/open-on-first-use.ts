import type { Database, Row } from './port.js';
import { openDatabase, type DatabasePlace, type OpeningDatabase } from './open-database.js';

/**
 * The read models' database, opened by its first call: a command that needs the log alone does not wait for it. That first call throws what
 * `openDatabase` and `prepare` throw; `prepare` sees the database before any other call.
 */
export function openOnFirstUse(
  place: DatabasePlace,
  { prepare, ...options }: OpeningDatabase & { readonly prepare?: (database: Database) => Promise<void> } = {},
): Database {
  let opening: Promise<Database> | null = null;
  const open = async (): Promise<Database> => {
    const database = await openDatabase(place, options);
    try {
      await prepare?.(database);
      return database;
    } catch (error) {
      await database.close().catch(() => undefined);
      throw error;
    }
  };
  const opened = (): Promise<Database> => (opening ??= open());
  return {
    kind: place.kind,
    query: async <R extends Row>(sql: string, params?: readonly unknown[]) => (await opened()).query<R>(sql, params),
    exec: async (sql) => (await opened()).exec(sql),
    batch: async (steps) => (await opened()).batch(steps),
    copyIn: async (table, columns, rows) => (await opened()).copyIn(table, columns, rows),
    transaction: async (work, options) => (await opened()).transaction(work, options),
    async close() {
      const database = await opening?.catch(() => null);
      await database?.close();
    },
  };
}
