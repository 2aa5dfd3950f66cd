import { join } from 'node:path';
import { openSqliteLog, type EventLog } from '#event-log';
import { Ingestion, prepareLog } from '#ingestion';
import { simulateTouchpoints } from '#simulation';
import { openSqliteKeyStore, Sealer, type SqliteKeyStore } from '#keys';
import { SYSTEM_CLOCK } from '#platform';

const DAY_MS = 86_400_000;
const BATCH = 1_000;
/** One for all folders, so that their subjects have the same names and their digests can be compared. */
const HASH_KEY = new Uint8Array(32).fill(7);

/** A log with its keys in a folder, open. */
export interface Folder {
  readonly log: EventLog;
  readonly keys: SqliteKeyStore;
  readonly ingestion: Ingestion;
  close(): Promise<void>;
}

export async function openFolder(dataDir: string): Promise<Folder> {
  const keys = openSqliteKeyStore({ file: join(dataDir, 'keys.db'), hashKey: HASH_KEY });
  const log = await openSqliteLog({ file: join(dataDir, 'log.db') });
  await prepareLog(log, keys, 'retail', Date.now());
  return {
    log,
    keys,
    ingestion: new Ingestion({ log, sealer: new Sealer(keys) }),
    async close() {
      await log.close();
      await keys.close();
    },
  };
}

/** Takes made-up customers' two years in, by the way that every touchpoint takes; returns how many were accepted. */
export async function simulateInto({ ingestion }: Folder, customers: number): Promise<number> {
  const until = Math.floor(SYSTEM_CLOCK.now() / DAY_MS) * DAY_MS;
  let batch: { readonly document: unknown }[] = [];
  let accepted = 0;
  const take = async (): Promise<void> => {
    const taken = await ingestion.take(batch, { receivedAt: SYSTEM_CLOCK.now() });
    accepted += taken.counts.accepted;
    batch = [];
  };
  for (const document of simulateTouchpoints({ seed: 1, customers, from: until - 731 * DAY_MS, until })) {
    batch.push({ document });
    if (batch.length === BATCH) await take();
  }
  if (batch.length > 0) await take();
  return accepted;
}
