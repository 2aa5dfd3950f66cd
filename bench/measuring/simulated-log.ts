import { join } from 'node:path';
import { DAY } from '#contracts';
import { openSqliteLog, type EventLog } from '#event-log';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, prepareLog } from '#ingestion';
import { simulateTouchpoints } from '#simulation';
import { openSqliteKeyStore, Sealer, type SqliteKeyStore } from '#keys';
import { SYSTEM_CLOCK } from '#platform';

const BATCH = 1_000;
/** One for all folders, so that their subjects have the same names and their digests can be compared. */
export const HASH_KEY = new Uint8Array(32).fill(7);

/** A log with its keys in a folder, open. */
export interface Folder {
  readonly log: EventLog;
  readonly keys: SqliteKeyStore;
  readonly ingestTouchpoints: IngestTouchpointsHandler;
  close(): Promise<void>;
}

export async function openFolder(dataDir: string): Promise<Folder> {
  const keys = openSqliteKeyStore({ file: join(dataDir, 'keys.db'), hashKey: HASH_KEY });
  const log = await openSqliteLog({ file: join(dataDir, 'log.db') });
  await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, Date.now());
  return {
    log,
    keys,
    ingestTouchpoints: new IngestTouchpointsHandler(new Ingestion({ log, sealer: new Sealer(keys) })),
    async close() {
      await log.close();
      await keys.close();
    },
  };
}

/** Ingests two years of simulated customers, as any other touchpoints are ingested; returns how many were accepted. */
export async function simulateInto({ ingestTouchpoints }: Folder, customers: number): Promise<number> {
  const until = Math.floor(SYSTEM_CLOCK.now() / DAY) * DAY;
  let batch: { readonly document: unknown }[] = [];
  let accepted = 0;
  const ingest = async (): Promise<void> => {
    const { counts } = await ingestTouchpoints.execute(new IngestTouchpoints(batch, SYSTEM_CLOCK.now()));
    accepted += counts.accepted;
    batch = [];
  };
  for (const document of simulateTouchpoints({ seed: 1, customers, from: until - 731 * DAY, until })) {
    batch.push({ document });
    if (batch.length === BATCH) await ingest();
  }
  if (batch.length > 0) await ingest();
  return accepted;
}
