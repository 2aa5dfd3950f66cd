import type { Database, Queryable } from '#projections';

/** The live read models, held still: every statement of one answer sees the same moment. */
export interface ReadModels extends Pick<Queryable, 'query'> {
  /** The log position up to which they were built. */
  readonly position: number;
}

/** Thrown before the first version of the read models is there: the engine has only just begun. */
export class ReadModelsMissing extends Error {
  constructor() {
    super('The read models are not built yet: the engine is starting. Ask again in a moment.');
    this.name = 'ReadModelsMissing';
  }
}

/**
 * Runs `work` against the live version in one read-only snapshot, so that rows and position belong together, also while a
 * rebuild switches versions.
 */
export function inReadModels<T>(database: Database, work: (models: ReadModels) => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const [live] = await tx.query<{ schema_name: string }>(
      `SELECT schema_name FROM perennial.versions WHERE status = 'live'`,
    );
    if (live === undefined) throw new ReadModelsMissing();
    await tx.query(`SET LOCAL search_path TO ${quoteName(live.schema_name)}, perennial`);
    const [checkpoint] = await tx.query<{ position: number }>('SELECT position FROM checkpoint');
    return work({
      position: Number(checkpoint?.position ?? 0),
      query: (sql, params) => tx.query(sql, params),
    });
  });
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
