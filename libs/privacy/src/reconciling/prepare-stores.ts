import { join } from 'node:path';
import { checkFolderRecord, readFolderRecord, seenPosition, writeFolderRecord, type EventLog } from '#event-log';
import { prepareLog } from '#ingestion';
import { StoreMismatchError, type Config } from '#platform';
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
  if (ownsFolder && config.eventLog.kind === 'sqlite') await mustReachSeen(log, config.dataDir, identity.copyId);
  await prepareLog(log, keys, config.policy, now);
  const missingKeys = await reconcileKeys({ log, keys, now, announce });
  if (ownsFolder) writeFolderRecord(config.dataDir, config.eventLog, identity);
  return { missingKeys };
}

/** A log that ends before what it has committed itself lost its -wal file, or a part of it. @throws StoreMismatchError */
async function mustReachSeen(log: Pick<EventLog, 'head'>, dataDir: string, copyId: string): Promise<void> {
  const seen = seenPosition(join(dataDir, 'log.db'));
  const { position: head } = await log.head();
  if (seen === null || seen.copyId !== copyId || seen.position <= head) return;
  const missing = seen.position - head;
  throw new StoreMismatchError(
    'log-shorter',
    `The event log ends at position ${head}, and it had reached position ${seen.position}: ${missing === 1 ? '1 event is' : `${missing} events are`} missing. ` +
      'Put back the newest copy of the log (log.db together with log.db-wal), or restore a backup. If none is left, run perennial log accept: ' +
      'the engine then goes on with the log as it is, and rebuilds the read models from it.',
  );
}
