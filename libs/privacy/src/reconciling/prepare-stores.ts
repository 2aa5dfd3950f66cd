import { checkFolderRecord, readFolderRecord, writeFolderRecord } from '#event-log';
import { prepareLog } from '#ingestion';
import type { Config } from '#platform';
import type { MissingKeys } from './log-facts.js';
import { matchKeys, reconcileKeys, type Reconciling } from './reconcile-keys.js';

export interface PreparingStores extends Reconciling {
  readonly config: Pick<Config, 'dataDir' | 'eventLog' | 'policy'>;
  /** Whether this process owns the data folder, and so records which log it belongs to. */
  readonly ownsFolder: boolean;
}

/**
 * Prepares the stores of a process that writes to the log, at every start, before anything is served: log, keys and folder belong together; the log has a
 * first policy and names its hash key; the key store has every erasure. Returns what is to be shown in health.
 * @throws StoreMismatchError, KeyStoreError
 */
export async function prepareStores(preparing: PreparingStores): Promise<{ readonly missingKeys: MissingKeys | null }> {
  const { log, keys, now, announce, config, ownsFolder } = preparing;
  const record = ownsFolder ? readFolderRecord(config.dataDir) : null;
  const identity = await log.identity();
  if (record !== null && checkFolderRecord(record, config, identity) === 'other-copy')
    announce('The event log is another copy than this folder had: whatever keeps positions of it is rebuilt.');
  await matchKeys({ log, keys });
  await prepareLog(log, keys, config.policy, now);
  const missingKeys = await reconcileKeys({ log, keys, now, announce });
  if (ownsFolder) writeFolderRecord(config.dataDir, config.eventLog, identity);
  return { missingKeys };
}
