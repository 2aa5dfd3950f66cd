import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { identityOfFile, mustBeHere, readFolderRecord } from '#event-log';
import { holdsKeys } from '#keys';
import { StoreMismatchError, type Config } from '#platform';

/** What the folder of a data folder is checked by, before anything in it is opened. */
export type FolderSettings = Pick<Config, 'dataDir' | 'eventLog' | 'keysUrl' | 'hashKey'>;

/**
 * Checks a data folder before a store in it is opened or created: a missing log beside keys or read models is a loss and no first start, missing keys
 * beside a log likewise, and a log that was last on a server is named. The caller owns the folder.
 *
 * @param mayCreate false: the command only reads, and where no engine has run, nothing is created
 * @throws StoreMismatchError
 */
export function checkFolder({ dataDir, eventLog, keysUrl, hashKey }: FolderSettings, mayCreate: boolean): void {
  const record = readFolderRecord(dataDir);
  const keysFile = join(dataDir, 'keys.db');
  const lacksKeys = keysUrl === null && hashKey === null && !existsSync(keysFile);
  if (eventLog.kind !== 'sqlite') {
    if (!mayCreate && record === null && lacksKeys) throw nothingHere(dataDir);
    return;
  }
  const logFile = join(dataDir, 'log.db');
  const hasLog = existsSync(logFile);
  if (record !== null) mustBeHere(record, dataDir, hasLog ? identityOfFile(logFile) : null);
  if (hasLog) {
    // Also where HASH_KEY keeps the hash key apart: the keys of the subjects are in the file.
    if (keysUrl === null && !existsSync(keysFile) && record !== null)
      throw new StoreMismatchError(
        'keys-missing',
        `${keysFile} is missing, and the event log beside it was written with the keys in it: put back its newest copy. Without it nothing that was sealed can be opened.`,
      );
    return;
  }
  const evidence = [
    ...(holdsKeys(keysFile) ? ['keys.db holds keys of its subjects'] : []),
    // A folder that a first start was killed over is not finished.
    ...(holdsFiles(join(dataDir, 'readmodels')) && !existsSync(join(dataDir, 'readmodels.unfinished'))
      ? ['readmodels/ was built from it']
      : []),
    ...(record !== null ? ['log.json names it'] : []),
  ];
  if (evidence.length > 0)
    throw new StoreMismatchError(
      'log-missing',
      `The event log ${logFile} is missing, and this is no first start: ${evidence.join(', ')}. Put back the newest copy of log.db (with log.db-wal, where there is one), ` +
        `or restore a backup. To begin with an empty log, give another DATA_DIR, or move all files out of this one.`,
    );
  if (!mayCreate) throw nothingHere(dataDir);
}

const nothingHere = (dataDir: string): StoreMismatchError =>
  new StoreMismatchError(
    'nothing-here',
    `No engine has run in the data folder ${dataDir}: there is nothing to query, and nothing was created. Check DATA_DIR (--data-dir) and EVENT_LOG; npm start or perennial import begins a new log.`,
  );

function holdsFiles(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}
