import type { Database, Queryable, Transaction } from '#database';
import { ENTER_LIVE_SCHEMA } from '#projections/schema';

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
  const answer = async (tx: Transaction): Promise<T> => {
    const [, live = [], checkpoint = []] = await tx.batch(ENTER).catch((error: unknown) => {
      // Without a live version nothing leads to its tables.
      throw (error as { readonly code?: unknown }).code === UNDEFINED_TABLE ? new ReadModelsMissing() : error;
    });
    if (live.length === 0) throw new ReadModelsMissing();
    return work({
      position: Number(checkpoint[0]?.['position'] ?? 0),
      query: (sql, params) => tx.query(sql, params),
    });
  };
  return database.transaction(answer, { asking: true });
}

const UNDEFINED_TABLE = '42P01';

const ENTER = [
  { sql: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY' },
  ENTER_LIVE_SCHEMA,
  { sql: 'SELECT position FROM checkpoint' },
];
