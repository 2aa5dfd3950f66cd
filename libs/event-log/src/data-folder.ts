import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { readEngineFile } from '#platform';
import { EventLogError } from './port.js';

/** A data folder that this process owns, until it releases it or ends, however it ends. */
export interface DataFolderLock {
  readonly dataDir: string;
  release(): void;
}

/** A folder in a data folder whose files are being put in their place by a restore: until then no other process may open the stores. */
export const RESTORING = 'restoring';

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;

/** Keeps a lock from being garbage-collected, which would close its connection and free the folder. */
const held = new Set<DatabaseSyncInstance>();

/**
 * Makes the folder where it is missing, and owns it; throws an EventLogError `locked` that names the owner where there
 * is one. To be taken before anything in the folder is opened: the embedded stores do not guard themselves.
 *
 * The lock is an exclusive transaction on `lock.db`, which the kernel drops with the process. Nothing else may open
 * that file in the owning process, not even to copy it: closing any handle to a file drops a process's locks on it.
 *
 * @param options.restoring true for a restore, which alone may continue one that was interrupted
 */
export function lockDataFolder(
  dataDir: string,
  { restoring = false }: { readonly restoring?: boolean } = {},
): DataFolderLock {
  makeFolder(dataDir);
  const owner = join(dataDir, 'lock.pid');
  const file = join(dataDir, 'lock.db');
  refuseOwnerWithoutLock(dataDir, owner, file);
  const db = openLock(file);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (codeOf(error) !== SQLITE_BUSY) throw notALock(file, error);
    throw new EventLogError('locked', `The data folder ${dataDir} is owned by ${nameOf(dataDir, owner)}.`, {
      cause: error,
    });
  }
  if (!restoring && existsSync(join(dataDir, RESTORING))) {
    db.close();
    throw new EventLogError(
      'locked',
      `A restore into ${dataDir} was interrupted while it put the files in their place: run the same perennial restore again, with --force.`,
    );
  }
  try {
    writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    db.close();
    throw notWritable(dataDir, error);
  }
  held.add(db);
  return {
    dataDir,
    release() {
      if (!held.delete(db)) return;
      rmSync(owner, { force: true });
      db.close();
    },
  };
}

/** Makes the folder, step by step: on some file systems (/proc) Node never ends making folders recursively. */
function makeFolder(dataDir: string): void {
  const missing: string[] = [];
  for (let path = resolve(dataDir); !existsSync(path); path = dirname(path)) missing.unshift(path);
  try {
    for (const path of missing) mkdirSync(path, { mode: 0o700 });
    if (!statSync(dataDir).isDirectory())
      throw new EventLogError('unavailable', `The data folder ${dataDir} is a file: set DATA_DIR to a folder.`);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof EventLogError) throw error;
    throw notWritable(dataDir, error);
  }
}

function notWritable(dataDir: string, cause: unknown): EventLogError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  const why = FOLDER_ERRORS[code] ?? `it cannot be used (${(cause as Error).message})`;
  return new EventLogError(
    'unavailable',
    `The data folder ${dataDir}: ${why}. Set DATA_DIR to a folder that this user may write to.`,
    {
      cause,
    },
  );
}

const FOLDER_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system can only be read',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file',
  ENOENT: 'it cannot be made there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
};

function openLock(file: string): DatabaseSyncInstance {
  try {
    return new DatabaseSync(file);
  } catch (error) {
    throw notALock(file, error);
  }
}

const codeOf = (error: unknown): number => ((error as { readonly errcode?: number }).errcode ?? 0) & 0xff;

function notALock(file: string, cause: unknown): EventLogError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const what = codeOf(cause) === SQLITE_READONLY ? 'cannot be written' : 'is not the lock file of an engine';
  return new EventLogError(
    'unavailable',
    `${file} ${what} (${reason}). It holds nothing: make sure that no engine runs on the folder, delete it, and start again.`,
    { cause },
  );
}

/**
 * Refuses a folder whose lock file was removed or replaced while its owner runs: a new file would let a second process in. The owner still has the
 * old file open, which Linux tells; elsewhere nothing is known, and the lock alone decides.
 */
function refuseOwnerWithoutLock(dataDir: string, ownerFile: string, lockFile: string): void {
  let pid: number;
  try {
    pid = Number(readFileSync(ownerFile, 'utf8').trim());
  } catch {
    return;
  }
  if (!Number.isSafeInteger(pid) || pid === process.pid) return;
  const removed = `${join(realpathSync(dataDir), 'lock.db')} (deleted)`;
  if (openFilesOf(pid).includes(removed))
    throw new EventLogError(
      'locked',
      `The data folder ${dataDir} is owned by process ${pid}, although ${lockFile} was removed while it ran: stop that process first.`,
    );
}

/** What the open files of a process are called; empty where the system does not say. */
function openFilesOf(pid: number): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(join(folder, name))];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

function nameOf(dataDir: string, ownerFile: string): string {
  const engine = readEngineFile(dataDir);
  if (engine !== null)
    return `process ${engine.pid}, which answers at ${engine.url}: send requests to it, or stop it first`;
  let pid = '';
  try {
    pid = readFileSync(ownerFile, 'utf8').trim();
  } catch {
    // The owner has not written its number yet.
  }
  return `${pid === '' ? 'another process' : `process ${pid}`}: stop it first`;
}
