import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const owner = join(dataDir, 'lock.pid');
  const db = new DatabaseSync(join(dataDir, 'lock.db'));
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const { errcode } = error as { readonly errcode?: number };
    if (errcode === undefined || (errcode & 0xff) !== SQLITE_BUSY) throw error;
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
  writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 });
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
