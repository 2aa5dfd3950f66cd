import { NO_MARK, type IdTable, type KnownId, type Mark } from '#event-log';
import { migrate } from '../../versions/migrate.js';
import type { Database } from '#database';
import { instantText } from '#database';
import { arrayText } from '#database';

interface MarkRow extends Record<string, unknown> {
  position: number;
  recorded_at: number;
}

/** The id table in the database of the read models, as the indexer keeps it. */
export interface DatabaseIdTable extends IdTable {
  /** Told by the indexer which positions it has just found to repeat a name. */
  note(duplicates: readonly number[]): void;
}

/**
 * Opens the id table: see `judgeIds` for how it is kept. The log asks for duplicates while customers are folded, within a
 * transaction. PGlite has one connection, on which that question would wait for ever; but there one process does everything, so
 * it can be answered from memory.
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
  const noted = database.kind === 'pglite' ? new Set(await read(0)) : null;
  return {
    note(duplicates) {
      for (const position of duplicates) noted?.add(position);
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
      return noted === null ? read(after) : [...noted].filter((position) => position > after).sort((a, b) => a - b);
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
