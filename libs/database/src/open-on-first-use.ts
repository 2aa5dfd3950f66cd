import type { Database, Row } from './port.js';
import { openDatabase, type DatabasePlace } from './open-database.js';

/**
 * The read models' database, opened by its first call: a command that needs the log alone does not wait for it. That first call throws what
 * `openDatabase` throws.
 */
export function openOnFirstUse(place: DatabasePlace): Database {
  let opening: Promise<Database> | null = null;
  const opened = (): Promise<Database> => (opening ??= openDatabase(place));
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
