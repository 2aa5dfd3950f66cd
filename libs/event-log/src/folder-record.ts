import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareIdentity, identityIn, StoreMismatchError, type Config, type LogIdentity } from '#platform';

/** `log.json` in a data folder: which log the folder belongs to, and where that log was last. */
export interface FolderRecord extends LogIdentity {
  /** `sqlite` for log.db in the folder, or the address of a server, without user and password. */
  readonly place: string;
}

const pathOf = (dataDir: string): string => join(dataDir, 'log.json');

/** The value of EVENT_LOG without user and password. */
export function placeText(eventLog: Config['eventLog']): string {
  return eventLog.kind === 'sqlite' ? 'sqlite' : eventLog.url.replace(/\/\/[^@/]*@/, '//');
}

/** Null where the folder has none: a new folder, or one of an earlier version. */
export function readFolderRecord(dataDir: string): FolderRecord | null {
  try {
    const document = JSON.parse(readFileSync(pathOf(dataDir), 'utf8')) as { readonly place?: unknown };
    const identity = identityIn(document);
    return identity === null || typeof document.place !== 'string' ? null : { ...identity, place: document.place };
  } catch {
    return null;
  }
}

/** Records that the folder belongs to this log. The caller owns the folder. */
export function writeFolderRecord(dataDir: string, eventLog: Config['eventLog'], identity: LogIdentity): void {
  const record: FolderRecord = { ...identity, place: placeText(eventLog) };
  const before = readFolderRecord(dataDir);
  if (before !== null && JSON.stringify({ ...before }) === JSON.stringify({ ...record })) return;
  writeFileSync(`${pathOf(dataDir)}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${pathOf(dataDir)}.new`, pathOf(dataDir));
}

/**
 * Compares the log that is open with the one that the folder belongs to.
 * @throws StoreMismatchError `other-log`
 */
export function checkFolderRecord(
  record: FolderRecord,
  { dataDir, eventLog }: Pick<Config, 'dataDir' | 'eventLog'>,
  identity: LogIdentity,
): 'same' | 'other-copy' {
  const hint =
    record.place === placeText(eventLog)
      ? `Put back the log that belongs here, or give another DATA_DIR.`
      : `The log of this folder was last ${whereText(record)}: set EVENT_LOG to it, or give another DATA_DIR. To bring a log to another place, use perennial move.`;
  return compareIdentity(record, identity, `The files in ${dataDir}`, hint);
}

/** @throws StoreMismatchError `log-elsewhere` where the log was last on a server, and the settings name log.db, which is not a copy of it */
export function mustBeHere(record: FolderRecord, dataDir: string, file: LogIdentity | null): void {
  if (record.place === 'sqlite' || file?.logId === record.logId) return;
  throw new StoreMismatchError(
    'log-elsewhere',
    `The event log of ${dataDir} was last ${whereText(record)}, and EVENT_LOG does not name it. Set EVENT_LOG='${record.place}', with user and password ` +
      `before the host where the server asks for them.`,
  );
}

const whereText = ({ place }: FolderRecord): string => (place === 'sqlite' ? 'in its log.db' : `at ${place}`);
