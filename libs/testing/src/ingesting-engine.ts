import { openDatabase, type Database } from '#database';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, prepareLog } from '#ingestion';
import { sealedOpener, openSqliteKeyStore, Sealer, type SqliteKeyStore } from '#keys';
import { Projector } from '#projections';
import { personalData, type QueryContext } from '#queries';
import { memoryLog } from './memory-log.js';

/** An engine in memory into which documents are ingested as a channel sends them: sealed, deduplicated, quarantined. */
export interface IngestingEngine {
  readonly context: QueryContext;
  readonly keys: SqliteKeyStore;
  readonly sealer: Sealer;
  readonly database: Database;
  readonly ingestion: Ingestion;
  readonly projector: Projector;
  /** The outcome of each document; of a quarantined one its id. */
  take(...documents: readonly unknown[]): Promise<(string | undefined)[]>;
  close(): Promise<void>;
}

export async function ingestingEngine(now: () => number): Promise<IngestingEngine> {
  const clock = { now };
  const keys = openSqliteKeyStore({ file: ':memory:' });
  const sealer = new Sealer(keys);
  const database = await openDatabase({ kind: 'pglite', folder: null });
  const log = memoryLog({ clock });
  await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, now());
  const ingestion = new Ingestion({ log, sealer });
  const projector = await Projector.open({ database, log, clock, open: sealedOpener(sealer) });
  const context: QueryContext = {
    ...{ database, log, clock, personalData: personalData(sealer) },
    mayAudit: true,
  };
  return {
    ...{ context, keys, sealer, database, ingestion, projector },
    async take(...documents) {
      const items = documents.map((document) => ({ document }));
      const { results } = await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints(items, now()));
      await projector.catchUp();
      return results.map(({ outcome, quarantineId }) => quarantineId ?? outcome);
    },
    async close() {
      await database.close();
      await keys.close();
    },
  };
}
