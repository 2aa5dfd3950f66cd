import { NO_MARK, type IdTable, type KnownId, type Mark } from '#event-log';
import { migrate } from '../../versions/migrate.js';
import { arrayText, instantText, type Database } from '#database';

interface MarkRow extends Record<string, unknown> {
  position: number;
  recorded_at: number;
}

/** The id table in the database of the read models, which the indexer writes. */
export interface DatabaseIdTable extends IdTable {
  /** Receives from the indexer the positions of the duplicates that it just found. */
  note(duplicates: readonly number[]): void;
}

/**
 * Opens the id table that `deduplicateEventIds` writes. The log reads the duplicates while customers are folded, within a transaction. On
 * PGlite, which has one connection, that read would wait for ever; there one process does everything, so the duplicates are
 * kept in memory as well.
 */
export async function openIdTable(database: Database): Promise<DatabaseIdTable> {
  await migrate(database);
  const read = async (after: number): Promise<number[]> => {
    const rows = await database.query<{ position: number }>(
      'SELECT position FROM perennial.duplicates WHERE position > $1 ORDER BY position',
      [after],
    );
    return rows.map(({ position }) => position);
  };
  const inMemory = database.kind === 'pglite' ? new Set(await read(0)) : null;
  return {
    note(duplicates) {
      for (const position of duplicates) inMemory?.add(position);
    },

    async lookup(uuids) {
      const rows = await database.query<{ position: number; uuid: string | null; content: string }>(
        `SELECT position, NULL::uuid AS uuid, NULL::uuid AS content FROM perennial.event_ids_progress
         UNION ALL SELECT position, uuid, content FROM perennial.event_ids WHERE uuid = ANY($1::uuid[])`,
        [arrayText(uuids)],
      );
      const known = new Map<string, KnownId>();
      let upTo = 0;
      for (const { position, uuid, content } of rows)
        if (uuid === null) upTo = position;
        else known.set(uuid, { position, contentHash: Buffer.from(content.replaceAll('-', ''), 'hex') });
      return { known: uuids.map((uuid) => known.get(uuid) ?? null), upTo };
    },

    async duplicates(after) {
      return inMemory === null
        ? read(after)
        : [...inMemory].filter((position) => position > after).sort((a, b) => a - b);
    },

    async markAt(position) {
      const rows = await database.query<MarkRow>(
        'SELECT * FROM perennial.marks WHERE position <= $1 ORDER BY position DESC LIMIT 1',
        [position],
      );
      return markOf(rows);
    },

    async markBy(knownAt) {
      const rows = await database.query<MarkRow>(
        `SELECT * FROM perennial.marks WHERE recorded_at <= $1::timestamptz
          ORDER BY recorded_at DESC, position DESC LIMIT 1`,
        [instantText(knownAt)],
      );
      return markOf(rows);
    },
  };
}

function markOf([row]: readonly MarkRow[]): Mark {
  return row === undefined ? NO_MARK : { position: row.position, recordedAt: row.recorded_at };
}
