import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatInstant } from '#contracts';
import { LogCopier, lockDataFolder, openSqliteLog, RESTORING, type EventLog } from '#event-log';
import { openKeys } from '#keys';
import { newCopyOf, type Config } from '#platform';
import { reconcileJournal, type ErasureJournal, type Reconciled } from '#privacy';
import { asBackupError, BackupError } from './backup-error.js';
import { syncFolder, type Manifest } from './manifest.js';
import type { BackupOptions } from './take-backup.js';
import { verifyBackup } from './verify-backup.js';

export interface RestoreOptions extends BackupOptions {
  /** The settings of the engine that will run on the folder. */
  readonly config: Config;
  /** Null where the settings name none. */
  readonly journal: ErasureJournal | null;
  /** What is in the data folder is kept beside it, and replaced. */
  readonly force: boolean;
}

/** What a restore came to. */
export interface RestoreSummary {
  readonly dataDir: string;
  readonly manifest: Manifest;
  readonly events: number;
  readonly subjects: number;
  /** Where the former content of the data folder is; null where it had none. */
  readonly keptIn: string | null;
  /** What the journal of erasures led to; null where there is none, or where a store is on a server: then the next start applies it. */
  readonly reconciled: Reconciled | null;
}

/** The restored stores until the folder's former content is out of their way. */
const STAGING = `${RESTORING}.new`;
/** What every data folder has, also an empty one. */
const OF_THE_LOCK = /^lock\.(?:db|pid)/;

/**
 * Restores a backup into a data folder: verifies it, makes the stores of it, applies the journal of erasures, and only then puts them in their place. A
 * crash before that leaves the folder as it was; a crash after it leaves a mark with which no engine starts.
 * @throws BackupError, EventLogError, KeyStoreError, JournalError
 */
export async function restoreBackup(from: string, options: RestoreOptions): Promise<RestoreSummary> {
  const { config, force } = options;
  const { dataDir } = config;
  const folder = resolve(from);
  const { manifest, events, subjects, issues } = await verifyBackup(folder, options);
  if (issues.length > 0)
    throw new BackupError('damaged', `Nothing was restored, since the backup ${folder} is damaged:${list(issues)}`);
  mustFitSettings(manifest, config);
  const lock = lockDataFolder(dataDir, { restoring: true });
  try {
    const former = formerContent(dataDir);
    if (former.length > 0 && !force)
      throw new BackupError(
        'occupied',
        `The data folder ${dataDir} is not empty, and nothing was restored: give --data-dir another folder, or add --force, which keeps its content in a folder beside it.`,
      );
    const staging = join(dataDir, STAGING);
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { mode: 0o700 });
    await makeLog(folder, manifest, staging, options);
    copyKeys(folder, manifest, staging);
    const reconciled = await prepareStores(manifest, staging, options);
    const keptIn = placeStores(dataDir, staging, former, options);
    return { dataDir, manifest, events, subjects, keptIn, reconciled };
  } catch (error) {
    throw asBackupError(error, dataDir);
  } finally {
    lock.release();
  }
}

const list = (issues: readonly string[]): string => issues.map((issue) => `\n  ${issue}`).join('');

function mustFitSettings({ log, keys }: Manifest, { eventLog, keysUrl }: Config): void {
  if (log !== null && eventLog.kind === 'eventstore')
    throw new BackupError(
      'unsuitable',
      'The backup holds a log, and EVENT_LOG names an EventStoreDB: unset EVENT_LOG for the restore. perennial move then copies the log to a server.',
    );
  if (keys !== null && keysUrl !== null)
    throw new BackupError(
      'unsuitable',
      'The backup holds the keys, and KEYS_URL names a database: unset KEYS_URL for the restore.',
    );
  if (log !== null && keys === null && keysUrl === null)
    throw new BackupError(
      'unsuitable',
      'The backup holds no keys, since they were on PostgreSQL: restore that database first, and give its address in KEYS_URL.',
    );
}

const formerContent = (dataDir: string): string[] =>
  readdirSync(dataDir).filter((name) => !OF_THE_LOCK.test(name) && name !== STAGING && name !== 'lost+found');

async function makeLog(
  folder: string,
  { log }: Manifest,
  staging: string,
  { onProgress, signal }: RestoreOptions,
): Promise<void> {
  if (log === null) return;
  const copier = await LogCopier.start();
  try {
    const segments = log.segments.map(({ file, after, upTo }) => ({ file: join(folder, file), after, upTo }));
    // A log that goes on from an earlier state is another copy: whatever keeps positions of the former one is rebuilt.
    const done = await copier.joinSegments(segments, join(staging, 'log.db'), newCopyOf(log), {
      onProgress: (events, total) => onProgress?.({ step: 'restoring the log', done: events, total, unit: 'events' }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!done) throw new BackupError('stopped', 'Stopped: the data folder is as it was.');
  } finally {
    await copier.close();
  }
}

function copyKeys(folder: string, { keys }: Manifest, staging: string): void {
  if (keys === null) return;
  const file = join(staging, 'keys.db');
  copyFileSync(join(folder, keys.file), file);
  chmodSync(file, 0o600);
}

/** What was erased since the backup is erased again, before anything can be served. */
async function prepareStores(
  { log: backedUp }: Manifest,
  staging: string,
  { config, journal, now }: RestoreOptions,
): Promise<Reconciled | null> {
  if (backedUp === null || journal === null) return null;
  const log: EventLog = await openSqliteLog({
    ...{ file: join(staging, 'log.db'), writing: 'here' },
    clock: { now },
  });
  try {
    const keys = await openKeys({ ...config, dataDir: staging });
    try {
      return await reconcileJournal(journal, log, keys);
    } finally {
      await keys.close();
    }
  } finally {
    await log.close();
  }
}

/** Puts the stores in their place; what was there before is moved away first. */
function placeStores(
  dataDir: string,
  staging: string,
  former: readonly string[],
  { now }: RestoreOptions,
): string | null {
  syncFolder(staging);
  // From here on an engine does not start until all files are in their place.
  const complete = join(dataDir, RESTORING);
  rmSync(complete, { recursive: true, force: true });
  renameSync(staging, complete);
  syncFolder(dataDir);
  const kept = former.filter((name) => name !== RESTORING);
  const keptIn = kept.length === 0 ? null : moveAway(dataDir, kept, formatInstant(now()));
  for (const name of readdirSync(complete)) renameSync(join(complete, name), join(dataDir, name));
  syncFolder(dataDir);
  rmSync(complete, { recursive: true });
  syncFolder(dataDir);
  return keptIn;
}

/** Moves files into a folder beside the data folder; within it, where that lies on another file system or may not be written to. */
function moveAway(dataDir: string, names: readonly string[], at: string): string {
  const suffix = `before-restore-${at.replace(/[:.]/g, '-')}`;
  for (const folder of [`${dataDir}.${suffix}`, join(dataDir, suffix)]) {
    if (existsSync(folder)) continue;
    let moved = 0;
    try {
      mkdirSync(folder, { mode: 0o700 });
      for (const name of names) {
        renameSync(join(dataDir, name), join(folder, name));
        moved += 1;
      }
      return folder;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (moved > 0 || !['EXDEV', 'EACCES', 'EPERM', 'EROFS', 'EBUSY'].includes(code)) throw error;
      if (existsSync(folder)) rmdirSync(folder);
    }
  }
  throw new BackupError(
    'unsuitable',
    `The content of ${dataDir} cannot be moved away: check the permissions of its folder.`,
  );
}
